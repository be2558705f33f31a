/* SPDX-License-Identifier: MIT */
/*
 * environment.c - what programs are told through their environment
 */
#include "environment.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "broker.h"
#include "error.h"

void set_variable(const char *name, const char *value)
{
	if (setenv(name, value, 1) == 0)
		return;
	cli_error("cannot set %s: %s", name, strerror(errno));
	exit(EX_OSERR);
}

/**
 * is_rules_variable() - is it one of the variables that carry compiled rules?
 * @entry: "NAME=VALUE"
 */
static bool is_rules_variable(const char *entry)
{
	const size_t length = sizeof(RULESET_ENV) - 1;

	return strncmp(entry, RULESET_ENV, length) == 0 &&
	       (entry[length] == '=' || entry[length] == '_');
}

/**
 * drop_old_rules() - remove the rules of an outer launcher, of which there may be more
 */
static void drop_old_rules(void)
{
	char **kept = environ;

	for (char **entry = environ; *entry; entry++) {
		if (!is_rules_variable(*entry))
			*kept++ = *entry;
	}
	*kept = NULL;
}

void pass_rules(const struct ruleset *rs)
{
	char **variables = ruleset_encode(rs);

	if (!variables) {
		cli_error("out of memory while passing on the rules");
		exit(EX_OSERR);
	}
	drop_old_rules();
	(void)unsetenv(BROKER_ENV);
	for (char **variable = variables; *variable; variable++) {
		char *equals = strchr(*variable, '=');

		*equals = '\0';
		set_variable(*variable, equals + 1);
		free(*variable);
	}
	free((void *)variables);
}
