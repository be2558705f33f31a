/* SPDX-License-Identifier: MIT */
/*
 * reader.h - rules from a configuration file, for a program that was started with LD_PRELOAD
 * alone
 *
 * Theory of operation
 *
 * Configuration files are libconfig's to read, and neither libconfig nor another libc than the
 * program's own is to be in the program. So a program of ours reads them, vsockify-config,
 * which lies beside the preloaded object: it is run as that is loaded, writes the compiled
 * rules into a file in memory that it is handed, and ends. Its messages go to standard error,
 * and its exit status becomes that of the program if there is an error.
 *
 * The program must not notice that it had a child: no SIGCHLD comes (nobody asked for one), no
 * wait() of the program's can find it, and no handler of libc's for fork() is run. What was
 * preloaded is not preloaded into the child; in secure execution it has no environment.
 */
#ifndef VSOCKIFY_READER_H
#define VSOCKIFY_READER_H

#include "../../config/ruleset.h"

/*
 * reader_rules() - the rules of the configuration file in force
 * Return: an image in memory of its own; NULL if there is no file. Ends the process after an
 *	error, which was written to standard error. Called once, at load.
 */
const struct ruleset *reader_rules(void);

#endif
