/* SPDX-License-Identifier: MIT */
/*
 * engine_here.h - which engines can work here, and which one would a program get?
 */
#ifndef VSOCKIFY_CLI_ENGINE_HERE_H
#define VSOCKIFY_CLI_ENGINE_HERE_H

#include "../config/ruleset.h"
#include "engine.h"
#include "findings.h"

/*
 * look_at_engines() - print what stands in the way of the engines, and of a program
 * @wanted: what --engine says
 * @program: a program's name, or NULL
 */
void look_at_engines(struct findings *findings, const struct ruleset *rs, enum engine wanted,
		     const char *program);

#endif
