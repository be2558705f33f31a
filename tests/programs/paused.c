/* SPDX-License-Identifier: MIT */
/*
 * paused.c - a writer that waits for room, does not read what has come, and whose peer goes
 * away
 */
#include <signal.h>
#include <sys/epoll.h>
#include <sys/wait.h>

#include "tcp.h"

static const char *epoll_now(int fd, unsigned events)
{
	struct epoll_event event = {.events = events};
	int epfd = must(epoll_create1(EPOLL_CLOEXEC)), count;

	must(epoll_ctl(epfd, EPOLL_CTL_ADD, fd, &event));
	count = must(epoll_wait(epfd, &event, 1, 0));
	close(epfd);
	return events_text(count ? (int)event.events : 0);
}

/* Until there is no room. */
static void fill(int fd)
{
	static char data[65536];

	must(fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK));
	while (write(fd, data, sizeof data) > 0)
		continue;
	check(errno == EAGAIN);
}

static void look(const char *what, int writer)
{
	say("%s: poll for OUT: %s", what, events_text(events_now(writer, POLLOUT)));
	say("%s: epoll for OUT: %s", what, epoll_now(writer, EPOLLOUT));
	say("%s: edge-triggered: %s", what, epoll_now(writer, EPOLLOUT | EPOLLET));
}

/* A writer without room, with three bytes to read if it is @paused. */
static void start(const struct family *f, int ends[2], bool paused)
{
	connected_pair(f, f->loopback, ends);
	if (paused) {
		must(write(ends[1], "one", 3));
		wait_for(ends[0], POLLIN);
	}
	fill(ends[0]);
	look("no room", ends[0]);
}

static void closes(const struct family *f)
{
	int ends[2];

	start(f, ends, true);
	close(ends[1]);
	wait_for(ends[0], POLLRDHUP);
	look("the peer has closed", ends[0]);
	say("a reader is told: %s",
	    events_now(ends[0], POLLIN | POLLRDHUP) & (POLLIN | POLLRDHUP) ? "yes" : "no");
	must(fcntl(ends[0], F_SETFL, fcntl(ends[0], F_GETFL) & ~O_NONBLOCK));
	say("a blocking writer is told: %s", write(ends[0], "two", 3) ? "yes" : "no");
	close(ends[0]);
}

static void dies(const struct family *f)
{
	int ends[2], status;
	pid_t child;

	start(f, ends, true);
	child = must(fork());
	if (child == 0) {
		close(ends[0]);
		pause();
		_exit(0);
	}
	close(ends[1]);
	must(kill(child, SIGKILL));
	must(waitpid(child, &status, 0));
	wait_for(ends[0], POLLRDHUP);
	look("the peer has died", ends[0]);
	close(ends[0]);
}

/* With nothing left to read it is told in any case. */
static void has_read(const struct family *f)
{
	int ends[2];

	start(f, ends, false);
	close(ends[1]);
	wait_for(ends[0], POLLRDHUP);
	say("nothing to read: poll for OUT: %s",
	    events_now(ends[0], POLLOUT) & POLLOUT ? "OUT" : "none");
	close(ends[0]);
}

int main(void)
{
	signal(SIGPIPE, SIG_IGN);
	each_family("closes", closes);
	each_family("dies", dies);
	each_family("has read", has_read);
	return test_failed;
}
