/* SPDX-License-Identifier: MIT */
/*
 * text.c - the text of a configuration file and all that it includes
 *
 * Theory of operation: see text.h. A file is read whole, checked for bytes that are no text,
 * and then scanned line by line. Strings and comments may go on over lines, so that the mode
 * of the scanner outlives a line, but not a file.
 */
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "find.h"

#define FILE_SIZE_MAX ((size_t)16 << 20)
#define TEXT_SIZE_MAX ((size_t)64 << 20)
#define INCLUDE_DEPTH 10

enum mode {
	MODE_PLAIN,
	MODE_STRING,
	MODE_COMMENT, /* between slash-star and star-slash */
};

struct scanner {
	struct builder *builder;
	struct config_text *text;
	enum mode mode;
	struct origin here;   /* the line being scanned */
	struct origin opened; /* where the string or comment began */
	unsigned int depth;   /* of inclusion */
};

/* A piece of a file. */
struct span {
	const char *at;
	const char *end;
};

/* ---- files ---- */

/**
 * read_all() - read an open file to its end
 * Return: 0, or an errno value
 */
static int read_all(int fd, struct list *bytes)
{
	char buffer[65536];
	ssize_t got;

	for (;;) {
		got = read(fd, buffer, sizeof(buffer));
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got < 0 ? errno : 0;
		list_append(bytes, buffer, (size_t)got, 1);
		if (bytes->count > FILE_SIZE_MAX)
			return EFBIG;
	}
}

/**
 * read_file() - read a file
 * Return: 0, or an errno value
 *
 * Not only regular files: a configuration may come through a pipe.
 */
static int read_file(const char *path, struct list *bytes)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int error;

	if (fd < 0)
		return errno;
	error = read_all(fd, bytes);
	(void)close(fd);
	return error;
}

/**
 * is_text() - may a byte stand in a configuration file?
 */
static bool is_text(char byte)
{
	return (unsigned char)byte >= ' ' || byte == '\t' || byte == '\n' || byte == '\r' ||
	       byte == '\f';
}

/**
 * check_bytes() - refuse a file that is no text
 */
static bool check_bytes(struct scanner *scanner, struct span file)
{
	struct origin origin = {.source = scanner->here.source, .line = 1};

	for (const char *c = file.at; c < file.end; c++) {
		if (!is_text(*c)) {
			builder_error(scanner->builder, origin,
				      "a byte of value %u is no text: is this a configuration "
				      "file?",
				      (unsigned char)*c);
			return false;
		}
		if (*c == '\n')
			origin.line++;
	}
	return true;
}

/* ---- what libconfig is to see ---- */

/**
 * copy() - pass bytes on as they are, and step behind them
 * @end: within @line
 */
static void copy(struct scanner *scanner, struct span *line, const char *end)
{
	list_append(&scanner->text->bytes, line->at, (size_t)(end - line->at), 1);
	line->at = end;
}

/**
 * put() - pass on a byte that is not in the file
 */
