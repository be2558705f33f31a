/* SPDX-License-Identifier: MIT */
/*
 * cli.h - the parts of the launcher
 */
#ifndef VSOCKIFY_CLI_H
#define VSOCKIFY_CLI_H

#include <stdbool.h>

#include "../config/ruleset.h"

/* cli_error() - write "vsockify: " and a message to stderr */
void cli_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * check_print() - print the rules in force as tables on stdout
 * @config: the configuration file, or NULL
 * Return: an exit status
 */
int check_print(const struct ruleset *rs, const char *config);

/*
 * cid_print() - print this machine's CID on stdout, and what it means on stderr
 * @verbose: even if stdout is no terminal
 * Return: an exit status
 */
int cid_print(bool verbose);

/*
 * run_program() - run a program with the rules in force
 * @config: the configuration file if one was named, else NULL; programs that this one starts
 *	are told of it
 * @verbose: log every decision on stderr
 * @argv: the program and its arguments, NULL-terminated
 * Return: an exit status, only if the program could not be run
 */
int run_program(const struct ruleset *rs, const char *config, bool verbose, char *const *argv);

#endif
