/* SPDX-License-Identifier: MIT */
/*
 * kept.h - the table of options, and where a mark keeps the values of those that mean nothing
 * to VM sockets
 *
 * All functions are async-signal-safe and leave errno alone.
 */
#ifndef VSOCKIFY_KEPT_H
#define VSOCKIFY_KEPT_H

#include <stdbool.h>
#include <stdint.h>

#include "mark.h"

/* CARRIED: set on the VM socket, where it is in force. KEPT: only to be read back. */
enum treatment { CARRIED, KEPT };

/*
 * How the sockets that a listener accepts come by the option: accept() gives it to them, the
 * kernel does with word A of the mark, or they do not get it. SO_PRIORITY and TCP_DEFER_ACCEPT
 * TCP clears; the SO_REUSE ones it hands down, but nearly every listener has one, every
 * accept() would pay for it, and no accepted socket has a use for them.
 */
enum inheritance { BY_ACCEPT, BY_KERNEL, NOT_INHERITED };

struct option {
	int level, name; /* as setsockopt(2) has them */
	enum treatment treatment;
	enum inheritance inheritance;
};

/* An index into the table is a bit of engine_options() and a tag in the mark. */
#define OPTIONS_MAX 64
extern const struct option option_table[];
extern const int option_count;

#define CONGESTION_BYTES 16 /* TCP_CA_NAME_MAX of the kernel */

/* The value of an option: a number, or a name. */
struct value {
	uint32_t words[CONGESTION_BYTES / 4];
};

/* The largest times and counts of TCP's keep-alive that have a place outside the filter. */
#define KEPT_TIME_MAX  0x7fff
#define KEPT_COUNT_MAX 0x7f

/* option_find() - the index of an option, or -1 */
int option_find(int level, int name);

/* option_is() - is it this one that the index stands for? */
bool option_is(int index, int level, int name);

/* option_words() - the length of its value, in words of 32 bits */
unsigned option_words(int index);

/* kept_scratch() - a fresh TCP socket, to ask the kernel; the caller closes it. Or -errno. */
int kept_scratch(bool v6);

/* kept_read() - the value that a TCP socket has; 0, or a negated errno */
int kept_read(int fd, int index, struct value *value);

/*
 * kept_default() - the value that a fresh TCP socket has; asked once for each option
 * Return: 0, or a negated errno
 */
int kept_default(int index, bool v6, struct value *value);

/* kept_put() - put a value into a mark; 0, or -ENOMEM if the mark is full */
int kept_put(struct mark *m, int index, const struct value *value);

/* kept_drop() - take an option's value out of a mark; 0 if it has a field of its own there */
void kept_drop(struct mark *m, int index);

/* kept_get() - the value that a mark keeps; false if none was put there */
bool kept_get(const struct mark *m, int index, struct value *value);

#endif
