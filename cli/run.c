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
 *   VSOCKIFY_BROKER	where the broker is that these rules need (broker.c), which runs by
 *			then; not there if they need none
 *   VSOCKIFY_SUPERVISOR	runs what the program starts, if no shim can be in that
 *			(shim/preload/start.c); not there if an engine was named
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
#include "../config/path.h"
#include "broker.h"
#include "cli.h"
#include "environment.h"
#include "error.h"
#include "kernel.h"
#include "preload.h"
#include "program.h"
#include "show.h"

#define LOG_ENV  "VSOCKIFY_LOG"
#define WHAT_ENV "VSOCKIFY_LOG_WHAT"

/* shim/preload/start.c reads it */
#define SUPERVISOR_ENV "VSOCKIFY_SUPERVISOR"

/* As a shell has them. */
#define STATUS_CANNOT_RUN 126
#define STATUS_NOT_FOUND  127

/* As the supervisor has it. */
#define STATUS_NO_ENGINE 77

/* ---- what the shim needs to know ---- */

/**
 * pass_shim() - have the shim preloaded
 * Return: false if there is none, which was reported
 */
static bool pass_shim(void)
{
	char *shim = find_shim();
	char *value;

	if (!shim)
		return false;
	value = preload_value(shim);
	set_variable(PRELOAD_ENV, value);
	free(value);
	free(shim);
	return true;
}

/**
 * drop_shim() - have no shim preloaded, not even that of an outer launcher
 */
static void drop_shim(void)
{
	char *value = preload_others();

	if (*value == '\0')
		(void)unsetenv(PRELOAD_ENV);
	else
		set_variable(PRELOAD_ENV, value);
	free(value);
}

/**
 * pass_broker() - start the broker that the rules need, and say where it is
 * Return: false if it cannot be started, which was reported
 */
static bool pass_broker(const struct ruleset *rs, const char *program)
{
	const char *log = getenv(LOG_ENV);
	char text[BROKER_TEXT_MAX];

	if (!broker_is_needed(rs))
		return true;
	if (!broker_start(rs, program, log && *log == '/' ? log : "syslog", text))
		return false;
	set_variable(BROKER_ENV, text);
	return true;
}

/**
 * pass_config() - put the path of the configuration file into the environment
 */