static void put(struct scanner *scanner, char byte)
{
	list_append(&scanner->text->bytes, &byte, 1, 1);
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

/**
 * skip_any() - find the end of a run of characters
 * @set: the characters of the run
 */
static const char *skip_any(const char *from, const char *end, const char *set)
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
 * scan_integer() - pass on an integer, marked as long if it needs 64 bits
 * @digits, @end: in @line
 * @base: 10 or 16
 */
static bool scan_integer(struct scanner *scanner, struct span *line, const char *digits,
			 const char *end, unsigned int base)
{
	uint64_t value = magnitude(digits, end, base);

	if (value > INT64_MAX) {
		builder_error(scanner->builder, scanner->here,
			      "the number %.*s... is too large to be anything here", 20,
			      digits);
		return false;
	}
	copy(scanner, line, end);
	if (in_set(peek(line, 0), "L"))
		copy(scanner, line, skip_any(line->at, line->end, "L"));
	else if (value > INT32_MAX)
		put(scanner, 'L');
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
static void enter(struct scanner *scanner, struct span *line, enum mode mode, size_t marks)
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
		enter(scanner, line, MODE_STRING, 1);
	} else if (c == '/' && peek(line, 1) == '*') {
		enter(scanner, line, MODE_COMMENT, 2);
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
		scanner->mode = MODE_PLAIN;
	copy(scanner, line, line->at + (*line->at == '\\' && peek(line, 1) != '\0' ? 2 : 1));
}

/**
 * scan_comment() - pass on a byte of a comment, or its end
 */
static void scan_comment(struct scanner *scanner, struct span *line)
{
	bool ends = *line->at == '*' && peek(line, 1) == '/';

	if (ends)
		scanner->mode = MODE_PLAIN;
	copy(scanner, line, line->at + (ends ? 2 : 1));
}

/**
 * scan_line() - pass on a line
 * @line: without its newline
 */
static bool scan_line(struct scanner *scanner, struct span line)
{
	list_append(&scanner->text->lines, &scanner->here, 1, sizeof(scanner->here));
	while (line.at < line.end) {
		if (scanner->mode == MODE_STRING)
			scan_string(scanner, &line);
		else if (scanner->mode == MODE_COMMENT)
			scan_comment(scanner, &line);
		else if (!scan_plain(scanner, &line))
			return false;
	}
	put(scanner, '\n');
	return true;
}

/* ---- @include ---- */

static bool scan_file(struct scanner *scanner, const char *path);

/**
 * is_include() - is a line an @include?
 * @line: set behind the opening quote if so
 */
static bool is_include(struct span *line)
{
	static const char word[] = "@include";
	const size_t length = sizeof(word) - 1;
	const char *at = skip_any(line->at, line->end, " \t");
	const char *quote;

	if ((size_t)(line->end - at) <= length || memcmp(at, word, length) != 0)
		return false;
	quote = skip_any(at + length, line->end, " \t");
	if (quote == line->end || *quote != '"')
		return false;
	line->at = quote + 1;
	return true;
}

/**
 * include_path() - the path of an included file
 * @name: as written; relative to the directory of the file that includes it
 * Return: it, to be freed
 */
static char *include_path(const struct scanner *scanner, const char *name, size_t length)
{
	char *const *sources = scanner->builder->sources.items;
	const char *from = sources[scanner->here.source];
	const char *slash = strrchr(from, '/');
	struct list path = {0};

	if (slash && *name != '/')
		list_append(&path, from, (size_t)(slash + 1 - from), 1);
	list_append(&path, name, length, 1);
	list_append(&path, "", 1, 1);
	return path.items;
}

/**
 * scan_include() - read the file that an @include names
 * @line: behind the opening quote
 */
static bool scan_include(struct scanner *scanner, struct span line)
{
	const char *quote = memchr(line.at, '"', (size_t)(line.end - line.at));
	struct origin here = scanner->here;
	const char *rest;
	char *path;
	bool good;

	if (!quote || quote == line.at) {
		builder_error(scanner->builder, here, "write @include \"FILE\"");
		return false;
	}
	rest = skip_any(quote + 1, line.end, " \t\r");
	if (rest < line.end && *rest != '#' && *rest != '/') {
		builder_error(scanner->builder, here,
			      "nothing may follow @include \"FILE\" on its line");
		return false;
	}
	if (scanner->depth == INCLUDE_DEPTH) {
		builder_error(
			scanner->builder, here,
			"files include each other more than %d deep: does this one include "
			"itself?",
			INCLUDE_DEPTH);
		return false;
	}
	path = include_path(scanner, line.at, (size_t)(quote - line.at));
	scanner->depth++;
	good = scan_file(scanner, path);
	scanner->depth--;
	scanner->here = here;
	free(path);
	return good;
}

/* ---- the whole ---- */

/**
 * scan_lines() - pass on a file
 */
static bool scan_lines(struct scanner *scanner, struct span file)
{
	while (file.at < file.end) {
		const char *newline = memchr(file.at, '\n', (size_t)(file.end - file.at));
		struct span line = {file.at, newline ? newline : file.end};

		scanner->here.line++;
		file.at = newline ? newline + 1 : file.end;
		if (scanner->mode == MODE_PLAIN && is_include(&line)) {
			if (!scan_include(scanner, line))
				return false;
		} else if (!scan_line(scanner, line)) {
			return false;
		}
	}
	return true;
}

/**
 * check_end() - refuse a file that ends within a string or a comment, or a text too large
 */
static bool check_end(struct scanner *scanner)
{
	if (scanner->mode != MODE_PLAIN) {
		builder_error(scanner->builder, scanner->opened,
			      "this %s is never closed: %s is missing",
			      scanner->mode == MODE_STRING ? "string" : "comment",
			      scanner->mode == MODE_STRING ? "\"" : "*/");
		return false;
	}
	if (scanner->text->bytes.count > TEXT_SIZE_MAX) {
		builder_error(scanner->builder, scanner->here,
			      "the files included make up more than %zu MiB: are they all "
			      "configurations?",
			      TEXT_SIZE_MAX >> 20);
		return false;
	}
	return true;
}

/**
 * report_unread() - report that a file could not be read
 * @error: an errno value
 */
static void report_unread(struct scanner *scanner, const char *path, int error)
{
	const char *reason = strerror(error);

	if (scanner->depth == 0)
		builder_error(scanner->builder, scanner->here,
			      "this file cannot be read: %s: check its name (-c, " CONFIG_ENV
			      ") and permissions",
			      reason);
	else
		builder_error(scanner->builder, scanner->here,
			      "%s cannot be read: %s: check its name and permissions", path,
			      reason);
}

/**
 * scan_file() - read and pass on a file
 * @scanner: its origin is where the file is included from; for the first file, line 1 of it
 */
static bool scan_file(struct scanner *scanner, const char *path)
{
	struct list bytes = {0};
	int error = read_file(path, &bytes);
	struct span file;
	bool good;

	if (error != 0) {
		report_unread(scanner, path, error);
		list_free(&bytes);
		return false;
	}
	list_append(&bytes, "", 1, 1);
	file = (struct span){bytes.items, (const char *)bytes.items + bytes.count - 1};
	if (scanner->depth > 0)
		scanner->here.source = builder_add_source(scanner->builder, path);
	scanner->here.line = 0;
	good = check_bytes(scanner, file) && scan_lines(scanner, file) && check_end(scanner);
	list_free(&bytes);
	return good;
}

bool config_text_read(struct builder *builder, const char *path, struct config_text *text)
{
	struct scanner scanner = {
		.builder = builder,
		.text = text,
		.here = {.source = builder_add_source(builder, path), .line = 1},
	};
	struct origin start = scanner.here;
	bool good = scan_file(&scanner, path);

	if (text->lines.count == 0)
		list_append(&text->lines, &start, 1, sizeof(start));
	list_append(&text->bytes, "", 1, 1);
	return good;
}

void config_text_free(struct config_text *text)
{
	list_free(&text->bytes);
	list_free(&text->lines);
}

struct origin config_text_origin(const struct config_text *text, unsigned int line)
{
	const struct origin *lines = text->lines.items;
	size_t index = line > 0 ? line - 1 : 0;

	return lines[index < text->lines.count ? index : text->lines.count - 1];
}
