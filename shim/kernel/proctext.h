/* SPDX-License-Identifier: MIT */
/*
 * proctext.h - the texts of /proc: their names, and the numbers in them
 *
 * Plain C and plain system calls: async-signal-safe, errno untouched.
 */
#ifndef VSOCKIFY_SHIM_PROCTEXT_H
#define VSOCKIFY_SHIM_PROCTEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of a path with a number in it: its other parts together have room for 35. */
#define PROCTEXT_PATH 48

/*
 * proctext_path() - write a path with a number in it
 * @before, @after: the path's other parts; not negative: @number
 * Return: @path
 */
const char *proctext_path(char path[PROCTEXT_PATH], const char *before, int number,
			  const char *after);

/*
 * proctext_read() - read a file that is shorter than the buffer
 * @text: gets what is in it, and a NUL; @size: in bytes
 * Return: false if it cannot be read, or is empty
 */
bool proctext_read(const char *path, char *text, size_t size);

/*
 * proctext_number() - the number that a text begins with, after blanks
 * @text: set behind it
 * @base: 10; or 16, with or without 0x before it
 * Return: false if there is none
 */
bool proctext_number(const char **text, unsigned base, uint64_t *number);

/* proctext_labelled() - the number behind the first @label in a text; false if there is none */
bool proctext_labelled(const char *text, const char *label, unsigned base, uint64_t *number);

#endif
