/* SPDX-License-Identifier: MIT */
/*
 * run.c - vsockify, the launcher: the environment, and the program
 *
 * Theory of operation
 *
 * Everything that the shim needs to know goes through the environment:
 *
 *   LD_PRELOAD		the shim, before what stands there already, but for another shim
 *   VSOCKIFY_RULES...	the compiled rules (config/image.c), in place of those of a launcher
 *			that this one was started by
 *   VSOCKIFY_CONFIG	a configuration file that was named, made absolute, for launchers that
 *			the program may start in another directory
 *   VSOCKIFY_LOG	where the log goes: --log, else what it says already, else "stderr" with
 *			-v or --summary
 *   VSOCKIFY_LOG_WHAT	what is logged: "decisions" with -v, "calls" with -vv, "summary" with
 *			--summary
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "../config/find.h"
#include "../config/memory.h"
#include "cli.h"
#include "error.h"
#include "program.h"
#include "show.h"

#define SHIM_FILE   "libvsockify.so"
#define PRELOAD_ENV "LD_PRELOAD"
#define LOG_ENV     "VSOCKIFY_LOG"
#define WHAT_ENV    "VSOCKIFY_LOG_WHAT"

/* What ld.so takes for the end of an entry of LD_PRELOAD. */
#define PRELOAD_SEPARATORS ": "

/* As a shell has them. */
#define STATUS_CANNOT_RUN 126
#define STATUS_NOT_FOUND  127

/**
 * join() - put three texts together
 * Return: the whole, to be freed
 */
static char *join(const char *a, const char *b, const char *c)
{
	struct list text = {0};

	list_append(&text, a, strlen(a), 1);
	list_append(&text, b, strlen(b), 1);
	list_append(&text, c, strlen(c) + 1, 1);
	return text.items;
}

/**
 * set_variable() - setenv() that ends the process when out of memory
 */
static void set_variable(const char *name, const char *value)
{
	if (setenv(name, value, 1) == 0)
		return;
	cli_error("cannot set %s: %s", name, strerror(errno));
	exit(EX_OSERR);
}

/* ---- the shim ---- */

/**
 * shim_beside_launcher() - the shim in the directory of this program, as in the build tree
 * Return: its path, to be freed; NULL if there is none
 */
static char *shim_beside_launcher(void)
{
	char self[4096];
	ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash;
	char *path;

	if (length < 0)
		return NULL;
	self[length] = '\0';
	slash = strrchr(self, '/');
	if (!slash)
		return NULL;
	*slash = '\0';
	path = join(self, "/", SHIM_FILE);
	if (access(path, F_OK) == 0)
		return path;
	free(path);
	return NULL;
}

char *find_shim(void)
{
	char *path = shim_beside_launcher();

	if (!path)
		path = join(VSOCKIFY_LIBDIR, "/", SHIM_FILE);
	if (access(path, R_OK) < 0)
		cli_error("cannot read %s: %s: install it there, or beside this program", path,
			  strerror(errno));
	else if (strpbrk(path, PRELOAD_SEPARATORS))
		cli_error("cannot preload %s: its path must not contain \":\" or a space: "
			  "install vsockify elsewhere",
			  path);
	else
		return path;
	free(path);
	return NULL;
}

/**
 * preload_text() - what LD_PRELOAD is to say of a shim
 *
 * Of the installed one that may hold ld.so's $LIB, by which programs of each architecture get
 * a shim of their own.
 */
static const char *preload_text(const char *shim)
{
	return strcmp(shim, VSOCKIFY_LIBDIR "/" SHIM_FILE) == 0 ? VSOCKIFY_PRELOAD : shim;
}

/**
 * is_a_shim() - is this entry of LD_PRELOAD a shim, wherever it lies?
 *
 * That of an outer launcher, which may be of another version: two of them in one process would
 * each convert the other's sockets, and only one can have the rules.
 */
static bool is_a_shim(const char *entry, size_t length)
{
	const size_t name = sizeof(SHIM_FILE) - 1;

	return length >= name && memcmp(entry + length - name, SHIM_FILE, name) == 0 &&
	       (length == name || entry[length - name - 1] == '/');
}

/**
 * preload() - put the shim into LD_PRELOAD, first and alone of its kind
 */
