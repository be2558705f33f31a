/* SPDX-License-Identifier: MIT */
/*
 * main.c - vsockify-supervisor: runs a program under the filter, and answers its calls
 *
 * Theory of operation
 *
 * The launcher becomes this one, with the rules in the environment, as they are for the
 * preloaded object. There are three processes then:
 *
 *   the front (front.c)	has the launcher's number, and stands for the program: passes
 *				signals on, stops and goes on with it, ends as it ends
 *   the supervisor		its child, in a process group of its own, where no terminal's
 *				signal reaches it
 *   the program		a child of the supervisor's, in the front's process group
 *
 * The program's processes must come from the supervisor: where Yama restricts ptrace(2), only
 * who they come from may look into them. Orphans come back to it for the same reason. When the
 * program ends the front does; the supervisor goes on for as long as anything with the filter
 * lives. It ends by SIGKILL alone, and then every caught call fails.
 */
#include <errno.h>
#include <limits.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sysexits.h>

#include "../ask.h"
#include "../engine.h"
#include "../kernel/reach.h"
#include "../kernel/sys.h"
#include "../log/log.h"
#include "../transport/transport.h"
#include "answers.h"
#include "filter.h"
#include "front.h"
#include "inherited.h"
#include "lookup.h"
#include "privilege.h"
#include "supervise.h"

#define STATUS_CANNOT_RUN 126
#define STATUS_NOT_FOUND  127
#define STATUS_NO_ENGINE  77

/* ---- the rules ---- */

static _Noreturn void stop(int status, const char *what, const char *detail)
{
	log_fatal(what, detail);
	exit(status);
}

static void take_rules(void)
{
	const char *first = getenv(RULESET_ENV);
	size_t size = first ? ruleset_encoded_size(first) : 0;
	void *image;

	if (!first)
		stop(EX_USAGE,
		     "this is a part of vsockify, which starts it: vsockify --engine ",
		     "seccomp PROGRAM");
	image = size ? malloc(size) : NULL;
	if (!image || !ruleset_decode(getenv, image, size))
		stop(EX_CONFIG, "the rules in " RULESET_ENV " are of another version",
		     ": start the program with the vsockify that belongs to this supervisor");
	engine_rules = image;
}

/* The broker goes when nobody needs it any more, and may not look into this process. */
static void show_need(const struct broker_environment *broker)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int length = snprintf(un.sun_path + 1, sizeof un.sun_path - 1, BROKER_OF_SUPERVISOR,
			      broker->name, getpid());

	if (fd >= 0) /* and stays open */
		(void)bind(fd, (struct sockaddr *)&un,
			   (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1) +
				   (socklen_t)length);
}

/* The broker that the launcher has started, if these rules can need one. What it has to show is
 * asked for now, for later nothing may wait for it. */
static void take_broker(void)
{
	static struct broker_environment broker;
	const char *text = getenv(BROKER_ENV);

	if ((!muxer_is_meant(engine_rules) && !engine_rules->takes_names) || !text ||
	    !broker_decode(text, &broker) || broker.rules != broker_hash(engine_rules))
		return;
	seccomp_broker = &broker;
	show_need(&broker);
	if (ask_welcome() < 0)
		log_fatal("the broker does not answer: what leads past a VMM's socket, or to a "
			  "proxy, fails",
			  ": start the program anew by vsockify");
}

/* ---- the program ---- */

struct start {
	const char
		*path; /* as execvp() takes it, or /dev/fd/NUMBER: that file, and is closed */
	char **argv;
	sigset_t signals;    /* that are blocked, and */
	struct rlimit files; /* what may be open, as the launcher was started with */
	pid_t group, front;
	int to_program[2],
		from_program[2]; /* pipes: "go on"; the listener's number, an errno */
};

/* /dev/fd/NUMBER: shim/preload/start.c has left that open for this alone. */
static void close_on_exec(const char *path)
{
	static const char by_descriptor[] = "/dev/fd/";
	const size_t length = sizeof by_descriptor - 1;

	if (strncmp(path, by_descriptor, length) == 0)
		(void)fcntl((int)strtol(path + length, NULL, 10), F_SETFD, FD_CLOEXEC);
}

/* Variables by which systemd says to the front, of whose process something is true, are about
 * the program: its sockets and its watchdog. */
static void take_over_variables(pid_t front)
{
	static const char *const names[] = {"LISTEN_PID", "WATCHDOG_PID", "SYSTEMD_EXEC_PID"};
	char number[16];

	(void)snprintf(number, sizeof number, "%d", getpid());
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		const char *value = getenv(names[i]);

		if (value && strtol(value, NULL, 10) == front)
			(void)setenv(names[i], number, 1);
	}
}

