/* SPDX-License-Identifier: MIT */
/*
 * memory.h - allocation for the compiler of configurations
 *
 * Theory of operation
 *
 * Rules are compiled before the program runs, in the launcher or in the constructor of the
 * preloaded object. Without memory there is nothing sensible left to do then, least of all to
 * run the program without its rules; so these functions end the process (status 71,
 * EX_OSERR) rather than return NULL. libconfig does not check its own allocations either.
 */
#ifndef VSOCKIFY_MEMORY_H
#define VSOCKIFY_MEMORY_H

#include <stddef.h>

/* A growing array; all zeroes when empty. The owner knows the type of its items. */
struct list {
	void *items;
	size_t count;
	size_t room;
};

/* memory_resize() - realloc() that does not return NULL */
void *memory_resize(void *memory, size_t size);
/* memory_zeroed() - calloc(1, @size) that does not return NULL */
void *memory_zeroed(size_t size);
/* memory_string() - a copy of the first @length bytes of @text, NUL-terminated */
char *memory_string(const char *text, size_t length);
/* memory_path() - "DIRECTORY/NAME" */
char *memory_path(const char *directory, const char *name);

/*
 * list_add() - append a zeroed item
 * @element: the size of an item, the same at each call
 * Return: the item; valid until the next call
 */
void *list_add(struct list *list, size_t element);
/* list_append() - append copies of @count items of @element bytes each */
void list_append(struct list *list, const void *items, size_t count, size_t element);
/* list_free() - free the items, and empty the list */
void list_free(struct list *list);

#endif