static void preload(const char *shim)
{
	const char *before = getenv(PRELOAD_ENV);
	struct list value = {0};
	size_t length;

	list_append(&value, shim, strlen(shim), 1);
	for (; before && *before != '\0'; before += length) {
		before += strspn(before, PRELOAD_SEPARATORS);
		length = strcspn(before, PRELOAD_SEPARATORS);
		if (length == 0 || is_a_shim(before, length))
			continue;
		list_append(&value, ":", 1, 1);
		list_append(&value, before, length, 1);
	}
	list_append(&value, "", 1, 1);
	set_variable(PRELOAD_ENV, value.items);
	list_free(&value);
}

/* ---- the rules ---- */

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

/**
 * pass_rules() - put the rules into the environment
 */
static void pass_rules(const struct ruleset *rs)
{
	char **variables = ruleset_encode(rs);

	if (!variables) {
		cli_error("out of memory while passing on the rules");
		exit(EX_OSERR);
	}
	drop_old_rules();
	for (char **variable = variables; *variable; variable++) {
		char *equals = strchr(*variable, '=');

		*equals = '\0';
		set_variable(*variable, equals + 1);
		free(*variable);
	}
	free((void *)variables);
}

/**
 * pass_config() - put the path of the configuration file into the environment
 */
static void pass_config(const char *config)
{
	char *directory;
	char *path;

	if (*config == '/') {
		set_variable(CONFIG_ENV, config);
		return;
	}
	directory = getcwd(NULL, 0);
	if (!directory) {
		cli_error("cannot tell the current directory: %s: name %s by its whole path",
			  strerror(errno), config);
		exit(EX_OSERR);
	}
	path = join(directory, "/", config);
	set_variable(CONFIG_ENV, path);
	free(path);
	free(directory);
}

/**
 * pass_logging() - put what is to be logged, and where, into the environment
 */
static void pass_logging(const struct logging *logging)
{
	static const char *const what[3][2] = {
		{NULL, "summary"},
		{"decisions", "decisions,summary"},
		{"calls", "calls,summary"},
	};
	int verbosity = logging->verbosity < 2 ? logging->verbosity : 2;
	const char *wanted = what[verbosity][logging->summary];

	if (logging->target)
		set_variable(LOG_ENV, logging->target);
	if (!wanted)
		return;
	set_variable(WHAT_ENV, wanted);
	if (!getenv(LOG_ENV))
		set_variable(LOG_ENV, "stderr");
}

/* ---- the program ---- */

/**
 * warn_of_escape() - warn if the shim will not be in the program, or keeps it from starting
 */
static void warn_of_escape(const char *name)
{
	struct list text = {0};
	struct program program;

	program_inspect(name, &program);
	if (program_escapes(&program)) {
		program_describe(&program, &text);
		cli_error("warning: %.*s: %s (\"vsockify --doctor %s\" says what to do)",
			  (int)text.count, (const char *)text.items,
			  program.state == PROGRAM_OTHER_LIBC ? "it will hardly start"
							      : "it runs without the rules",
			  name);
	}
	list_free(&text);
	program_free(&program);
}

/**
 * report_not_run() - say why a program could not be run
 * @error: an errno value
 * Return: an exit status
 */
static int report_not_run(const char *name, int error)
{
	struct list text = {0};
	struct program program;

	program_inspect(name, &program);
	program_describe(&program, &text);
	if (error == E2BIG)
		cli_error(
			"cannot run %s: rules, environment and arguments are larger together "
			"than the kernel allows: use prefixes and port ranges in place of many "
			"rules, or raise the limit (ulimit -s)",
			name);
	else if (program.linker || program.files.count > 1) /* it is not the file itself */
		cli_error("cannot run %s: %s: %.*s%s%s", name, strerror(error), (int)text.count,
			  (const char *)text.items, program_advice(&program) ? ": " : "",
			  program_advice(&program) ? program_advice(&program) : "");
	else
		cli_error("cannot run %s: %s: check its name, $PATH and permissions", name,
			  strerror(error));
	list_free(&text);
	program_free(&program);
	return error == ENOENT ? STATUS_NOT_FOUND : STATUS_CANNOT_RUN;
}

int run_program(const struct ruleset *rs, const char *config, const struct logging *logging,
		char *const *argv)
{
	char *shim = find_shim();

	if (!shim)
		return EX_UNAVAILABLE;
	preload(preload_text(shim));
	free(shim);
	pass_rules(rs);
	if (config)
		pass_config(config);
	pass_logging(logging);
	warn_of_escape(argv[0]);
	(void)execvp(argv[0], argv);
	return report_not_run(argv[0], errno);
}
