/* SPDX-License-Identifier: MIT */
/*
 * program.h - can the shim be preloaded into a program?
 */
#ifndef VSOCKIFY_PROGRAM_H
#define VSOCKIFY_PROGRAM_H

#include <stdbool.h>

#include "../config/memory.h"
#include "../shim/kernel/elf.h"

enum program_state {
	PROGRAM_FITS,
	PROGRAM_UNKNOWN,       /* neither ELF nor a script; the kernel may know better */
	PROGRAM_ABSENT,        /* cannot be run at all: see error */
	PROGRAM_PRIVILEGED,    /* setuid, setgid or with capabilities: drops LD_PRELOAD */
	PROGRAM_STATIC,        /* nothing is linked when it starts */
	PROGRAM_GO,            /* makes its own system calls */
	PROGRAM_OTHER_MACHINE, /* made for another processor */
	PROGRAM_OTHER_BITS,    /* 32 bits, where the shim has 64, or the reverse */
	PROGRAM_OTHER_LIBC,    /* neither glibc nor musl */
};

struct program {
	enum program_state state;
	int error;             /* PROGRAM_ABSENT: an errno value; PROGRAM_UNKNOWN: or 0 */
	const char *privilege; /* PROGRAM_PRIVILEGED: words such as "is setuid" */
	unsigned int bits;     /* of the last file, if that is ELF; else 0 */
	bool go;               /* it was made by the Go toolchain */
	bool foreign;          /* of other bits or another processor than this program */
	char *linker;          /* its dynamic linker, or NULL */
	struct list files; /* of char *: the program; if a script, what runs it; and so on */
};

/*
 * program_inspect() - look at a program, and at what runs it
 * @name: as execvp() takes it
 * @program: freed with program_free()
 */
void program_inspect(const char *name, struct program *program);

/* program_escapes() - would it run without the shim, or not run because of the shim? */
bool program_escapes(const struct program *program);

/* program_is_hidden() - may it be run and not read, so that nobody knows? */
bool program_is_hidden(const struct program *program);

/*
 * program_describe() - add a sentence about the program to a text, without a full stop
 *
 * Such as "/usr/bin/x is statically linked, so that nothing can be preloaded into it".
 */
void program_describe(const struct program *program, struct list *text);

/* program_advice() - what to do about it; NULL if there is nothing to do */
const char *program_advice(const struct program *program);

/*
 * program_knows() - does the program's own file have this word, a function's name, say?
 *
 * Reads all of it.
 */
bool program_knows(const struct program *program, const char *word);

/* program_free() - free what program_inspect() made */
void program_free(struct program *program);

#endif
