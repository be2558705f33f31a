/* SPDX-License-Identifier: MIT */
/*
 * find.h - which configuration file is in force
 *
 * Theory of operation
 *
 * The first of these that applies:
 *
 *   1. the file named by -c;
 *   2. the file named by $VSOCKIFY_CONFIG, unless that is empty;
 *   3. $XDG_CONFIG_HOME/vsockify.conf, if it exists and the variable is an absolute path;
 *   4. /etc/vsockify.conf, if it exists.
 *
 * The file of 1 or 2 was named, so that it is an error if it is missing. One that exists but
 * cannot be looked at counts as existing, in which case reading it fails: better no program
 * than one without its rules. In secure execution (a setuid program) no variable counts.
 */
#ifndef VSOCKIFY_FIND_H
#define VSOCKIFY_FIND_H

#define CONFIG_ENV "VSOCKIFY_CONFIG"

#ifndef VSOCKIFY_SYSCONFDIR
#define VSOCKIFY_SYSCONFDIR "/etc"
#endif

/* Where to look, in this order; NULL or "" where there is nothing. */
struct config_places {
	const char *option;     /* the file named by -c */
	const char *variable;   /* $VSOCKIFY_CONFIG */
	const char *user_dir;   /* $XDG_CONFIG_HOME */
	const char *system_dir; /* /etc */
};

/* config_places() - the places of this process; of the environment as secure_getenv() has it */
struct config_places config_places(const char *option);

/*
 * find_config() - the configuration file in force
 * Return: its path, to be freed; NULL if there is none
 */
char *find_config(const struct config_places *places);

#endif
