/* SPDX-License-Identifier: MIT */
/*
 * preload.c - which shim is preloaded, and beside what else; or which supervisor is run?
 */
#include "preload.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../config/memory.h"
#include "beside.h"
#include "error.h"

#define SHIM_FILE       "libvsockify.so"
#define SUPERVISOR_FILE "vsockify-supervisor"

/* What ld.so takes for the end of an entry of LD_PRELOAD. */
#define PRELOAD_SEPARATORS ": "

char *find_shim(void)
{
	char *path = beside_launcher(SHIM_FILE, VSOCKIFY_LIBDIR);

	if (access(path, R_OK) < 0)
		cli_error("cannot read %s: %s: install it there, or beside this program", path,
			  strerror(errno));
	else if (strpbrk(path, PRELOAD_SEPARATORS))
		cli_error("cannot preload %s: its path must not contain \":\" or a space: "
			  "install vsockify elsewhere",
			  path);
	else
		return path;
	free(path);
	return NULL;
}

char *supervisor_path(void)
{
	return beside_launcher(SUPERVISOR_FILE, VSOCKIFY_LIBEXECDIR);
}

char *find_supervisor(void)
{
	char *path = supervisor_path();

	if (access(path, X_OK) == 0)
		return path;
	cli_error("cannot run %s: %s: install it there, or beside this program", path,
		  strerror(errno));
	free(path);
	return NULL;
}

/**
 * preload_text() - what LD_PRELOAD is to say of a shim
 *
 * Of the installed one that may hold ld.so's $LIB, by which programs of each architecture get
 * a shim of their own.
 */
static const char *preload_text(const char *shim)
{
	return strcmp(shim, VSOCKIFY_LIBDIR "/" SHIM_FILE) == 0 ? VSOCKIFY_PRELOAD : shim;
}

/**
 * is_a_shim() - is this entry of LD_PRELOAD a shim, wherever it lies?
 *
 * That of an outer launcher, which may be of another version: two of them in one process would
 * each convert the other's sockets, and only one can have the rules.
 */
static bool is_a_shim(const char *entry, size_t length)
{
	const size_t name = sizeof(SHIM_FILE) - 1;

	return length >= name && memcmp(entry + length - name, SHIM_FILE, name) == 0 &&
	       (length == name || entry[length - name - 1] == '/');
}

/**
 * add_others() - add what LD_PRELOAD says, but for shims
 */
static void add_others(struct list *value)
{
	const char *before = getenv(PRELOAD_ENV);
	size_t length;

	for (; before && *before != '\0'; before += length) {
		before += strspn(before, PRELOAD_SEPARATORS);
		length = strcspn(before, PRELOAD_SEPARATORS);
		if (length == 0 || is_a_shim(before, length))
			continue;
		if (value->count)
			list_append(value, ":", 1, 1);
		list_append(value, before, length, 1);
	}
	list_append(value, "", 1, 1);
}

char *preload_value(const char *shim)
{
	const char *text = preload_text(shim);
	struct list value = {0};

	list_append(&value, text, strlen(text), 1);
	add_others(&value);
	return value.items;
}

char *preload_others(void)
{
	struct list value = {0};

	add_others(&value);
	return value.items;
}
