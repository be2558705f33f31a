/* SPDX-License-Identifier: MIT */
/*
 * main.c - vsockify, the launcher: options
 *
 * Theory of operation
 *
 * The launcher compiles the rules (config/load.c), and either prints what they are or do
 * (check.c, explain.c, doctor.c) or turns itself into the program, with the shim preloaded and
 * the rules in its environment (run.c). --cid (cid.c) needs no rules.
 * No process stays behind, so that exit status and signals are the program's own.
 *
 * One table holds the options, for getopt_long() and for --help. Exit statuses of the
 * launcher itself are those of <sysexits.h>, and a shell's 126 and 127.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "../config/find.h"
#include "../config/load.h"
#include "cli.h"
#include "error.h"

/* Options without a short form. */
enum {
	OPTION_PEER = 256,
	OPTION_CONNECT,
	OPTION_LISTEN,
	OPTION_VIA,
	OPTION_LOG,
	OPTION_SUMMARY,
	OPTION_ENGINE,
	OPTION_CHECK,
	OPTION_EXPLAIN,
	OPTION_JSON,
	OPTION_DOCTOR,
	OPTION_ATTACH,
	OPTION_HOSTS,
	OPTION_CID,
	OPTION_HELP,
	OPTION_VERSION,
};

/* An option, in the order in which --help shows them. */
struct cli_option {
	const char *name;
	int code;             /* a short form, or one of the above */
	const char *argument; /* NULL: it takes none */
	const char *help;
};

static const struct cli_option cli_options[] = {
	{"config", 'c', "FILE",
	 "rules of FILE, not of " VSOCKIFY_SYSCONFDIR "/vsockify.conf or another"},
	{"peer", OPTION_PEER, "KEY=CID", "a peer: 10.0.2.15=7, db=7 or vm=/run/vm/v.sock"},
	{"connect", OPTION_CONNECT, "TO=PEER",
	 "connections to a peer: 10.0.2.15:80=7:8080, *:25=deny"},
	{"via", OPTION_VIA, "URL", "all else through a proxy: socks5://host.vsock:1080"},
	{"listen", OPTION_LISTEN, "ON[=PORT]",
	 "accept over VM sockets: 80=8080, *:*; or not: 23=deny"},
	{"verbose", 'v', NULL, "say what each rule does; -vv: show each wrapped call"},
	{"summary", OPTION_SUMMARY, NULL, "say at the end how often each did it"},
	{"log", OPTION_LOG, "TARGET", "where to: stderr, syslog, or /an/absolute/file"},
	{"engine", OPTION_ENGINE, "ENGINE",
	 "auto, preload; or seccomp, for static and Go programs"},
	{"quiet", 'q', NULL, "do not say that seccomp is used"},
	{"check", OPTION_CHECK, NULL, "show the rules in force"},
	{"explain", OPTION_EXPLAIN, NULL, "show which rule decides about an address, and why"},
	{"json", OPTION_JSON, NULL, "the same as JSON, or what --doctor shows"},
	{"doctor", OPTION_DOCTOR, NULL, "show what stands in the way, and what to do about it"},
	{"attach", OPTION_ATTACH, NULL, "let VMs that have started later reach servers"},
	{"hosts", OPTION_HOSTS, NULL, "show names as lines for /etc/hosts"},
	{"cid", OPTION_CID, NULL, "show this machine's CID"},
	{"help", OPTION_HELP, NULL, "show this"},
	{"version", OPTION_VERSION, NULL, "show the version"},
};

#define OPTION_COUNT (sizeof(cli_options) / sizeof(cli_options[0]))

/* What is to be done. */
enum mode {
	MODE_RUN,
	MODE_CHECK,
	MODE_EXPLAIN,
	MODE_DOCTOR,
	MODE_ATTACH,
	MODE_HOSTS,
	MODE_CID,
};

/* What the command line asks for. */
struct request {
	const char *config; /* -c */
	struct list specs;  /* of struct spec */
	struct list words;  /* of char *: all that is no option; NULL-terminated */
	enum mode mode;
	bool json;
	struct logging logging;
	enum engine engine;
	bool done; /* --help or --version has been served */
};

/**
 * print_message() - a report_fn: errors and warnings, "FILE:LINE: " or the argument first
 */
static void print_message(void *context, enum severity severity, const char *message)
{
	(void)context;
	(void)severity;
	(void)fprintf(stderr, "%s\n", message);
}

