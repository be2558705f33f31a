/* SPDX-License-Identifier: MIT */
/*
 * scan.h - what libconfig is to see of a line
 *
 * Theory of operation
 *
 * A line is passed on as it stands, but for two things that libconfig makes something else of,
 * or nothing, and each version something else (1.5 is Debian 12's, 1.8 that of 2026's sid):
 *
 *   - a number that does not fit 32 bits with a sign silently becomes another one: 1.5 reads
 *     4294967299 as 3, where no "L" stands behind it, and 1.8 reads 0xFFFFFFFEL as -2. All
 *     read such a number right that is decimal and has the "L", so that is how they get it.
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
