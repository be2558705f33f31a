/* SPDX-License-Identifier: MIT */
/*
 * answers.c - what engine.h answers with more than a line
 */
#include "answers.h"

#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>

#include "../kernel/sys.h"
#include "../transport/transport.h"
#include "call.h"
#include "lost.h"

const struct ruleset *engine_rules = &ruleset_empty;
const struct broker_environment *seccomp_broker;
uint64_t engine_options_set;
bool engine_any_duplicate, engine_any_owner, engine_ever_silent, engine_roused;

/* ---- descriptors ---- */

/* 0, or a negated errno */
static int look_at(int fd, struct descriptor *there)
{
	int number = call_number(call_now, fd);

	return number < 0 ? -EBADF : process_look(call_now->process, number, there);
}

/* Put it in place; a signal may take the call back just then. */
static int add(int spare, int fd, bool close_on_exec)
{
	int result =
		call_add_descriptor(call_now, spare, call_number(call_now, fd), close_on_exec);

	if (call_now->gone && fd == call_now->fd && call_now->data.nr != SYS_bind &&
	    call_now->data.nr != SYS_listen)
		lost_begun(call_now, spare);
	return result;
}

/*
 * Another thread may have closed the program's descriptor meanwhile, and the number may be
 * somebody else's: looked at last of all. The inode of a socket is its own.
 */
int seccomp_exchange(int spare, int fd)
{
	struct descriptor there;
	struct stat here;
	int result = look_at(fd, &there);

	if (result == 0)
		result = (int)SYS_CALL(SYS_fstat, fd, &here);
	if (result == 0 && here.st_ino != there.inode)
		result = -EBADF;
	if (result == 0)
		result = add(spare, fd, there.close_on_exec);
	return result < 0 ? result : sys_dup3(spare, fd, O_CLOEXEC);
}

bool seccomp_is_tcp(int fd)
{
	int protocol;

	return fd == call_now->fd && call_now->family == FAMILY_IP &&
	       sys_getsockopt_int(fd, SOL_SOCKET, SO_PROTOCOL, &protocol) == 0 &&
	       protocol == IPPROTO_TCP;
}

struct search {
	bool (*ours)(int fd, void *argument);
	int (*duplicate)(int fd, const void *argument);
	const void *argument;
	int fd; /* whose duplicates */
	int result;
};

static bool may_be_marked(int fd)
{
	uint64_t a;
	bool muxed;

	return transport_get_word_a(fd, &a, &muxed) == 1;
}

static bool visit_if_ours(int number, void *argument)
{
	struct search *search = argument;
	int fd = call_now->fd;

	if (number != call_now->number)
		fd = call_hold_if(call_now, number, may_be_marked);
	return fd < 0 || search->ours(fd, (void *)search->argument);
}

int seccomp_each_ours(bool (*visit)(int fd, void *argument), void *argument)
{
	struct search search = {.ours = visit, .argument = argument};

	return process_each(call_now->process, visit_if_ours, &search);
}

static bool visit_if_duplicate(int number, void *argument)
{
	struct search *search = argument;
	int fd;

	if (number == call_number(call_now, search->fd) ||
	    process_is_same(call_now->process, number, search->fd) != 1)
		return true;
	fd = call_hold(call_now, number);
	search->result = fd < 0 ? fd : search->duplicate(fd, search->argument);
	return search->result == 0;
}

/* What is a duplicate is worked out first: the visitor may make them be none. */
int seccomp_each_duplicate(int fd, int (*visit)(int fd, const void *argument),
			   const void *argument)
{
	struct search search = {.duplicate = visit, .argument = argument, .fd = fd};
	int result = process_each(call_now->process, visit_if_duplicate, &search);

	return result < 0 ? result : search.result;
}

/* ---- what may wait ---- */

/* SO_RCVTIMEO or SO_SNDTIMEO in milliseconds; -1: none */
static int limit_of(int fd, int option)
{
	struct timeval limit = {.tv_sec = 0};
	socklen_t len = sizeof limit;

	if (sys_getsockopt(fd, SOL_SOCKET, option, &limit, &len) < 0 ||
	    (limit.tv_sec == 0 && limit.tv_usec == 0) || limit.tv_sec > INT_MAX / 1000 - 1)
		return -1;
	return (int)(limit.tv_sec * 1000 + (limit.tv_usec + 999) / 1000);
}

static int later(enum purpose purpose, int fd, short events, int timeout)
{
	call_now->wait = (struct wait){purpose, fd, events, timeout};
	return CALL_LATER;
}

/* Is the call done again because what it waited for did not come in time? That is the end of
 * one wait, and not of another that comes after it. */
static bool take_time_out(enum purpose purpose)
{
	bool timed_out = call_now->timed_out;

	call_now->timed_out = false;
	return timed_out && call_now->wait.purpose == purpose;
}