/**
 * print_option() - print an option's lines of --help
 */
static void print_option(const struct cli_option *option)
{
	const char *help = option->help;
	char usage[32];

	(void)snprintf(usage, sizeof(usage), "--%s%s%s", option->name,
		       option->argument ? " " : "", option->argument ? option->argument : "");
	if (option->code < OPTION_PEER)
		(void)printf("  -%c, %-19s ", option->code, usage);
	else
		(void)printf("      %-19s ", usage);
	for (; *help != '\0'; help++) {
		(void)putchar(*help);
		if (*help == '\n')
			(void)printf("%26s", "");
	}
	(void)putchar('\n');
}

/**
 * print_help() - print --help
 */
static void print_help(void)
{
	(void)puts(
		"Usage: vsockify [OPTION...] PROGRAM [ARGUMENT...]\n"
		"       vsockify [OPTION...] --check | --doctor [PROGRAM] | --attach [PEER]\n"
		"       vsockify --cid | --hosts [NAME...] | --explain connect|listen "
		"ADDRESS...\n"
		"Run an unmodified TCP program over VM sockets (AF_VSOCK).");
	for (size_t i = 0; i < OPTION_COUNT; i++)
		print_option(&cli_options[i]);
	(void)puts("Without any rule, 3.vsock is the machine with CID 3: vsockify curl "
		   "3.vsock:8000");
}

/**
 * add_spec() - note a peer or rule of the command line
 */
static void add_spec(struct request *request, enum spec_kind kind, const char *text)
{
	struct spec *spec = list_add(&request->specs, sizeof(*spec));

	*spec = (struct spec){.kind = kind, .text = text};
}

/**
 * set_mode() - note what is to be done
 * Return: false if something else was asked for before, which was reported
 */
static bool set_mode(struct request *request, enum mode mode)
{
	if (request->mode != MODE_RUN && request->mode != mode) {
		cli_error("--check, --explain, --doctor, --attach, --hosts and --cid: one at a "
			  "time");
		return false;
	}
	request->mode = mode;
	return true;
}

/**
 * set_log() - note where the log goes
 * Return: false if it cannot go there, which was reported
 */
static bool set_log(struct request *request, const char *target)
{
	request->logging.target = target;
	if (*target == '/' || strcmp(target, "stderr") == 0 || strcmp(target, "syslog") == 0)
		return true;
	cli_error("--log takes \"stderr\", \"syslog\" or the absolute name of a file, not %s",
		  target);
	return false;
}

/**
 * set_engine() - note how calls are to be caught
 * Return: false if there is no such way, which was reported
 */
static bool set_engine(struct request *request, const char *name)
{
	if (engine_of_name(name, &request->engine))
		return true;
	cli_error("--engine takes \"auto\", \"preload\" or \"seccomp\", not %s", name);
	return false;
}

/**
 * take_option() - act on one option
 * @code: as getopt_long() returned it
 * @argument: the option's
 * Return: false if there is no such option, or its argument is unfit
 */
static bool take_option(struct request *request, int code, const char *argument)
{
	switch (code) {
	case 'c':
		request->config = argument;
		if (*argument == '\0')
			cli_error("-c needs the name of a file");
		return *argument != '\0';
	case OPTION_PEER:
		add_spec(request, SPEC_PEER, argument);
		return true;
	case OPTION_CONNECT:
		add_spec(request, SPEC_CONNECT, argument);
		return true;
	case OPTION_LISTEN:
		add_spec(request, SPEC_LISTEN, argument);
		return true;
	case OPTION_VIA:
		add_spec(request, SPEC_VIA, argument);
		return true;
	case 'v':
		request->logging.verbosity++;
		return true;
	case OPTION_SUMMARY:
		request->logging.summary = true;
		return true;
	case OPTION_LOG:
		return set_log(request, argument);
	case OPTION_ENGINE:
		return set_engine(request, argument);
	case 'q':
		request->logging.quiet = true;
		return true;
	case OPTION_CHECK:
		return set_mode(request, MODE_CHECK);
	case OPTION_EXPLAIN:
		return set_mode(request, MODE_EXPLAIN);
	case OPTION_DOCTOR:
		return set_mode(request, MODE_DOCTOR);
	case OPTION_ATTACH:
		return set_mode(request, MODE_ATTACH);
	case OPTION_HOSTS:
		return set_mode(request, MODE_HOSTS);
	case OPTION_JSON:
		request->json = true;
		return true;
	case OPTION_CID:
		return set_mode(request, MODE_CID);
	case OPTION_HELP:
		print_help();
		request->done = true;
		return true;
	case OPTION_VERSION:
		(void)puts("vsockify " VSOCKIFY_VERSION);
		request->done = true;
		return true;
	default:
		return false; /* getopt_long() has said why */
	}
}