static void pass_config(const char *config)
{
	char *path = path_absolute(config);

	if (!path) {
		cli_error("cannot tell the current directory: %s: name %s by its whole path",
			  strerror(errno), config);
		exit(EX_OSERR);
	}
	set_variable(CONFIG_ENV, path);
	free(path);
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

/**
 * pass_supervisor() - say what is to run programs that this one starts, and that nothing can be
 * preloaded into
 *
 * Nobody, if the engine was named. It need not be there unless there is such a program, which
 * is not run then.
 */
static void pass_supervisor(bool chosen)
{
	char *supervisor = chosen ? supervisor_path() : NULL;

	(void)unsetenv(SUPERVISOR_ENV);
	if (supervisor)
		set_variable(SUPERVISOR_ENV, supervisor);
	free(supervisor);
}

/* ---- the program ---- */

/**
 * warn_of_escape() - warn that the shim will not be in the program, or keeps it from starting
 * @why: why no other engine serves it, or empty
 */
static void warn_of_escape(const char *name, const struct program *program,
			   const struct list *why)
{
	const char *then = "it runs without the rules";
	struct list text = {0};

	if (program->state == PROGRAM_OTHER_LIBC)
		then = "it will hardly start";
	else if (program_is_hidden(program))
		then = "it may run without the rules";
	program_describe(program, &text);
	cli_error("warning: %.*s: %s%s%.*s (\"vsockify --doctor %s\" says what to do)",
		  (int)text.count, (const char *)text.items, then,
		  why->count ? ": the seccomp engine cannot be used: " : "", (int)why->count,
		  (const char *)why->items, name);
	list_free(&text);
}

/**
 * refuse_escape() - end, for a program that no engine serves here would go over TCP
 * @why: why the one that would serve it cannot be used
 */
static _Noreturn void refuse_escape(const struct program *program, const struct list *why)
{
	struct list text = {0};

	program_describe(program, &text);
	cli_error("%.*s, and is not run: the seccomp engine cannot be used: %.*s (--engine "
		  "preload runs it without the rules)",
		  (int)text.count, (const char *)text.items, (int)why->count,
		  (const char *)why->items);
	exit(STATUS_NO_ENGINE);
}

/**
 * note_engine() - say why a program runs under the seccomp engine
 */
static void note_engine(const struct program *program)
{
	struct list text = {0};

	program_describe(program, &text);
	cli_error("%.*s: it runs under the seccomp engine", (int)text.count,
		  (const char *)text.items);
	list_free(&text);
}

/**
 * choose_engine() - the engine for a program, and say so where it is not the usual one
 * @wanted: not ENGINE_SECCOMP
 */
static enum engine choose_engine(const struct ruleset *rs, const char *name,
				 const struct logging *logging, enum engine wanted)
{
	enum engine engine = ENGINE_PRELOAD;
	struct program program;
	struct list why = {0};

	program_inspect(name, &program);
	if (program_escapes(&program) || program_is_hidden(&program)) {
		if (wanted == ENGINE_AUTO && engine_suits(&program) &&
		    !engine_obstacle(rs, &why))
			engine = ENGINE_SECCOMP;
		else if (why.count && ruleset_any(rs))
			refuse_escape(&program, &why);
		else
			warn_of_escape(name, &program, &why);
	}
	if (engine == ENGINE_SECCOMP && !logging->quiet)
		note_engine(&program);
	list_free(&why);
	program_free(&program);
	return engine;
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

/**
 * run_preloaded() - become the program, with the shim in it
 */
static int run_preloaded(const struct ruleset *rs, char *const *argv)
{
	if (!pass_shim())
		return EX_UNAVAILABLE;
	if (!pass_broker(rs, argv[0]))
		return EX_UNAVAILABLE;
	(void)execvp(argv[0], argv);
	return report_not_run(argv[0], errno);
}

/**
 * warn_of_names() - say that rules for host names do not reach a program, where that is so
 */
static void warn_of_names(const struct ruleset *rs, const struct logging *logging,
			  const struct program *program, const char *name)
{
	if (rs->takes_names && !logging->quiet && !engine_hears_names(program))
		cli_error("warning: %s resolves names by itself, and neither as Go's programs "
			  "do nor as glibc's, so that it does not find those that rules take",
			  name);
}

/**
 * is_served() - does the seccomp engine serve it? Say what it does not do for it.
 */
static bool is_served(const struct ruleset *rs, const struct program *program)
{
	const char *name = *(char *const *)program->files.items;

	if (program->bits == 32 && !(rs->unseen & UNSEEN_ABI32)) {
		cli_error("the seccomp engine answers system calls of 64 bits, and %s makes "
			  "others: use --engine preload",
			  name);
		return false;
	}
	if (program->state == PROGRAM_PRIVILEGED && !engine_suits(program))
		cli_error("warning: %s %s, which it does not get under a filter of this "
			  "user's: run vsockify as root",
			  name, program->privilege);
	return true;
}

/**
 * run_supervised() - become the supervisor, which runs the program
 */
static int run_supervised(const struct ruleset *rs, const struct logging *logging,
			  char *const *argv)
{
	struct list words = {0};
	struct program program;
	char *supervisor = find_supervisor();

	if (!supervisor)
		return EX_UNAVAILABLE;
	program_inspect(argv[0], &program);
	if (program.state == PROGRAM_ABSENT)
		return report_not_run(argv[0], program.error);
	if (!is_served(rs, &program))
		return STATUS_NO_ENGINE;
	warn_of_names(rs, logging, &program, argv[0]);
	if (!pass_broker(rs, argv[0]))
		return EX_UNAVAILABLE;
	drop_shim();
	list_append(&words, &supervisor, 1, sizeof(supervisor));
	list_append(&words, program.files.items, 1, sizeof(char *));
	for (; *argv; argv++)
		list_append(&words, argv, 1, sizeof(*argv));
	list_append(&words, &(char *){NULL}, 1, sizeof(char *));
	(void)execv(supervisor, words.items);
	cli_error("cannot run %s: %s", supervisor, strerror(errno));
	return EX_UNAVAILABLE;
}

int run_program(const struct ruleset *rs, const char *config, const struct logging *logging,
		enum engine engine, char *const *argv)
{
	bool chosen = engine == ENGINE_AUTO;

	if (logging->verbosity > 0 && ruleset_any(rs) && kernel_doubt(NULL))
		cli_error("%s", kernel_doubt(NULL));
	pass_rules(rs);
	if (config)
		pass_config(config);
	pass_logging(logging);
	if (engine != ENGINE_SECCOMP)
		engine = choose_engine(rs, argv[0], logging, engine);
	pass_supervisor(chosen && engine == ENGINE_PRELOAD);
	return engine == ENGINE_SECCOMP ? run_supervised(rs, logging, argv)
					: run_preloaded(rs, argv);
}
