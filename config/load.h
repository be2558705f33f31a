/* SPDX-License-Identifier: MIT */
/*
 * load.h - from the command line and the file in force to an image
 */
#ifndef VSOCKIFY_LOAD_H
#define VSOCKIFY_LOAD_H

#include "spec.h"

/*
 * load_rules() - compile the rules in force
 * @path: the configuration file; NULL if there is none
 * @specs, @count: the command line's peers and rules
 * Return: a malloc'ed image; NULL after an error, which was reported
 */
struct ruleset *load_rules(const char *path, const struct spec *specs, size_t count,
			   report_fn *report, void *context);

#endif
