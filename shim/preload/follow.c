/* SPDX-License-Identifier: MIT */
/*
 * follow.c - will this object be in a program that is to be run?
 */
#include "follow.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "../kernel/sys.h"
#include "../log/line.h"
#include "../log/log.h"
#include "real.h"
#include "state.h"

#define SHIM_FILE "libvsockify.so"

/* What the dynamic linker takes for the end of an entry. */
static bool ends_entry(char c)
{
	return c == ':' || c == ' ' || c == 0;
}

/* Is this entry of LD_PRELOAD such an object? (cli/preload.c asks the same.) */
static bool is_a_shim(const char *entry, size_t length)
{
	const size_t name = sizeof SHIM_FILE - 1;

	return length >= name && !memcmp(entry + length - name, SHIM_FILE, name) &&
	       (length == name || entry[length - name - 1] == '/');
}

/* Its entry in @preload, of *@length characters; NULL if there is none. */
static const char *find_entry(const char *preload, size_t *length)
{
	for (; *preload; preload += *length + !!preload[*length]) {
		for (*length = 0; !ends_entry(preload[*length]);)
			++*length;
		if (is_a_shim(preload, *length))
			return preload;
	}
	return NULL;
}

/*
 * Where the dynamic linker will look for it. One that is named without its folder, or by an
 * expression ($LIB) that only the linker knows, is taken to be where this one was found.
 * Return: NULL if that is not known
 */
static const char *shim_path(const char *entry, size_t length, char room[PATH_MAX])
{
	bool whole = false;

	for (size_t i = 0; i < length; i++) {
		if (entry[i] == '$')
			return real_own_file();
		whole |= entry[i] == '/';
	}
	if (!whole || length >= PATH_MAX)
		return real_own_file();
	memcpy(room, entry, length);
	room[length] = 0;
	return room;
}

/* With the rights that the program will have, whose user is this process's real one, and which
 * keeps no capability of root's. (If its users are two, it preloads nothing at all.) */
static int read_error(const char *path)
{
	return -(int)SYS_CALL(SYS_faccessat, AT_FDCWD, path, R_OK);
}

/* A program that is not there either is the kernel's to refuse. */
static bool would_run(const char *path)
{
	return path && SYS_CALL(SYS_faccessat, AT_FDCWD, path, X_OK) == 0;
}

static void say_why(const char *path, const char *shim, int error)
{
	struct line line;

	line_begin(&line);
	line_add(&line, path);
	line_add(&line, " is not run: no rule would hold for it, since ");
	line_add(&line, shim);
	line_add(&line, " cannot be read in its root (");
	line_add_error(&line, error);
	line_add(&line, "): put it there");
	line.text[line.end] = 0;
	log_fatal(line.text + LINE_HEAD, "");
}

/* The one that the new program is to have; NULL if none is asked for, or needed. */
static const char *needed(const char *preload, char room[PATH_MAX])
{
	const char *entry;
	size_t length;

	if (!preload || getauxval(AT_SECURE) || !state_any_rule())
		return NULL;
	entry = find_entry(preload, &length);
	return entry ? shim_path(entry, length, room) : NULL;
}

bool follow_is_missing(const char *preload, const char *file)
{
	char room[PATH_MAX];
	const char *shim = needed(preload, room);

	if (!shim && log_on() && !getauxval(AT_SECURE) && state_any_rule())
		log_loading(LOG_DECISIONS, "exec", file,
			    "NO RULE HOLDS FOR IT: its environment has none");
	return shim && read_error(shim);
}

int follow_error(const char *preload, const char *path)
{
	char room[PATH_MAX];
	const char *shim = needed(preload, room);
	int error = shim ? read_error(shim) : 0;

	if (!error || !would_run(path))
		return 0;
	say_why(path, shim, error);
	return ELIBACC;
}
