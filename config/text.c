/* SPDX-License-Identifier: MIT */
/*
 * text.c - the text of a configuration file and all that it includes
 *
 * Theory of operation: see text.h. A file is read whole, checked for bytes that are no text,
 * and then scanned line by line.
 */
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "find.h"
#include "scan.h"

#define FILE_SIZE_MAX ((size_t)16 << 20)
#define TEXT_SIZE_MAX ((size_t)64 << 20)
#define INCLUDE_DEPTH 10

struct reader {
	struct scanner scanner;
	struct config_text *text;
	unsigned int depth; /* of inclusion */
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
static bool check_bytes(const struct reader *reader, struct span file)
{
	struct origin origin = {.source = reader->scanner.here.source, .line = 1};

	for (const char *c = file.at; c < file.end; c++) {
		if (!is_text(*c)) {
			builder_error(reader->scanner.builder, origin,
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

/* ---- @include ---- */

static bool add_file(struct reader *reader, const char *path);

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
static char *include_path(const struct reader *reader, const char *name, size_t length)
{
	char *const *sources = reader->scanner.builder->sources.items;
	const char *from = sources[reader->scanner.here.source];
	const char *slash = strrchr(from, '/');
	struct list path = {0};

	if (slash && *name != '/')
		list_append(&path, from, (size_t)(slash + 1 - from), 1);
	list_append(&path, name, length, 1);
	list_append(&path, "", 1, 1);
	return path.items;
}

/**
 * add_included() - read the file that an @include names
 * @line: behind the opening quote
 */
static bool add_included(struct reader *reader, struct span line)
{
	const char *quote = memchr(line.at, '"', (size_t)(line.end - line.at));
	struct origin here = reader->scanner.here;
	const char *rest;
	char *path;
	bool good;

	if (!quote || quote == line.at) {
		builder_error(reader->scanner.builder, here, "write @include \"FILE\"");
		return false;
	}
	rest = skip_any(quote + 1, line.end, " \t\r");
	if (rest < line.end && *rest != '#' && *rest != '/') {
		builder_error(reader->scanner.builder, here,
			      "nothing may follow @include \"FILE\" on its line");
		return false;
	}
	if (reader->depth == INCLUDE_DEPTH) {
		builder_error(
			reader->scanner.builder, here,
			"files include each other more than %d deep: does this one include "
			"itself?",
			INCLUDE_DEPTH);
		return false;
	}
	path = include_path(reader, line.at, (size_t)(quote - line.at));
	reader->depth++;
	good = add_file(reader, path);
	reader->depth--;
	reader->scanner.here = here;
	free(path);
	return good;
}

/* ---- the whole ---- */

/**
 * add_line() - pass on a line
 * @line: without its newline
 */
static bool add_line(struct reader *reader, struct span line)
{
	list_append(&reader->text->lines, &reader->scanner.here, 1, sizeof(struct origin));
	return scan_line(&reader->scanner, line);
}

/**
 * add_lines() - pass on a file
 */
static bool add_lines(struct reader *reader, struct span file)
{
	while (file.at < file.end) {
		const char *newline = memchr(file.at, '\n', (size_t)(file.end - file.at));
		struct span line = {file.at, newline ? newline : file.end};

		reader->scanner.here.line++;
		file.at = newline ? newline + 1 : file.end;
		if (reader->scanner.mode == SCAN_PLAIN && is_include(&line)) {
			if (!add_included(reader, line))
				return false;
		} else if (!add_line(reader, line)) {
			return false;
		}
	}
	return true;
}

/**
 * check_end() - refuse a file that ends within a string or a comment, or a text too large
 */
static bool check_end(struct reader *reader)
{
	if (!scan_end(&reader->scanner))
		return false;
	if (reader->text->bytes.count > TEXT_SIZE_MAX) {
		builder_error(reader->scanner.builder, reader->scanner.here,
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
static void report_unread(struct reader *reader, const char *path, int error)
{
	const char *reason = strerror(error);

	if (reader->depth == 0)
		builder_error(reader->scanner.builder, reader->scanner.here,
			      "this file cannot be read: %s: check its name (-c, " CONFIG_ENV
			      ") and permissions",
			      reason);
	else
		builder_error(reader->scanner.builder, reader->scanner.here,
			      "%s cannot be read: %s: check its name and permissions", path,
			      reason);
}

/**
 * add_file() - read and pass on a file
 * @reader: its origin is where the file is included from; for the first file, line 1 of it
 */
static bool add_file(struct reader *reader, const char *path)
{
	struct list bytes = {0};
	int error = read_file(path, &bytes);
	struct span file;
	bool good;

	if (error != 0) {
		report_unread(reader, path, error);
		list_free(&bytes);
		return false;
	}
	list_append(&bytes, "", 1, 1);
	file = (struct span){bytes.items, (const char *)bytes.items + bytes.count - 1};
	if (reader->depth > 0)
		reader->scanner.here.source = builder_add_source(reader->scanner.builder, path);
	reader->scanner.here.line = 0;
	good = check_bytes(reader, file) && add_lines(reader, file) && check_end(reader);
	list_free(&bytes);
	return good;
}

bool config_text_read(struct builder *builder, const char *path, struct config_text *text)
{
	struct origin start = {.source = builder_add_source(builder, path), .line = 1};
	struct reader reader = {
		.scanner = {.builder = builder, .bytes = &text->bytes, .here = start},
		.text = text,
	};
	bool good = add_file(&reader, path);

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