/* In the new process: become the program, and say why not. */
static _Noreturn void become(const struct start *s)
{
	int listener, error;
	char go;

	(void)setpgid(0, s->group);
	(void)setrlimit(RLIMIT_NOFILE, &s->files);
	take_over_variables(s->front);
	listener = filter_install(engine_rules);
	if (write(s->from_program[1], &listener, sizeof listener) != sizeof listener ||
	    read(s->to_program[0], &go, 1) != 1)
		_exit(STATUS_NO_ENGINE);
	(void)sigprocmask(SIG_SETMASK, &s->signals, NULL);
	close_on_exec(s->path);
	(void)execvp(s->path, s->argv);
	error = errno;
	SYS_CALL(SYS_write, s->from_program[1], &error, sizeof error);
	_exit(error == ENOENT ? STATUS_NOT_FOUND : STATUS_CANNOT_RUN);
}

/* "PATH: why" */
static const char *with_reason(const char *path, int error)
{
	static char text[PATH_MAX + 64];

	(void)snprintf(text, sizeof text, "%s: %s", path, strerror(error));
	return text;
}

static const char *reason(int error)
{
	switch (error) {
	case EBUSY:
		return ": this process has a supervisor already (another vsockify, or a "
		       "container's)";
	case ENOSYS:
		return ": the kernel, or this architecture, has none";
	case EPERM:
		return ": Yama (kernel.yama.ptrace_scope) or a container forbids it; see "
		       "vsockify --doctor";
	default:
		return with_reason("", error);
	}
}

static _Noreturn void no_engine(pid_t pid, const char *what, const char *why)
{
	(void)kill(pid, SIGKILL);
	log_fatal(what, why);
	exit(STATUS_NO_ENGINE);
}

/* The program's own descriptor by which its calls are answered, here. */
static int take_listener(pid_t pid, const struct start *s)
{
	int number, pidfd, listener;

	if (read(s->from_program[0], &number, sizeof number) != sizeof number)
		no_engine(pid, "the program was killed before it began",
			  ": for want of memory?");
	if (number < 0)
		no_engine(pid, "no seccomp filter can be installed", reason(-number));
	pidfd = (int)SYS_CALL(SYS_pidfd_open, pid, 0);
	listener = pidfd < 0 ? pidfd : (int)SYS_CALL(SYS_pidfd_getfd, pidfd, number, 0);
	if (listener < 0)
		no_engine(pid, "the supervisor may not look into the program",
			  reason(-listener));
	sys_close(pidfd);
	return listener;
}

/* A process that waits until it may become the program, under the filter */
static pid_t start_process(struct start *s)
{
	const char *lacking;
	pid_t pid;

	if (pipe2(s->to_program, O_CLOEXEC) < 0 || pipe2(s->from_program, O_CLOEXEC) < 0)
		stop(EX_OSERR, "cannot make a pipe for the program: ", strerror(errno));
	pid = fork();
	if (pid < 0)
		stop(EX_OSERR, "cannot start a process for the program: ", strerror(errno));
	if (pid == 0)
		become(s);
	sys_close(s->from_program[1]);
	lacking = supervise_prepare(take_listener(pid, s));
	if (lacking)
		no_engine(pid, "the seccomp engine cannot run here: ", lacking);
	return pid;
}

static pid_t start_program(struct start *s)
{
	pid_t pid = start_process(s);
	int error;

	SYS_CALL(SYS_write, s->to_program[1], "", 1);
	if (read(s->from_program[0], &error, sizeof error) == sizeof error)
		log_fatal("cannot run ", with_reason(s->path, error));
	sys_close(s->from_program[0]);
	sys_close(s->to_program[0]);
	sys_close(s->to_program[1]);
	return pid;
}

/* Without a program: could there be one? The launcher asks so. */
static _Noreturn void try_only(struct start *s)
{
	(void)getrlimit(RLIMIT_NOFILE, &s->files);
	(void)kill(start_process(s), SIGKILL);
	exit(0);
}

/* ---- the supervisor ---- */

static pid_t program;

/* @how: WNOHANG or 0; then for all that there are */
static void reap(int how)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, how | WUNTRACED)) > 0)
		if (pid == program)
			front_tell(status, supervise_is_over());
}

static void hear(void)
{
	reap(WNOHANG);
	if (front_died())
		(void)kill(program, SIGKILL);
}

