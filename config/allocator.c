/* SPDX-License-Identifier: MIT */
/*
 * allocator.c - whose memory is it, inside somebody else's program?
 *
 * Theory of operation
 *
 * RTLD_DEEPBIND (plugin.h) makes libconfig find libc's malloc() and free() before those of a
 * program that has its own, as redis-server has jemalloc's. But libc itself, in strdup(),
 * fopen() or newlocale(), allocates with the program's; libconfig would then free with libc's
 * what it was given by the program's. This object comes first in the order in which libconfig's
 * symbols are looked up, so its four functions are what libconfig gets, and they call the
 * program's.
 */
#include <dlfcn.h>
#include <stddef.h>
#include <stdlib.h>

#define EXPORT __attribute__((visibility("default")))

/**
 * programs_function() - the function of this name that the program, and libc in it, calls
 * Return: it; there always is one, libc's own if no other
 *
 * RTLD_DEFAULT would find the ones below; the program's own handle finds what it would find.
 */
static void *programs_function(const char *name)
{
	static void *program;
	void *function;

	if (!program)
		program = dlopen(NULL, RTLD_LAZY);
	function = program ? dlsym(program, name) : NULL;
	if (!function)
		abort();
	return function;
}

EXPORT void *malloc(size_t size)
{
	static void *(*function)(size_t);

	if (!function)
		*(void **)&function = programs_function("malloc");
	return function(size);
}

EXPORT void *calloc(size_t count, size_t size)
{
	static void *(*function)(size_t, size_t);

	if (!function)
		*(void **)&function = programs_function("calloc");
	return function(count, size);
}

EXPORT void *realloc(void *memory, size_t size)
{
	static void *(*function)(void *, size_t);

	if (!function)
		*(void **)&function = programs_function("realloc");
	return function(memory, size);
}

EXPORT void free(void *memory)
{
	static void (*function)(void *);

	if (!function)
		*(void **)&function = programs_function("free");
	function(memory);
}