int seccomp_wait(int fd, short events, int timeout)
{
	int ready = sys_poll_now(fd, events);

	if (ready || timeout == 0)
		return ready;
	if (!call_now) /* before the first call: nobody is kept waiting */
		return sys_poll(fd, events, timeout);
	if (take_time_out(FOR_EVENTS))
		return 0;
	return later(FOR_EVENTS, fd, events, timeout);
}

/*
 * A caller is there; or it can be written to, so that it is no listener, and the kernel says
 * so. Of the few that are none and cannot be written to (full, shut, connecting) that is asked
 * when it is looked after those that wait: it would cost each accept() a system call. (To wait
 * for POLLOUT as well would: a VM socket says so before each caller.)
 */
static bool is_to_be_asked(int listener)
{
	return sys_poll_now(listener, POLLIN | POLLOUT) != 0;
}

/* The thread that found nobody at this descriptor; it mostly does so again, and what is waited
 * for is looked at anyway: so it is looked at first only from time to time. */
static struct {
	pid_t thread;
	int number;
	unsigned times;
} alone;

static bool nobody_is_expected(void)
{
	return alone.thread == call_now->thread && alone.number == call_now->number &&
	       ++alone.times % 8;
}

static void note_nobody(bool nobody)
{
	alone.thread = nobody ? call_now->thread : 0;
	alone.number = call_now->number;
}

bool seccomp_waits_in_vain(struct call *call)
{
	bool unknown = call->wait.purpose == FOR_CALLERS && !call->listens;

	call->listens = true;
	return unknown && sys_listens(call->wait.fd) != 1;
}

static int accept_now(int listener, struct sockaddr *addr, socklen_t *len, int flags)
{
	return (int)SYS_CALL(SYS_accept4, listener, addr, len, flags | SOCK_CLOEXEC);
}

/* Although its socket blocks: somebody else may take what poll() has seen. */
static int accept_without_waiting(int listener, struct sockaddr *addr, socklen_t *len,
				  int flags)
{
	int result = sys_ioctl(listener, FIONBIO, &(int){1});

	if (result < 0)
		return result;
	result = accept_now(listener, addr, len, flags);
	sys_ioctl(listener, FIONBIO, &(int){0});
	return result;
}

static int accept_later(int listener, int result)
{
	if (result != -EAGAIN || take_time_out(FOR_CALLERS))
		return result;
	return later(FOR_CALLERS, listener, POLLIN,
		     call_now->hands_down ? limit_of(listener, SO_RCVTIMEO) : -1);
}

static int accept_or_later(int listener, struct sockaddr *addr, socklen_t *len, int flags)
{
	int file_flags, result = -EAGAIN;

	if (call_now->wait.purpose == FOR_CALLERS) /* so it is a listener that blocks */
		return accept_later(listener,
				    accept_without_waiting(listener, addr, len, flags));
	file_flags = sys_fcntl(listener, F_GETFL, 0);
	if (file_flags < 0)
		return file_flags;
	if (file_flags & O_NONBLOCK)
		return accept_now(listener, addr, len, flags);
	if (nobody_is_expected())
		return accept_later(listener, -EAGAIN);
	if (is_to_be_asked(listener))
		result = accept_without_waiting(listener, addr, len, flags);
	note_nobody(result == -EAGAIN);
	return accept_later(listener, result);
}

int seccomp_accept(int listener, struct sockaddr *addr, socklen_t *len, int flags)
{
	struct sockaddr_storage peer;
	socklen_t full;
	int kept = lost_take_accepted(call_now, &peer, &full);

	if (kept < 0)
		return sys_return(accept_or_later(listener, addr, len, flags));
	if (addr) {
		memcpy(addr, &peer, *len < full ? *len : full);
		*len = full;
	}
	return kept;
}

/*
 * TCP's own connect(), on the program's own socket: never left to the kernel to continue, since
 * the address stands in memory that the program may have changed meanwhile. A blocking one is
 * begun as a non-blocking one, and called again when poll() says that it is over: TCP answers
 * then as it would have.
 */
int seccomp_connect(int fd, const struct sockaddr *addr, socklen_t len)
{
	int file_flags = sys_fcntl(fd, F_GETFL, 0), result;
	struct call *call = call_now;

	if (file_flags < 0)
		return sys_return(file_flags);
	if (!call->again && !call_is_there(call))
		return sys_return(-ENOENT);
	if (file_flags & O_NONBLOCK)
		return sys_return(sys_connect(fd, addr, len));
	if (take_time_out(FOR_TCP))
		return sys_return(call->first_result);
	result = sys_set_flags(fd, file_flags | O_NONBLOCK);
	if (result == 0) {
		result = sys_connect(fd, addr, len);
		sys_set_flags(fd, file_flags);
	}
	/* the end of what this call began; TCP says 0 here, SCTP does not */
	if (result == -EISCONN && call->passed && call->first_result == -EINPROGRESS)
		result = 0;
	if (result != -EINPROGRESS && result != -EALREADY)
		return sys_return(result);
	if (!call->passed)
		call->first_result = result;
	call->passed = true;
	return sys_return(later(FOR_TCP, fd, POLLOUT, limit_of(fd, SO_SNDTIMEO)));
}
