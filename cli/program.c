/* SPDX-License-Identifier: MIT */
/*
 * program.c - can the shim be preloaded into a program?
 *
 * Theory of operation
 *
 * The file is found as execvp() finds it, mapped, and looked at: of a large program only its
 * first and last pages are read. A script is followed to its interpreter as the kernel does,
 * and through env(1). This is done before every program that the launcher starts, hence it
 * starts no process and opens nothing else.
 *
 * What the shim needs is what this program itself is: they are built together.
 */
#include "program.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <paths.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../shim/kernel/reach.h"
#include "show.h"

/* How many interpreters of scripts the kernel follows. */
#define SCRIPTS_MAX 5

/* What the kernel reads of the first line of a script. */
#define SCRIPT_LINE_MAX 255

/* What LD_PRELOAD says of the installed shim. */
#ifndef VSOCKIFY_PRELOAD
#define VSOCKIFY_PRELOAD VSOCKIFY_LIBDIR "/libvsockify.so"
#endif

/* This program's own header; the linker defines it. */
extern const ElfW(Ehdr) __ehdr_start __attribute__((visibility("hidden")));

/* A file that would be run. */
struct image {
	struct stat status;
	int fd;
	const char *bytes;
	size_t size;
};

/* ---- finding it ---- */

/**
 * can_run() - is it a file that may be run?
 * Return: true; false with errno set
 */
static bool can_run(const char *path)
{
	struct stat status;

	if (stat(path, &status) < 0 || access(path, X_OK) < 0)
		return false;
	errno = EACCES;
	return S_ISREG(status.st_mode);
}

/**
 * find_in_path() - look for a program in the directories of $PATH
 * Return: its path, to be freed; NULL with errno set
 */
static char *find_in_path(const char *name)
{
	const char *at = getenv("PATH");
	int error = ENOENT;

	for (at = at ? at : _PATH_DEFPATH; at; at = *at == ':' ? at + 1 : NULL) {
		size_t length = strcspn(at, ":");
		struct list path = {0};

		list_append(&path, at, length, 1);
		list_append(&path, "/", length > 0, 1);
		list_append(&path, name, strlen(name) + 1, 1);
		if (can_run(path.items))
			return path.items;
		error = errno == EACCES ? EACCES : error;
		list_free(&path);
		at += length;
	}
	errno = error;
	return NULL;
}

/**
 * find_program() - the file that execvp() would run
 * Return: its path, to be freed; NULL with errno set
 */
static char *find_program(const char *name)
{
	if (!strchr(name, '/'))
		return find_in_path(name);
	return can_run(name) ? memory_string(name, strlen(name)) : NULL;
}

/**
 * open_image() - map a file
 * Return: false if it cannot be read, though it may be run
 */
static bool open_image(const char *path, struct image *image)
{
	void *bytes;

	*image = (struct image){.fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)};
	if (image->fd < 0)
		return false;
	if (fstat(image->fd, &image->status) == 0 && S_ISREG(image->status.st_mode) &&
	    image->status.st_size > 0) {
		image->size = (size_t)image->status.st_size;
		bytes = mmap(NULL, image->size, PROT_READ, MAP_PRIVATE, image->fd, 0);
		if (bytes != MAP_FAILED) {
			image->bytes = bytes;
			return true;
		}
	}
	(void)close(image->fd);
	return false;
}

static void close_image(struct image *image)
{
	(void)munmap((void *)image->bytes, image->size);
	(void)close(image->fd);
}

/* ---- what it is ---- */

/**
 * has_shim_of_its_own() - is a shim installed for programs of other bits too?
 * @bits: theirs
 *
 * ld.so puts the directory of the program's own architecture in place of $LIB.
 */
static bool has_shim_of_its_own(unsigned int bits)
{
	static const char *const directories[2][2] = {
#if defined(__aarch64__) || defined(__arm__)
		{"lib/arm-linux-gnueabihf", "lib"},
		{"lib/aarch64-linux-gnu", "lib64"},
#else
		{"lib/i386-linux-gnu", "lib32"},
		{"lib/x86_64-linux-gnu", "lib64"},
#endif
	};
	const char *preload = VSOCKIFY_PRELOAD;
	const char *library = strstr(preload, "$LIB");
	bool found = false;

	for (int i = 0; i < 2 && library && !found; i++) {
		struct list path = {0};

		text_add(&path, "%.*s%s%s", (int)(library - preload), preload,
			 directories[bits == 64][i], library + strlen("$LIB"));
		list_append(&path, "", 1, 1);
		found = access(path.items, R_OK) == 0;
		list_free(&path);
	}
	return found;
}