/**
 * add_word() - note a word that is no option
 */
static void add_word(struct request *request, char *word)
{
	list_append(&request->words, &word, 1, sizeof(word));
}

/**
 * fits_together() - does the command line as a whole make sense?
 * Return: false if not, which was reported
 */
static bool fits_together(const struct request *request)
{
	char *const *words = request->words.items;

	if ((request->mode == MODE_CHECK || request->mode == MODE_CID) && words[0])
		cli_error("--%s runs nothing: leave out %s",
			  request->mode == MODE_CID ? "cid" : "check", words[0]);
	else if (request->mode == MODE_RUN && !words[0])
		cli_error("no program to run: name one, or see what --check, --explain and "
			  "--doctor show");
	else if (request->json && request->mode != MODE_EXPLAIN && request->mode != MODE_DOCTOR)
		cli_error("--json goes with --explain and --doctor only");
	else
		return true;
	return false;
}

/**
 * read_options() - read the command line
 * Return: false if it is wrong, which was reported
 *
 * Options end where the program stands; not so with --explain, which runs nothing.
 */
static bool read_options(struct request *request, int argc, char **argv)
{
	struct option options[OPTION_COUNT + 1] = {{0}};
	int code;

	for (size_t i = 0; i < OPTION_COUNT; i++) {
		options[i].name = cli_options[i].name;
		options[i].has_arg = cli_options[i].argument ? required_argument : no_argument;
		options[i].val = cli_options[i].code;
	}
	while (!request->done) {
		code = getopt_long(argc, argv, "+c:qv", options, NULL);
		if (code != -1 && !take_option(request, code, optarg))
			return false;
		if (code == -1 && (request->mode != MODE_EXPLAIN || optind == argc))
			break;
		if (code == -1)
			add_word(request, argv[optind++]);
	}
	while (optind < argc)
		add_word(request, argv[optind++]);
	add_word(request, NULL);
	return request->done || fits_together(request);
}

/**
 * serve_by_rules() - do what takes the rules in force
 * @config: the configuration file, or NULL
 * @named_config: the same if it was named, else NULL
 * Return: an exit status
 */
static int serve_by_rules(const struct request *request, const char *config,
			  const char *named_config)
{
	struct ruleset *rs = load_rules(config, (const struct spec *)request->specs.items,
					request->specs.count, print_message, NULL);
	char *const *words = request->words.items;
	int status = EX_CONFIG;

	if (rs && request->mode == MODE_CHECK)
		status = check_print(rs, config);
	else if (rs && request->mode == MODE_EXPLAIN)
		status = explain(rs, words, request->json);
	else if (rs && request->mode == MODE_ATTACH)
		status = attach(rs, words[0]);
	else if (rs && request->mode == MODE_HOSTS)
		status = hosts_print(rs, words);
	else if (rs)
		status = run_program(rs, named_config, &request->logging, request->engine,
				     words);
	free(rs);
	return status;
}

/**
 * serve() - do what the command line asks for
 * Return: an exit status
 */
static int serve(const struct request *request)
{
	struct config_places places = config_places(request->config);
	struct config_places named = {.option = places.option, .variable = places.variable};
	char *config = find_config(&places);
	char *named_config = find_config(&named);
	int status;

	if (request->mode == MODE_DOCTOR)
		status = doctor(config, (const struct spec *)request->specs.items,
				request->specs.count, request->engine,
				*(char *const *)request->words.items, request->json);
	else
		status = serve_by_rules(request, config, named_config);
	free(config);
	free(named_config);
	return status;
}

int main(int argc, char **argv)
{
	struct request request = {.config = NULL};
	int status;

	if (!read_options(&request, argc, argv)) {
		(void)fputs("Try \"vsockify --help\".\n", stderr);
		status = EX_USAGE;
	} else if (request.done) {
		status = fflush(stdout) == 0 ? EX_OK : EX_IOERR;
	} else if (request.mode == MODE_CID) {
		status = cid_print(request.logging.verbosity > 0);
	} else {
		status = serve(&request);
	}
	list_free(&request.specs);
	list_free(&request.words);
	return status;
}
