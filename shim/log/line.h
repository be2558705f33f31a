/* SPDX-License-Identifier: MIT */
/*
 * line.h - a line of the log, put together on the stack
 *
 * No allocation and no lock: async-signal-safe, and errno is left alone.
 */
#ifndef VSOCKIFY_LINE_H
#define VSOCKIFY_LINE_H

#include <stddef.h>
#include <sys/socket.h>

#include "../../config/ruleset.h"

#define LINE_HEAD 64 /* room in front of the text, for what the target wants there */
#define LINE_SIZE 1024

/* What does not fit is cut off. */
struct line {
	size_t end; /* where the text ends that begins at LINE_HEAD; always room for a '\n' */
	char text[LINE_SIZE];
};

/* line_begin() - an empty line */
static inline void line_begin(struct line *line)
{
	line->end = LINE_HEAD;
}

/* line_add() - add a text; what would break the line or steer a terminal becomes '?' */
void line_add(struct line *line, const char *text);

/* line_add_number() - add a number in decimal */
void line_add_number(struct line *line, int64_t number);

/* line_add_padded() - add a number of at least two characters, the first perhaps @pad */
void line_add_padded(struct line *line, long number, const char *pad);

/* line_add_endpoint() - add "10.0.0.1:80" or "[fd00::1]:80" */
void line_add_endpoint(struct line *line, const struct endpoint *ep);

/* line_add_address() - add any address, as a program gave it; IP addresses as above */
void line_add_address(struct line *line, const struct sockaddr *addr, socklen_t len);

/* line_add_error() - add the name of a positive errno: "ECONNREFUSED" */
void line_add_error(struct line *line, int error);

/* line_add_rule() - add " (FILE:LINE)", or what decided without a rule: @index is BY_... */
void line_add_rule(struct line *line, const struct ruleset *rs, const struct rule *rules,
		   int index);

#endif
