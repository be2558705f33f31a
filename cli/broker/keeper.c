/* SPDX-License-Identifier: MIT */
/*
 * keeper.c - holds what must survive an error, and starts workers
 */
#include "keeper.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../shim/kernel/sys.h"
#include "news.h"
#include "tree.h"
#include "worker.h"

/* So many deaths of workers in this time, and it is no use. */
#define DEATHS    5
#define DEATHS_MS 60000
#define LOOK_MS   1000

struct keeper {
	const struct kept *kept;
	char broker[BROKER_TEXT_MAX]; /* the value of VSOCKIFY_BROKER */
	int watched;                  /* pidfd; -1: there is nobody */
	int signals;
	pid_t worker;
	bool ended;    /* SIGTERM or its like has come */
	unsigned vain; /* looks in a row that found nobody */
	int64_t next_look;
	int64_t deaths[DEATHS]; /* when the last ones were, in a circle */
	unsigned death;
};

/* ---- the worker ---- */

/**
 * be_worker() - in the child
 */
static _Noreturn void be_worker(const struct keeper *k, pid_t keeper)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != keeper)
		_exit(EXIT_FAILURE);
	memcpy(k->kept->role, BROKER_WORKER, sizeof(BROKER_WORKER) - 1);
	close(k->signals);
	if (k->watched >= 0)
		close(k->watched);
	_exit(worker_run(k->kept));
}

/**
 * start_worker() - fork one
 * Return: false if that cannot be done
 */
static bool start_worker(struct keeper *k)
{
	pid_t self = getpid();

	for (int i = 0; i < STATES; i++)
		atomic_store(&k->kept->shared->count[i], 0);
	k->worker = fork();
	if (k->worker == 0)
		be_worker(k, self);
	if (k->worker < 0)
		news("no new worker: fork() fails with error", errno,
		     ": the broker ends, and programs connect without it");
	return k->worker > 0;
}

/**
 * restart_worker() - the worker has ended: start another, unless they die too fast
 * Return: false if there will be none
 */
static bool restart_worker(struct keeper *k, int status)
{
	int64_t now = sys_now_ms(), *slot = &k->deaths[k->death++ % DEATHS];
	bool often = *slot != 0 && now - *slot < DEATHS_MS;

	k->worker = -1;
	*slot = now;
	atomic_fetch_add(&k->kept->shared->deaths, 1);
	if (often) {
		news("workers die too often, the last by signal",
		     WIFSIGNALED(status) ? WTERMSIG(status) : 0,
		     ": the broker ends, and programs connect without it");
		return false;
	}
	news("a worker died by signal", WIFSIGNALED(status) ? WTERMSIG(status) : 0,
	     ": what was pending has failed; there is a new one");
	return start_worker(k);
}

/**
 * reap() - look after children
 * Return: false if there is no worker any more
 */
static bool reap(struct keeper *k)
{
	int status;

	for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
		if (pid == k->worker && !restart_worker(k, status))
			return false;
	}
	return true;
}

/* ---- the tree ---- */

/**
 * is_busy() - does anything have to be finished for somebody outside the tree?
 */
static bool is_busy(const struct keeper *k)
{
	const struct shared *shared = k->kept->shared;

	if (shared_count(shared, STATE_HELD) > 0)
		return true;
	return !k->ended && (shared_count(shared, STATE_DIALLING) > 0 ||
			     shared_count(shared, STATE_DIALOGUE) > 0 ||
			     shared_count(shared, STATE_READY) > 0 ||
			     shared_count(shared, STATE_GIVING) > 0 ||
			     shared_count(shared, STATE_CARRIED) > 0);
}

/**
 * look() - nobody is watched: is there somebody?
 * Return: false if it is time to end
 */
static bool look(struct keeper *k)
{
	k->watched = tree_find(k->broker, getpid(), k->worker);
	k->vain = k->watched < 0 ? k->vain + 1 : 0;
	k->next_look = sys_now_ms() + LOOK_MS;
	return k->watched >= 0 || (k->vain < 2 && !k->ended) || is_busy(k);
}

/**
 * tell_worker() - who was watched has ended: his servers' ports are to be free at once
 */
static void tell_worker(const struct keeper *k)
{
	atomic_store(&k->kept->shared->sweep, 1);
	if (k->worker > 0)
		kill(k->worker, SIGUSR1);
}

/**
 * on_wake() - what wakes a worker; it looks for the reason itself
 */
static void on_wake(int number)
{
	(void)number;
}

/* ---- the loop ---- */

/**
 * take_signals() - see what has come
 * Return: false if it is time to end
 */
static bool take_signals(struct keeper *k)
{
	struct signalfd_siginfo info;

	while (read(k->signals, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGCHLD) {
			if (!reap(k))
				return false;
		} else {
			k->ended = true;
			k->next_look = 0; /* at once, if nobody is watched */
		}
	}
	return true;
}

/**
 * turn() - wait for something, and do it
 * Return: false if it is time to end
 */
static bool turn(struct keeper *k)
{
	struct pollfd polled[2] = {
		{.fd = k->signals, .events = POLLIN},
		{.fd = k->watched, .events = POLLIN}, /* -1 is passed over */
	};
	int64_t left = k->watched >= 0 ? -1 : k->next_look - sys_now_ms();

	if (k->watched < 0 && left < 0)
		left = 0;
	if (poll(polled, 2, (int)left) < 0 && errno != EINTR)
		return false;
	if (polled[0].revents && !take_signals(k))
		return false;
	if (polled[1].revents) {
		close(k->watched);
		k->watched = -1;
		k->vain = 0;
		k->next_look = 0;
		tell_worker(k);
	}
	return k->watched >= 0 || sys_now_ms() < k->next_look || look(k);
}

/**
 * block_signals() - those that come through a descriptor
 * Return: that
 */
static int block_signals(void)
{
	static const int numbers[] = {SIGTERM, SIGINT, SIGHUP, SIGCHLD};
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		sigaddset(&set, numbers[i]);
	sigprocmask(SIG_SETMASK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/**
 * end() - leave nothing behind
 */
static void end(const struct keeper *k)
{
	char path[BROKER_PATH_MAX + 1];
	char *slash;

	if (k->worker > 0)
		kill(k->worker, SIGKILL);
	memcpy(path, k->kept->handoff->environment.path, sizeof(path));
	if (*path == '\0')
		return;
	unlink(path);
	slash = strrchr(path, '/');
	if (slash) {
		*slash = '\0';
		rmdir(path);
	}
}

int keeper_run(const struct kept *kept, int watched)
{
	struct keeper k = {.kept = kept, .watched = watched};

	broker_encode(&kept->handoff->environment, k.broker);
	k.signals = block_signals();
	(void)signal(SIGUSR1, on_wake); /* workers have it, too */
	if (k.signals < 0 || !start_worker(&k))
		return EXIT_FAILURE;
	while (turn(&k)) {
	}
	end(&k);
	return EXIT_SUCCESS;
}
