/* SPDX-License-Identifier: MIT */
/*
 * broker.h - starts the broker of a program, if its rules can need one
 */
#ifndef VSOCKIFY_CLI_BROKER_H
#define VSOCKIFY_CLI_BROKER_H

#include <stdbool.h>

#include "../config/ruleset.h"
#include "../shim/broker/environment.h"

#define BROKER_FILE "vsockify-broker"

/* broker_is_needed() - can these rules lead to somebody who has to be talked to first, or take
 * host names? */
bool broker_is_needed(const struct ruleset *rs);

/* broker_path() - where it is, to be freed, whether or not it is there */
char *broker_path(void);

/*
 * broker_start() - start one, for this process
 * @program: what this process will be: its name, for ps
 * @log: where it writes what it has to say: "syslog", or the absolute name of a file
 * @text: what BROKER_ENV is to say
 * Return: false if that cannot be, which was reported
 *
 * It ends with the last process that has this in its environment. This one gets no child.
 */
bool broker_start(const struct ruleset *rs, const char *program, const char *log,
		  char text[BROKER_TEXT_MAX]);

#endif
