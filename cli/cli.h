/* SPDX-License-Identifier: MIT */
/*
 * cli.h - the parts of the launcher
 */
#ifndef VSOCKIFY_CLI_H
#define VSOCKIFY_CLI_H

#include <stdbool.h>
#include <stddef.h>

#include "../config/ruleset.h"
#include "../config/spec.h"
#include "engine.h"

/*
 * check_print() - print the rules in force as tables on stdout
 * @config: the configuration file, or NULL
 * Return: an exit status
 */
int check_print(const struct ruleset *rs, const char *config);

/*
 * explain() - print what becomes of addresses, and why
 * @words: "connect" or "listen", then addresses with ports, or "-" for those on standard
 *	input, one a line; NULL-terminated
 * @json: as JSON, one line for each question
 * Return: an exit status
 */
int explain(const struct ruleset *rs, char *const *words, bool json);

/*
 * doctor() - print what stands in the way of the rules here, and what to do about it
 * @config: the configuration file, or NULL
 * @specs, @count: the command line's peers and rules
 * @wanted: what --engine says
 * @program: a program to look at, or NULL
 * @json: as JSON, a line for each finding, and one of what to do next
 * Return: an exit status: 0 if nothing stands in the way, else 1
 */
int doctor(const char *config, const struct spec *specs, size_t count, enum engine wanted,
	   const char *program, bool json);

/*
 * attach() - let the paths of VMs' sockets lead to servers that listen already
 * @peer: the name of one; NULL: of all
 * Return: an exit status
 */
int attach(const struct ruleset *rs, const char *peer);

/*
 * hosts_print() - print names of machines as lines for /etc/hosts
 * @names: such as 3.vsock, NULL-terminated; if none, those of the peers
 * Return: an exit status
 */
int hosts_print(const struct ruleset *rs, char *const *names);

/*
 * cid_print() - print this machine's CID on stdout, and what it means on stderr
 * @verbose: even if stdout is no terminal
 * Return: an exit status
 */
int cid_print(bool verbose);

/* What is to be logged, and where. */
struct logging {
	const char *target; /* --log, or NULL */
	int verbosity;      /* how often -v was given */
	bool summary;       /* --summary */
	bool quiet;         /* -q: nothing about the seccomp engine, if that is used */
};

/*
 * run_program() - run a program with the rules in force
 * @config: the configuration file if one was named, else NULL; programs that this one starts
 *	are told of it
 * @logging: what the program is to log; where nothing is said of it, the environment counts
 * @argv: the program and its arguments, NULL-terminated
 * Return: an exit status, only if the program could not be run
 */
int run_program(const struct ruleset *rs, const char *config, const struct logging *logging,
		enum engine engine, char *const *argv);

#endif
