/* SPDX-License-Identifier: MIT */
/*
 * scan.c - what libconfig is to see of a line
 */
#include "scan.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/**
 * copy() - pass bytes on as they are, and step behind them
 * @end: within @line
 */
static void copy(struct scanner *scanner, struct span *line, const char *end)
{
	list_append(scanner->bytes, line->at, (size_t)(end - line->at), 1);
	line->at = end;
}

/**
 * put() - pass on a byte that is not in the file
 */
static void put(struct scanner *scanner, char byte)
{
	list_append(scanner->bytes, &byte, 1, 1);
}

/**
 * peek() - look ahead in a line
 * Return: the byte, or 0 behind the line's end
 */
static char peek(const struct span *line, size_t ahead)
{
	if (ahead >= (size_t)(line->end - line->at))
		return '\0';
	return line->at[ahead];
}

/**
 * in_set() - is a character one of a set? (NUL is in none)
 */
static bool in_set(char c, const char *set)
{
	return c != '\0' && strchr(set, c);
}

const char *skip_any(const char *from, const char *end, const char *set)
{
	while (from < end && in_set(*from, set))
		from++;
	return from;
}

#define DECIMAL_DIGITS "0123456789"
#define HEX_DIGITS     DECIMAL_DIGITS "abcdefABCDEF"
#define LETTERS        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define WORD_START     LETTERS "*_"
#define WORD_GOES_ON   WORD_START DECIMAL_DIGITS "-"

/**
 * magnitude() - the value of digits
 * @base: 10 or 16
 * Return: it, or UINT64_MAX if it is beyond INT64_MAX
 */
static uint64_t magnitude(const char *digit, const char *end, unsigned int base)
{
	uint64_t value = 0;

	for (; digit < end; digit++) {
		int letter = (*digit | 0x20) - 'a' + 10;
		unsigned int number = (unsigned int)(*digit <= '9' ? *digit - '0' : letter);

		if (value > ((uint64_t)INT64_MAX - number) / base)
			return UINT64_MAX;
		value = value * base + number;
	}
	return value;
}

/**
 * scan_integer() - pass on an integer, as libconfig of every version reads it right
 * @digits, @end: in @line
 * @base: 10 or 16
 */
static bool scan_integer(struct scanner *scanner, struct span *line, const char *digits,
			 const char *end, unsigned int base)
{
	uint64_t value = magnitude(digits, end, base);
	char large[24];

	if (value > INT64_MAX) {
		builder_error(scanner->builder, scanner->here,
			      "the number %.*s... is too large to be anything here", 20,
			      digits);
		return false;
	}
	if (value <= INT32_MAX) {
		copy(scanner, line, skip_any(end, line->end, "L"));
		return true;
	}
	if (in_set(*line->at, "+-"))
		copy(scanner, line, line->at + 1);
	(void)snprintf(large, sizeof(large), "%" PRIu64 "L", value);
	list_append(scanner->bytes, large, strlen(large), 1);
	line->at = skip_any(end, line->end, "L");
	return true;
}

/**
 * scan_number() - pass on a number
 *
 * Floating-point numbers are libconfig's own affair.
 */
static bool scan_number(struct scanner *scanner, struct span *line)
{
	const char *digits = line->at + (in_set(*line->at, "+-") ? 1 : 0);
	const char *end = skip_any(digits, line->end, DECIMAL_DIGITS);

	if (end == digits + 1 && *digits == '0' && end < line->end && in_set(*end, "xX")) {
		digits = end + 1;
		end = skip_any(digits, line->end, HEX_DIGITS);
		return scan_integer(scanner, line, digits, end, 16);
	}
	if (end == digits + 1 && *digits == '0' && end < line->end && in_set(*end, "bBoOqQ")) {
		builder_error(scanner->builder, scanner->here,
			      "the number 0%c... is of no base that is known here: write it in "
			      "decimal, or in hexadecimal (0x...)",
			      *end);
		return false;
	}
	if (end < line->end && in_set(*end, ".eE")) {
		copy(scanner, line, skip_any(end, line->end, DECIMAL_DIGITS ".eE+-"));
		return true;
	}
	return scan_integer(scanner, line, digits, end, 10);
}

/**
 * starts_number() - does a number begin here?
 */
static bool starts_number(const struct span *line)
{
	size_t sign = in_set(peek(line, 0), "+-") ? 1 : 0;
	size_t point = peek(line, sign) == '.' ? 1 : 0;

	return in_set(peek(line, sign + point), DECIMAL_DIGITS);
}

/**
 * enter() - begin a string or comment
 * @marks: the length of what opens it
 */
static void enter(struct scanner *scanner, struct span *line, enum scan_mode mode, size_t marks)
{
	scanner->mode = mode;
	scanner->opened = scanner->here;
	copy(scanner, line, line->at + marks);
}

/**
 * scan_plain() - pass on one token outside of strings and comments
 */
static bool scan_plain(struct scanner *scanner, struct span *line)
{
	char c = *line->at;

	if (c == '"') {
		enter(scanner, line, SCAN_STRING, 1);
	} else if (c == '/' && peek(line, 1) == '*') {
		enter(scanner, line, SCAN_COMMENT, 2);
	} else if (c == '#' || (c == '/' && peek(line, 1) == '/')) {
		copy(scanner, line, line->end);
	} else if (c == '[' || c == ']') {
		put(scanner, c == '[' ? '(' : ')');
		line->at++;
	} else if (in_set(c, WORD_START)) {
		copy(scanner, line, skip_any(line->at, line->end, WORD_GOES_ON));
	} else if (starts_number(line)) {
		return scan_number(scanner, line);
	} else {
		copy(scanner, line, line->at + 1);
	}
	return true;
}

/**
 * scan_string() - pass on a byte of a string, or an escaped one with its backslash
 */
static void scan_string(struct scanner *scanner, struct span *line)
{
	if (*line->at == '"')
		scanner->mode = SCAN_PLAIN;
	copy(scanner, line, line->at + (*line->at == '\\' && peek(line, 1) != '\0' ? 2 : 1));
}

/**
 * scan_comment() - pass on a byte of a comment, or its end
 */
static void scan_comment(struct scanner *scanner, struct span *line)
{
	bool ends = *line->at == '*' && peek(line, 1) == '/';

	if (ends)
		scanner->mode = SCAN_PLAIN;
	copy(scanner, line, line->at + (ends ? 2 : 1));
}

bool scan_line(struct scanner *scanner, struct span line)
{
	while (line.at < line.end) {
		if (scanner->mode == SCAN_STRING)
			scan_string(scanner, &line);
		else if (scanner->mode == SCAN_COMMENT)
			scan_comment(scanner, &line);
		else if (!scan_plain(scanner, &line))
			return false;
	}
	put(scanner, '\n');
	return true;
}

bool scan_end(const struct scanner *scanner)
{
	bool is_string = scanner->mode == SCAN_STRING;

	if (scanner->mode == SCAN_PLAIN)
		return true;
	builder_error(scanner->builder, scanner->opened,
		      "this %s is never closed: %s is missing",
		      is_string ? "string" : "comment", is_string ? "\"" : "*/");
	return false;
}