/**
 * own_bits() - how many bits has this program?
 */
static unsigned int own_bits(void)
{
	return __ehdr_start.e_ident[EI_CLASS] == ELFCLASS64 ? 64 : 32;
}

/**
 * judge() - the state of an ELF program, from its facts
 */
static enum program_state judge(const struct elf_facts *facts)
{
	if (facts->is_static)
		return PROGRAM_STATIC;
	if (facts->go)
		return PROGRAM_GO;
	if (facts->same_order && facts->bits != own_bits()) {
		if (!has_shim_of_its_own(facts->bits))
			return PROGRAM_OTHER_BITS;
	} else if (!facts->same_order || facts->machine != __ehdr_start.e_machine) {
		return PROGRAM_OTHER_MACHINE;
	}
	return !facts->interpreter || elf_libc(facts->interpreter) ? PROGRAM_FITS
								   : PROGRAM_OTHER_LIBC;
}

/**
 * inspect_elf() - look at a program that is no script
 */
static void inspect_elf(struct program *program, const struct image *image,
			const struct elf_facts *facts)
{
	program->bits = facts->bits;
	program->go = facts->go;
	program->foreign = !facts->same_order || facts->bits != own_bits() ||
			   facts->machine != __ehdr_start.e_machine;
	if (facts->interpreter)
		program->linker = memory_string(facts->interpreter, strlen(facts->interpreter));
	program->privilege = reach_privilege(image->fd);
	if (program->linker && access(program->linker, F_OK) < 0) {
		program->state = PROGRAM_ABSENT;
		program->error = errno;
	} else {
		program->state = program->privilege ? PROGRAM_PRIVILEGED : judge(facts);
	}
}

/* ---- scripts ---- */

/**
 * next_word() - cut a word off a line
 * @line: advanced behind the word
 * Return: the word, or NULL
 */
static char *next_word(char **line)
{
	char *word = *line + strspn(*line, " \t");

	*line = word + strcspn(word, " \t");
	if (**line != '\0')
		*(*line)++ = '\0';
	return *word != '\0' ? word : NULL;
}

/**
 * command_of_env() - what env(1) runs, from its arguments in the first line of a script
 */
static const char *command_of_env(char *arguments)
{
	char *word;

	do
		word = next_word(&arguments);
	while (word && (*word == '-' || strchr(word, '=')));
	return word;
}

/**
 * add_file() - note a file that is run
 */
static void add_file(struct program *program, char *path)
{
	list_append(&program->files, &path, 1, sizeof(path));
}

/**
 * follow_script() - find what runs a script
 * @line: behind its "#!"; changed
 * Return: the file, now among the program's; NULL if there is none, which is the program's
 * state then
 */
static const char *follow_script(struct program *program, char *line)
{
	char *interpreter = next_word(&line);
	const char *slash = interpreter ? strrchr(interpreter, '/') : NULL;
	const char *command = NULL;
	char *path;

	if (slash && strcmp(slash, "/env") == 0)
		command = command_of_env(line);
	if (!interpreter)
		interpreter = (char *)_PATH_BSHELL;
	path = find_program(command ? command : interpreter);
	if (!path) {
		program->state = PROGRAM_ABSENT;
		program->error = errno;
		add_file(program, memory_string(command ? command : interpreter,
						strlen(command ? command : interpreter)));
		return NULL;
	}
	add_file(program, path);
	return path;
}

/**
 * script_line() - the first line of a script
 * @line: SCRIPT_LINE_MAX + 1 bytes: what stands behind "#!"; empty if there is none, in which
 *	case a shell runs it
 * Return: false if it is no text
 */
static bool script_line(const struct image *image, char *line)
{
	size_t size = image->size < SCRIPT_LINE_MAX ? image->size : SCRIPT_LINE_MAX;
	bool marked = size > 2 && memcmp(image->bytes, "#!", 2) == 0;

	if (marked) {
		memcpy(line, image->bytes + 2, size - 2);
		line[size - 2] = '\0';
		line[strcspn(line, "\n")] = '\0';
	} else {
		*line = '\0';
	}
	return marked || !memchr(image->bytes, '\0', size);
}

/* ---- all of it ---- */

/**
 * inspect_file() - look at one file
 * Return: what runs it, if it is a script; NULL when the program's state is known
 */
static const char *inspect_file(struct program *program, const char *path)
{
	char line[SCRIPT_LINE_MAX + 1];
	const char *next = NULL;
	struct elf_facts facts;
	struct image image;

	program->state = PROGRAM_UNKNOWN;
	program->error = 0;
	if (!open_image(path, &image)) {
		program->error = errno;
		return NULL;
	}
	if (elf_read(image.bytes, image.size, &facts))
		inspect_elf(program, &image, &facts);
	else if (script_line(&image, line))
		next = follow_script(program, line);
	close_image(&image);
	return next;
}

