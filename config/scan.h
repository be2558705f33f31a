/* SPDX-License-Identifier: MIT */
/*
 * scan.h - what libconfig is to see of a line
 *
 * Theory of operation
 *
 * A line is passed on as it stands, but for two things that libconfig 1.5 (which Debian 12
 * ships) makes something else of, or nothing:
 *
 *   - a number that does not fit 32 bits, written without an "L", silently becomes another
 *     one: cid = 4294967299 would be read as 3. Here the "L" is added.
 *   - a value such as [ "host", 7 ], a natural way to write accept_from, is a syntax error,
 *     since all elements of an array must have one type. Those of a list need not, so that
 *     brackets are handed over as parentheses.
 *
 * The scanner knows as much of the syntax as that takes: strings, comments, numbers and words.
 * Strings and comments may go on over lines, so that its mode outlives a line, but not a file.
 */
#ifndef VSOCKIFY_SCAN_H
#define VSOCKIFY_SCAN_H

#include "builder.h"

enum scan_mode {
	SCAN_PLAIN,
	SCAN_STRING,
	SCAN_COMMENT, /* between slash-star and star-slash */
};

struct scanner {
	struct builder *builder;
	struct list *bytes; /* what is passed on */
	enum scan_mode mode;
	struct origin here;   /* the line being scanned */
	struct origin opened; /* where the string or comment began */
};

/* A piece of a text. */
struct span {
	const char *at;
	const char *end;
};

/*
 * scan_line() - pass on a line
 * @line: without its newline
 * Return: false after an error, which was reported
 */
bool scan_line(struct scanner *scanner, struct span line);

/* scan_end() - may a file end here? Not within a string or a comment; that was reported. */
bool scan_end(const struct scanner *scanner);

/*
 * skip_any() - find the end of a run of characters
 * @set: the characters of the run
 */
const char *skip_any(const char *from, const char *end, const char *set);

#endif
