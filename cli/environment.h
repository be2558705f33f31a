/* SPDX-License-Identifier: MIT */
/*
 * environment.h - what programs are told through their environment
 */
#ifndef VSOCKIFY_CLI_ENVIRONMENT_H
#define VSOCKIFY_CLI_ENVIRONMENT_H

#include "../config/ruleset.h"

/* set_variable() - setenv() that ends the process when out of memory */
void set_variable(const char *name, const char *value);

/*
 * pass_rules() - put the rules into the environment, and the outer launcher's out of it
 *
 * Its broker goes by its rules.
 */
void pass_rules(const struct ruleset *rs);

#endif