/* No terminal, pipe or folder is to be kept by it; nor may anybody look into it. */
static void detach(void)
{
	int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (nothing >= 0) {
		(void)dup2(nothing, STDIN_FILENO);
		(void)dup2(nothing, STDOUT_FILENO);
		if (!log_on())
			(void)dup2(nothing, STDERR_FILENO);
		sys_close(nothing);
	}
	inherited_close();
	SYS_CALL(SYS_chdir, "/");
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

/*
 * Turns of a millisecond, and a thread waits for each of them: longer ones, which a machine of
 * several processors has, come later; shorter ones the kernel interrupts more often, for
 * nothing. (Since Linux 6.12 they can be asked for, and are named; before, they are 0 here.)
 */
static void ask_for_turns_of_a_millisecond(void)
{
	struct {
		uint32_t size, policy;
		uint64_t flags;
		int32_t nice;
		uint32_t priority;
		uint64_t turn, deadline, period; /* nanoseconds */
	} attributes = {.size = 0};

	if (SYS_CALL(SYS_sched_getattr, 0, &attributes, sizeof attributes, 0) < 0 ||
	    attributes.policy != SCHED_OTHER || !attributes.turn)
		return;
	attributes.turn = 1000000;
	SYS_CALL(SYS_sched_setattr, 0, &attributes, 0);
}

/* As many descriptors as it may have: it holds some for each call that waits. */
static void raise_limit(struct rlimit *before)
{
	struct rlimit files;

	(void)getrlimit(RLIMIT_NOFILE, before);
	files = (struct rlimit){before->rlim_max, before->rlim_max};
	(void)setrlimit(RLIMIT_NOFILE, &files);
}

/* In place of a preloaded program, with all that there is in its environment. */
static _Noreturn void run_as_it_is(const char *path, char **argv, const char *why)
{
	int error;

	log_fatal(why, path);
	close_on_exec(path);
	error = -(int)SYS_CALL(SYS_execve, path, argv, environ);
	stop(STATUS_CANNOT_RUN, "cannot run ", with_reason(path, error));
}

/* What no engine serves: it is not run, or as it is. */
static void look_at_program(const char *path, char **argv, bool by_preloaded)
{
	enum reach reach = reach_of(path, true);

	if (reach == REACH_NARROW && !(engine_rules->unseen & UNSEEN_ABI32))
		stop(STATUS_NO_ENGINE,
		     "no engine reaches a static program of 32 bits (--engine preload runs it "
		     "without the rules): ",
		     path);
	if (reach == REACH_HIDDEN && !by_preloaded)
		stop(STATUS_NO_ENGINE,
		     "the kernel lets nobody but root look into a program that its user may "
		     "not read: ",
		     path);
	if (reach == REACH_HIDDEN)
		run_as_it_is(path, argv,
			     "warning: it may run without the rules, for nobody may read what "
			     "can be preloaded into it: ");
	if (reach == REACH_PRIVILEGED && by_preloaded)
		run_as_it_is(path, argv,
			     "warning: it runs without the rules, for a filter would take away "
			     "the privilege that it is given: ");
}

/* A preloaded program has run this one in place of another (shim/preload/start.c): once more,
 * without the object that is in it now, for all that comes from here has the filter. */
static void shed_object(const char *supervisor, char **argv)
{
	char *path = strdup(supervisor);
	int error = ENOMEM;

	(void)unsetenv("VSOCKIFY_SUPERVISOR");
	(void)unsetenv("LD_PRELOAD");
	if (path) /* not by the object's execv(), which would say that no rule holds for it */
		error = -(int)SYS_CALL(SYS_execve, path, argv, environ);
	stop(EX_UNAVAILABLE, "cannot run ", with_reason(path ? path : "the supervisor", error));
}

/* PATH ARGV: the program's file, and what it is to have as its arguments, from its name on; or
 * nothing */
int main(int argc, char **argv)
{
	struct start start = {.path = argv[1],
			      .argv = argv + 1 + (argc > 1),
			      .group = getpgrp(),
			      .front = getpid()};
	const char *by_preloaded = getenv("VSOCKIFY_SUPERVISOR");
	sigset_t all;
	int result;

	take_rules();
	if (start.path)
		look_at_program(start.path, start.argv, by_preloaded);
	if (by_preloaded)
		shed_object(by_preloaded, argv);
	log_init();
	if (!start.path)
		try_only(&start);
	log_rules(engine_rules);
	inherited_note();
	(void)sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, &start.signals);
	result = front_divide();
	if (result < 0)
		stop(EX_OSERR, "cannot start the supervisor: ", strerror(-result));
	(void)setpgid(0, 0);
	(void)prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	raise_limit(&start.files);
	take_broker();
	program = start_program(&start);
	detach();
	front_begin(program);
	privilege_shed();
	ask_for_turns_of_a_millisecond();
	supervise(hear);
	lookup_end();
	reap(0); /* the filter goes before its last process has */
	return 0;
}
