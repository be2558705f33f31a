/* SPDX-License-Identifier: MIT */
/*
 * goodbye.c - a connection whose other end has gone: every order of shutdown, close, read and
 * poll
 */
#include "tcp.h"

static int ends[2];

/* ---- how it comes to its end ---- */

/* Without the shim: what the kernel says to a write of nothing. */
static bool writes_are_over(int fd)
{
	return syscall(SYS_sendto, fd, NULL, 0, MSG_NOSIGNAL | MSG_DONTWAIT, NULL, 0) < 0;
}

/* The end of what the peer sends has come. After our own SHUT_RD poll() does not tell: over TCP
 * it has come by now, and over VM sockets no write succeeds any more. */
static void wait_for_end(bool reading)
{
	if (reading)
		wait_for(ends[0], POLLRDHUP);
	while (!reading && over_vsock() && !writes_are_over(ends[0]))
		poll(NULL, 0, 1);
}

enum { STAY = -1 };

static const char *const directions[] = {"RD", "WR", "RDWR"};

static const char *direction(int how)
{
	return how == STAY ? "-" : directions[how];
}

/* A connection that this end shuts in one direction, or not; then the other end sends so many
 * bytes, and closes or shuts down writing. */
static void bring_to_end(const struct family *f, int before, int queued, bool closes)
{
	connected_pair(f, f->loopback, ends);
	fcntl(ends[0], F_SETFL, O_RDWR | O_NONBLOCK);
	if (before != STAY)
		must(shutdown(ends[0], before));
	if (queued)
		must(send(ends[1], "0123456", (size_t)queued, 0));
	if (closes)
		close(ends[1]);
	else
		must(shutdown(ends[1], SHUT_WR));
	wait_for_end(before != SHUT_RD);
}

static void end(bool closed)
{
	close(ends[0]);
	if (!closed)
		close(ends[1]);
}

/* ---- what is left ---- */

static int events_left(void)
{
	return events_now(ends[0], POLLIN | POLLOUT | POLLRDHUP);
}

/* Of poll()'s answers POLLOUT and POLLHUP differ: they have lines of their own. */
static void say_rest(const char *order, const char *results)
{
	char data[8];
	int events = events_left() & ~(POLLHUP | POLLOUT);
	const char *first = result(recv(ends[0], data, sizeof data, MSG_DONTWAIT));
	const char *second = result(read(ends[0], data, sizeof data));

	say("%s: %s, poll %s, read %s, read %s", order, results, events_text(events), first,
	    second);
}

static void one_order(const struct family *f, int before, int queued, bool closes, int first,
		      int second)
{
	char order[96], results[64] = "";

	snprintf(order, sizeof order, "%s, %d queued, %s, %s %s", direction(before), queued,
		 closes ? "closed" : "shut", direction(first), direction(second));
	bring_to_end(f, before, queued, closes);
	if (first != STAY)
		strcat(results, result(shutdown(ends[0], first)));
	if (second != STAY)
		strcat(strcat(results, " "), result(shutdown(ends[0], second)));
	say_rest(order, results);
	end(closes);
}

/* What has come before SHUT_RD can still be read over TCP; it has a line of its own. */
static bool comparable(int queued, int how)
{
	return !queued || how == STAY || how == SHUT_WR;
}

static void every_order(const struct family *f, int before, int queued, bool closes)
{
	for (int first = STAY; first <= SHUT_RDWR; first++)
		for (int second = STAY; second <= SHUT_RDWR; second++)
			if ((first != STAY || second == STAY) && comparable(queued, first) &&
			    comparable(queued, second))
				one_order(f, before, queued, closes, first, second);
}

static void peer_goes(const struct family *f)
{
	for (int closes = 0; closes <= 1; closes++)
		for (int queued = 0; queued <= 3; queued += 3) {
			every_order(f, STAY, queued, closes);
			every_order(f, SHUT_WR, queued, closes);
		}
	every_order(f, SHUT_RD, 0, true);
}

static void queued_data(const struct family *f)
{
	for (int how = SHUT_RD; how <= SHUT_RDWR; how += 2) {
		char order[64];

		sprintf(order, "queued data, then %s", direction(how));
		bring_to_end(f, STAY, 3, true);
		say_rest(order, result(shutdown(ends[0], how)));
		end(true);
	}
}

static void what_poll_says(const struct family *f)
{
	for (int before = STAY; before <= SHUT_WR; before += 2)
		for (int closes = 0; closes <= 1; closes++)
			for (int how = STAY; how <= (before == STAY ? SHUT_RDWR : STAY);
			     how++) {
				bring_to_end(f, before, 0, closes);
				if (how != STAY)
					shutdown(ends[0], how);
				say("%s, %s, %s: poll also %s", direction(before),
				    closes ? "closed" : "shut", direction(how),
				    events_text(events_left() & (POLLHUP | POLLOUT)));
				end(closes);
			}
}

int main(void)
{
	alarm(100);
	each_family("the peer goes", peer_goes);
	section("any", "queued data");
	queued_data(&families[0]);
	section("any", "what poll says");
	what_poll_says(&families[0]);
	return test_failed;
}
