/* SPDX-License-Identifier: MIT */
/*
 * tracing.c - makes wrapped calls from everywhere, for the log of whoever looks on
 *
 * tracing crowd	from threads of several processes and from signal handlers, all at once;
 *			prints "PID MADE" for each process: how many calls of shutdown()
 * tracing reopen FILE	with FILE under descriptor 2, then with the first standard error again
 * tracing errno	sees to it that a call that succeeds leaves errno alone
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROCESSES 4
#define THREADS   4
#define CALLS     250
#define SIGNALS   20

static atomic_ulong made, handled;

static void call(int how)
{
	if (shutdown(-1, how) == 0)
		abort();
	atomic_fetch_add(&made, 1);
}

static void handle(int number)
{
	int saved = errno;

	(void)number;
	call(9);
	atomic_fetch_add(&handled, 1);
	errno = saved;
}

static void *calls(void *unused)
{
	for (int i = 0; i < CALLS || atomic_load(&handled) < SIGNALS; i++)
		call(1);
	return unused;
}

static void crowd(void)
{
	struct itimerval often = {{0, 500}, {0, 500}}, never = {{0, 0}, {0, 0}};
	struct sigaction action = {.sa_handler = handle};
	pthread_t threads[THREADS];

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
	for (int i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, calls, NULL) != 0)
			errx(1, "pthread_create");
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	setitimer(ITIMER_REAL, &never, NULL);
	printf("%d %lu\n", (int)getpid(), atomic_load(&made));
}

static void crowds(void)
{
	call(0); /* the children must not count it */
	for (int i = 0; i < PROCESSES; i++) {
		pid_t child = fork();

		if (child < 0)
			err(1, "fork");
		if (child == 0) {
			atomic_store(&made, 0);
			crowd();
			exit(0);
		}
	}
	for (int i = 0, status; i < PROCESSES; i++)
		if (wait(&status) < 0 || status != 0)
			errx(1, "a child failed");
	printf("%d %lu\n", (int)getpid(), atomic_load(&made));
}

static void reopen(const char *name)
{
	int first = dup(STDERR_FILENO);

	call(11);
	close(STDERR_FILENO);
	call(12);
	if (open(name, O_RDWR | O_CREAT | O_TRUNC, 0600) != STDERR_FILENO)
		errx(1, "not descriptor 2");
	call(13);
	if (dup2(first, STDERR_FILENO) < 0)
		_exit(1);
	call(14);
}

static void keep_errno(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0), copy, set, on = 1;

	errno = 1234;
	copy = dup(fd);
	set = setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (copy < 0 || set < 0 || errno != 1234)
		errx(1, "errno is %d", errno);
	if (connect(-1, NULL, 0) == 0 || errno != EBADF)
		errx(1, "errno is %d, not EBADF", errno);
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "crowd") == 0)
		crowds();
	else if (argc == 3 && strcmp(argv[1], "reopen") == 0)
		reopen(argv[2]);
	else if (argc == 2 && strcmp(argv[1], "errno") == 0)
		keep_errno();
	else
		errx(2, "crowd | reopen FILE | errno");
	return 0;
}