void program_inspect(const char *name, struct program *program)
{
	char *found = find_program(name);
	const char *path = found;

	*program = (struct program){.state = PROGRAM_ABSENT, .error = errno};
	add_file(program, found ? found : memory_string(name, strlen(name)));
	for (int i = 0; path && i <= SCRIPTS_MAX; i++)
		path = inspect_file(program, path);
}

bool program_escapes(const struct program *program)
{
	return program->state >= PROGRAM_PRIVILEGED;
}

bool program_is_hidden(const struct program *program)
{
	return program->state == PROGRAM_UNKNOWN && program->error == EACCES;
}

void program_describe(const struct program *program, struct list *text)
{
	char *const *files = program->files.items;

	text_add(text, "%s", files[0]);
	for (size_t i = 1; i < program->files.count; i++)
		text_add(text, i == 1 ? " is run by %s" : ", that by %s", files[i]);
	text_add(text, program->files.count > 1 ? ", which " : " ");
	switch (program->state) {
	case PROGRAM_FITS:
		text_add(text, "is linked dynamically, %u bits, with %s", program->bits,
			 program->linker ? elf_libc(program->linker) : "glibc");
		break;
	case PROGRAM_UNKNOWN:
		if (program_is_hidden(program))
			text_add(text, "can be run and not read, so that nobody knows what "
				       "can be preloaded into it");
		else
			text_add(text, "is neither an ELF program nor a script");
		break;
	case PROGRAM_ABSENT:
		if (program->linker)
			text_add(text, "needs the dynamic linker %s (%s)", program->linker,
				 strerror(program->error));
		else
			text_add(text, "cannot be run (%s)", strerror(program->error));
		break;
	case PROGRAM_PRIVILEGED:
		text_add(text, "%s, so that its dynamic linker ignores LD_PRELOAD",
			 program->privilege);
		break;
	case PROGRAM_STATIC:
		text_add(text,
			 "is statically linked, so that nothing can be preloaded into it");
		break;
	case PROGRAM_GO:
		text_add(text, "is a Go program, which makes its system calls itself");
		break;
	case PROGRAM_OTHER_MACHINE:
		text_add(text, "is made for another processor than libvsockify.so");
		break;
	case PROGRAM_OTHER_BITS:
		text_add(text, "has %u bits, and libvsockify.so has %u", program->bits,
			 program->bits == 64 ? 32 : 64);
		break;
	case PROGRAM_OTHER_LIBC:
		text_add(text,
			 "is linked with neither glibc nor musl, which libvsockify.so goes "
			 "with, but by %s",
			 program->linker);
		break;
	}
}

const char *program_advice(const struct program *program)
{
	switch (program->state) {
	case PROGRAM_FITS:
		return NULL;
	case PROGRAM_UNKNOWN:
		if (program_is_hidden(program))
			return "let this user read it (chmod a+r)";
		return "look with file(1) at what it is, and ask about the program that runs "
		       "it";
	case PROGRAM_ABSENT:
		return program->linker ? "install the libc that it was built with"
				       : "check its name, $PATH and permissions";
	case PROGRAM_PRIVILEGED:
		return "run it as the user whose privilege it takes, or from a copy without "
		       "it, or "
		       "with --engine seccomp, where it gets no privilege unless root runs it";
	case PROGRAM_OTHER_BITS:
		return "use a build of it with as many bits, or build vsockify with -m32";
	case PROGRAM_OTHER_MACHINE:
		return "use a build of it for this machine";
	default:
		return "use a build that is linked dynamically with glibc or musl, or socat: "
		       "TCP-LISTEN:PORT,fork VSOCK-CONNECT:CID:PORT for a client, "
		       "VSOCK-LISTEN:PORT,fork TCP:127.0.0.1:PORT for a server";
	}
}

bool program_knows(const struct program *program, const char *word)
{
	char *const *files = program->files.items;
	size_t length = strlen(word) + 1;
	struct image image;
	bool known;

	if (!open_image(files[program->files.count - 1], &image))
		return false;
	known = memmem(image.bytes, image.size, word, length) != NULL;
	close_image(&image);
	return known;
}

void program_free(struct program *program)
{
	char **files = program->files.items;

	for (size_t i = 0; i < program->files.count; i++)
		free(files[i]);
	list_free(&program->files);
	free(program->linker);
}
