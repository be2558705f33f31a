/* SPDX-License-Identifier: MIT */
/*
 * parse.h - reading a configuration file
 */
#ifndef VSOCKIFY_PARSE_H
#define VSOCKIFY_PARSE_H

#include "builder.h"

/*
 * parse_file() - read a configuration file into a builder
 *
 * Errors are reported through the builder.
 */
void parse_file(struct builder *builder, const char *path);

#endif
