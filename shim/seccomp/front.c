/* SPDX-License-Identifier: MIT */
/*
 * front.c - the process that stands for the program
 */
#include "front.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "../kernel/proctext.h"
#include "inherited.h"

struct message {
	pid_t program; /* which it is; 0: that was said */
	int status;
	bool last;
};

static int channel; /* between the two */
static pid_t front, supervisor, program;

/* ---- signals ---- */

/* Do by default what a signal does, although all are blocked. */
static void suffer(int signal)
{
	sigset_t one;

	(void)sigemptyset(&one);
	(void)sigaddset(&one, signal);
	(void)raise(signal);
	(void)sigprocmask(SIG_UNBLOCK, &one, NULL);
	(void)sigprocmask(SIG_BLOCK, &one, NULL);
}

static _Noreturn void end_as(int status)
{
	if (WIFEXITED(status))
		exit(WEXITSTATUS(status));
	/* whose memory it was, has been written down already */
	(void)setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
	suffer(WTERMSIG(status));
	exit(128 + WTERMSIG(status));
}

static bool program_is_stopped(void)
{
	char path[PROCTEXT_PATH], text[256];
	const char *state;

	proctext_path(path, "/proc/", program, "/stat");
	if (!proctext_read(path, text, sizeof text))
		return false;
	state = strrchr(text, ')');
	return state && (state[2] == 'T' || state[2] == 't');
}

/* Those that came before it was known which process the program is */
static bool early[NSIG];

static void pass_on(const struct signalfd_siginfo *info)
{
	if (info->ssi_signo == SIGCONT) {
		if (program && program_is_stopped())
			(void)kill(program, SIGCONT);
	} else if (info->ssi_code <= 0) { /* a process has sent it */
		if (program)
			(void)kill(program, (int)info->ssi_signo);
		else
			early[info->ssi_signo] = true;
	}
}

static void pass_early_on(void)
{
	for (int signal = 1; signal < NSIG; signal++)
		if (early[signal])
			(void)kill(program, signal);
}

/* ---- the supervisor's messages ---- */

static void follow(const struct message *m)
{
	if (m->program) {
		program = m->program;
		pass_early_on();
		return;
	}
	if (WIFSTOPPED(m->status)) {
		suffer(WSTOPSIG(m->status));
		return;
	}
	if (m->last)
		(void)waitpid(supervisor, NULL, 0);
	end_as(m->status);
}

/* It has ended: as it said it would, having run nothing; or it was killed. */
static _Noreturn void supervisor_ended(int status)
{
	if (!program)
		end_as(status);
	(void)fputs(
		"vsockify: the supervisor was ended: what it answered for fails from now on\n",
		stderr);
	while (waitpid(program, &status, 0) < 0 && errno == EINTR)
		continue;
	end_as(status);
}

static void look_at_children(void)
{
	struct message m;
	int status;

	if (waitpid(supervisor, &status, WNOHANG) != supervisor)
		return;
	while (recv(channel, &m, sizeof m, MSG_DONTWAIT) == sizeof m)
		follow(&m);
	supervisor_ended(status);
}

static _Noreturn void stand(int signals)
{
	struct pollfd fds[] = {{.fd = signals, .events = POLLIN},
			       {.fd = channel, .events = POLLIN}};
	struct signalfd_siginfo info;
	struct message m;

	look_at_children(); /* of one that has ended already the signal was lost (handle_all())
			     */
	for (;;) {
		(void)poll(fds, 2, -1);
		if (recv(channel, &m, sizeof m, MSG_DONTWAIT) == sizeof m)
			follow(&m);
		if (read(signals, &info, sizeof info) != sizeof info)
			continue;
		if (info.ssi_signo == SIGCHLD)
			look_at_children();
		else
			pass_on(&info);
	}
}

/* Whatever was ignored, the program may come to handle. */
static void handle_all(void)
{
	for (int signal = 1; signal < NSIG; signal++)
		if (signal != SIGKILL && signal != SIGSTOP)
			(void)sigaction(signal, &(struct sigaction){.sa_handler = SIG_DFL},
					NULL);
}

/* Of what the program is to have, standard error alone is kept: what may have to be said,
 * nobody else can say. */
static void let_go(void)
{
	int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);

	inherited_close();
	if (nothing < 0)
		return;
	(void)dup2(nothing, STDIN_FILENO);
	(void)dup2(nothing, STDOUT_FILENO);
	(void)close(nothing);
}

int front_divide(void)
{
	int ends[2], signals;
	sigset_t all;

	(void)sigfillset(&all);
	signals = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
	if (signals < 0 || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return -errno;
	front = getpid();
	supervisor = fork();
	if (supervisor < 0)
		return -errno;
	/* the lower one is the supervisor's: the two above it stay free, for call_drop() */
	channel = ends[supervisor != 0];
	(void)close(ends[supervisor == 0]);
	if (supervisor == 0) {
		(void)close(signals);
		front_watch();
		return getppid() == front ? 0 : -ESRCH;
	}
	(void)prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	handle_all();
	let_go();
	stand(signals);
}

/* ---- the supervisor's end ---- */

static bool told_end;

static void tell(const struct message *m)
{
	(void)send(channel, m, sizeof *m, MSG_NOSIGNAL);
}

void front_begin(pid_t pid)
{
	tell(&(struct message){.program = pid});
}

void front_tell(int status, bool last)
{
	told_end = told_end || !WIFSTOPPED(status);
	tell(&(struct message){.status = status, .last = last});
}

void front_watch(void)
{
	(void)prctl(PR_SET_PDEATHSIG, SIGHUP, 0, 0, 0);
	if (front_died())
		(void)raise(SIGHUP);
}

bool front_died(void)
{
	return !told_end && getppid() != front;
}
