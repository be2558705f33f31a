/* SPDX-License-Identifier: MIT */
/*
 * text.h - the text of a configuration file and all that it includes
 *
 * Theory of operation
 *
 * libconfig is given one text in memory, never a file: to libconfig 1.5 an @include of a
 * directory, or an error while reading, is a reason to end the whole process from within its
 * scanner (with status 2, and without the name of the file). So the files are read and joined
 * here, as scan.h has it, and it is noted for each line of the joined text where it came from.
 */
#ifndef VSOCKIFY_TEXT_H
#define VSOCKIFY_TEXT_H

#include "builder.h"

struct config_text {
	struct list bytes; /* of char; NUL-terminated once read */
	struct list lines; /* of struct origin; the origin of each line */
};

/*
 * config_text_read() - read a file, and the files that it includes
 * @path: the file; made a source of the builder
 * @text: freed with config_text_free() also after an error
 * Return: false after an error, which was reported
 */
bool config_text_read(struct builder *builder, const char *path, struct config_text *text);

/* config_text_free() - free what config_text_read() made */
void config_text_free(struct config_text *text);

/*
 * config_text_origin() - where a line of the joined text came from
 * @line: counted from 1, as libconfig does; one beyond the end is taken for the last
 */
struct origin config_text_origin(const struct config_text *text, unsigned int line);

#endif
