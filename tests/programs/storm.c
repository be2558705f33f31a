/* SPDX-License-Identifier: MIT */
/*
 * storm.c - a timer's signals, as many as can be, while sockets are made, bound and connected
 *
 * storm SECONDS		handlers with SA_RESTART: no call may notice
 * storm SECONDS norestart	without: a call may say EINTR, and then may have had its effect
 *or not; made again, it must say what it would have
 */
#include <signal.h>
#include <sys/time.h>
#include <time.h>

#include "tcp.h"

static volatile sig_atomic_t signals;
static unsigned long calls, interrupted, wrong;
static bool may_be_interrupted;

static void count_signal(int signal)
{
	(void)signal;
	signals++;
}

static void start_signals(bool restart)
{
	struct sigaction action = {.sa_handler = count_signal,
				   .sa_flags = restart ? SA_RESTART : 0};
	struct itimerval often = {.it_interval.tv_usec = 1000, .it_value.tv_usec = 1000};

	must(sigaction(SIGALRM, &action, NULL));
	must(setitimer(ITIMER_REAL, &often, NULL));
}

/* Is it to be made again? */
static bool was_interrupted(long result)
{
	calls++;
	if (result >= 0 || errno != EINTR || !may_be_interrupted)
		return false;
	interrupted++;
	return true;
}

/* A call, made until it is not interrupted; what it says is wrong if it fails then. */
#define INSIST(call)                                             \
	({                                                       \
		long result_;                                    \
		do                                               \
			result_ = (call);                        \
		while (was_interrupted(result_));                \
		if (result_ < 0) {                               \
			wrong++;                                 \
			say("%s: %s", #call, error_name(errno)); \
		}                                                \
		result_;                                         \
	})

/* connect() that was interrupted goes on, and says so when it is made again. */
static void insist_on_connect(int fd, const struct address *to)
{
	struct pollfd p = {.fd = fd, .events = POLLOUT};
	bool again = false;

	while (connect(fd, &to->any, to->len) < 0) {
		if (was_interrupted(-1)) {
			again = true;
			continue;
		}
		if (again && errno == EISCONN)
			break;
		if (again && errno == EALREADY) {
			poll(&p, 1, 10);
			continue;
		}
		wrong++;
		say("connect: %s", error_name(errno));
		return;
	}
	calls++;
}

static void round_of_calls(void)
{
	struct address at = address_of("127.0.0.1", 0), got = {.len = sizeof got.room};
	int one = 1, listener = socket(AF_INET, SOCK_STREAM, 0), client, server;
	socklen_t len = sizeof one;

	INSIST(setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one));
	INSIST(bind(listener, &at.any, at.len));
	INSIST(getsockname(listener, &got.any, &got.len));
	INSIST(listen(listener, 5));
	client = socket(AF_INET, SOCK_STREAM, 0);
	INSIST(setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one));
	insist_on_connect(client, &got);
	server = (int)INSIST(accept(listener, NULL, NULL));
	check_carried(client);
	check_carried(server);
	INSIST(getpeername(client, &at.any, &at.len));
	if (port_in(&at) != port_in(&got))
		wrong++;
	INSIST(getsockopt(client, IPPROTO_TCP, TCP_NODELAY, &one, &len));
	if (one != 1)
		wrong++;
	close(server);
	close(client);
	close(listener);
}

int main(int argc, char **argv)
{
	time_t end = time(NULL) + (argc > 1 ? atoi(argv[1]) : 5);
	unsigned long rounds = 0;

	may_be_interrupted = argc > 2;
	start_signals(!may_be_interrupted);
	for (; time(NULL) < end && wrong < 20; rounds++)
		round_of_calls();
	setitimer(ITIMER_REAL, &(struct itimerval){.it_value.tv_sec = 0}, NULL);
	fprintf(stderr, "%lu rounds, %lu calls, %d signals, %lu interrupted\n", rounds, calls,
		(int)signals, interrupted);
	say("%lu wrong", wrong);
	if (!rounds || !signals)
		complain("nothing was tested");
	return wrong || test_failed;
}
