/* SPDX-License-Identifier: MIT */
/*
 * memory.c - allocation for the compiler of configurations
 *
 * Theory of operation: see memory.h.
 */
#include "memory.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

/**
 * out_of_memory() - say so, and end the process
 */
static _Noreturn void out_of_memory(void)
{
	static const char message[] = "vsockify: out of memory while reading the rules\n";

	/* There is nowhere left to report a failure of this write. */
	if (write(STDERR_FILENO, message, sizeof(message) - 1) < 0)
		_exit(EX_OSERR);
	_exit(EX_OSERR);
}

void *memory_resize(void *memory, size_t size)
{
	void *resized = realloc(memory, size > 0 ? size : 1);

	if (!resized)
		out_of_memory();
	return resized;
}

void *memory_zeroed(size_t size)
{
	return memset(memory_resize(NULL, size), 0, size);
}

char *memory_string(const char *text, size_t length)
{
	char *copy = memory_resize(NULL, length + 1);

	memcpy(copy, text, length);
	copy[length] = '\0';
	return copy;
}

/**
 * list_extend() - make a list longer by some items, whose bytes are left as they are
 * Return: the first of them
 */
static void *list_extend(struct list *list, size_t count, size_t element)
{
	size_t before = list->count;

	list->count += count;
	if (list->count > list->room) {
		list->room = 2 * list->count > 8 ? 2 * list->count : 8;
		list->items = memory_resize(list->items, list->room * element);
	}
	return (char *)list->items + before * element;
}

void *list_add(struct list *list, size_t element)
{
	return memset(list_extend(list, 1, element), 0, element);
}

void list_append(struct list *list, const void *items, size_t count, size_t element)
{
	if (count > 0)
		memcpy(list_extend(list, count, element), items, count * element);
}

char *memory_path(const char *directory, const char *name)
{
	struct list path = {0};

	list_append(&path, directory, strlen(directory), 1);
	list_append(&path, "/", 1, 1);
	list_append(&path, name, strlen(name) + 1, 1);
	return path.items;
}

void list_free(struct list *list)
{
	free(list->items);
	*list = (struct list){0};
}
