/* SPDX-License-Identifier: MIT */
/*
 * connect.c - connect(), to a TCP server or to a VM socket
 *
 * Theory of operation
 *
 * Every connect of an AF_VSOCK socket is a non-blocking one; a program that asked for a
 * blocking one waits in poll(). The kernel's own blocking vsock connect aborts the attempt on
 * a signal, ignores SO_SNDTIMEO, and does not notice a shutdown() by another thread
 * (net/vmw_vsock/af_vsock.c, vsock_connect()); TCP's does none of that.
 *
 * A second connect() finds the socket converted. TCP's answers (EISCONN, EALREADY, the error
 * of the first attempt, or a fresh attempt) are worked out from the kernel's state, since
 * AF_VSOCK answers EALREADY for ever once an attempt has failed; a fresh attempt takes a fresh
 * socket.
 */
#include "connect.h"

#include <limits.h>
#include <linux/time_types.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>

#include "../config/address.h"
#include "convert.h"
#include "error.h"
#include "hint.h"
#include "log.h"
#include "option.h"
#include "port.h"
#include "real.h"
#include "state.h"
#include "sys.h"

/* One attempt, and all it needs to know. */
struct attempt {
	const struct ruleset *rs;
	int fd;
	struct endpoint to;
	struct decision decision;
	struct mark mark; /* for the new socket; all zero at first */
};

/* ---- waiting, as TCP's blocking connect waits ---- */

/* Milliseconds until SO_SNDTIMEO; -1 for no limit. */
static int send_timeout(int fd)
{
	struct timeval limit;
	socklen_t len = sizeof limit;

	if (!option_maybe_set(fd, SOL_SOCKET, SO_SNDTIMEO) ||
	    sys_getsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, &len) < 0 ||
	    (limit.tv_sec == 0 && limit.tv_usec == 0))
		return -1;
	if (limit.tv_sec > INT_MAX / 1000 - 1)
		return -1;
	return (int)(limit.tv_sec * 1000 + (limit.tv_usec + 999) / 1000);
}

/* Raised by what the thread itself does, so not while it waits: runtimes and crash reporters
 * handle these, and seldom care for SA_RESTART. */
static bool is_fault(int signal)
{
	return signal == SIGSEGV || signal == SIGBUS || signal == SIGFPE || signal == SIGILL ||
	       signal == SIGTRAP || signal == SIGSYS || signal == SIGABRT;
}

/*
 * Was the handler that interrupted us installed with SA_RESTART? The kernel does not tell
 * which signal it was, so: yes, if every handler of this process is that may have run.
 */
static bool interrupted_calls_restart(void)
{
	struct sigaction action;
	int saved = errno;
	bool restart = true;

	for (int signal = 1; signal < NSIG && restart; signal++)
		if (!is_fault(signal) && sigaction(signal, NULL, &action) == 0 &&
		    action.sa_handler != SIG_DFL && action.sa_handler != SIG_IGN &&
		    !(action.sa_flags & SA_RESTART))
			restart = false;
	errno = saved;
	return restart;
}

/* How the attempt ended, once poll() has said that it did. */
static int outcome(int fd, short revents)
{
	/* Always asked: vsock_poll() looks at the error before it takes the socket's lock, so a
	 * refusal that comes just then shows as POLLOUT without POLLERR. */
	int error = 0, result = sys_getsockopt_int(fd, SOL_SOCKET, SO_ERROR, &error);

	if (revents & POLLNVAL) /* closed by a signal handler, or another thread */
		return -EBADF;
	/* shutdown() by another thread; TCP's attempt ends so (tcp_disconnect()) */
	if (revents & POLLHUP)
		return -ECONNRESET;
	if (result < 0)
		return result;
	return error ? -tcp_error(error) : 0;
}

/* libc's poll() under its other public name, in case the program has one of its own */
extern int __poll(struct pollfd *fds, nfds_t count, int timeout);

/* poll() is a cancellation point, as connect() is. */
int connect_wait(int fd)
{
	int timeout = send_timeout(fd), saved = errno, ready;
	struct pollfd poll_fd = {.fd = fd, .events = POLLOUT};

	do
		ready = __poll(&poll_fd, 1, timeout);
	while (ready < 0 && errno == EINTR && timeout < 0 && interrupted_calls_restart());
	if (ready < 0)
		ready = -errno;
	errno = saved;
	if (ready < 0)
		return ready;
	return ready == 0 ? -EINPROGRESS : outcome(fd, poll_fd.revents);
}

/* ---- an attempt ---- */

static void set_connect_timeout(int fd, const struct ruleset *rs)
{
	struct __kernel_sock_timeval limit = {
		.tv_sec = (int64_t)(rs->connect_timeout_us / 1000000),
		.tv_usec = (int64_t)(rs->connect_timeout_us % 1000000),
	};

	if (rs->connect_timeout_us)
		sys_setsockopt(fd, AF_VSOCK, SO_VM_SOCKETS_CONNECT_TIMEOUT_NEW, &limit,
			       sizeof limit);
}

static int begin_connect(int fd, const struct decision *to)
{
	struct sockaddr_vm vm = {
		.svm_family = AF_VSOCK, .svm_cid = to->cid, .svm_port = to->port};

	return sys_connect(fd, &vm, sizeof vm);
}

/* Bind to the port that the program chose with bind(), if it did; else to one of ours. */
static void bind_source(int fd, struct mark *m)
{
	struct sockaddr_vm vm = {
		.svm_family = AF_VSOCK, .svm_cid = VMADDR_CID_ANY, .svm_port = m->local.port};

	if (m->local.port && sys_bind(fd, &vm, sizeof vm) == 0)
		return;
	m->local.port = 0; /* then the kernel's number is shown */
	bind_client_port(fd);
}

/* Note whether the outcome of an attempt is still to be reported by a later connect(). */
static void note_begun(int fd, bool begun)
{
	struct mark before, after;

	if (mark_read(fd, &before) != 1)
		return;
	after = before;
	after.begun = begun;
	mark_write(fd, &before, &after);
}

/* What connect() returns for an attempt that was begun with @result. */
static int conclude(int fd, int file_flags, int result)
{
	if (result == -EINPROGRESS && !(file_flags & O_NONBLOCK)) {
		result = connect_wait(fd);
		if (result == -EINTR || result == -EINPROGRESS)
			note_begun(fd, true);
		return result; /* in TCP's words already */
	}
	if (result < 0 && result != -EINPROGRESS) {
		log_failure("connect", fd, "the kernel refuses", -result);
		result = -tcp_error(-result);
	}
	return result;
}

/* The same for a socket that replaces one of ours: @old_name is what that was bound to. If it
 * lives on in another process, the port is not to be had. */
static void bind_source_again(int fd, struct mark *m, const struct sockaddr_vm *old_name)
{
	struct mark before = *m;

	if (sys_bind(fd, old_name, sizeof *old_name) == 0)
		return;
	m->local.port = 0;
	bind_client_port(fd);
	mark_write(fd, &before, m);
}

/*
 * The kernel refused at once, so nothing is under way: the socket is as one that was never
 * connected. (Its own state may say otherwise: vsock_connect() leaves TCP_SYN_SENT behind when
 * the transport refuses.)
 */
static void take_back(int fd, const struct mark *m)
{
	struct mark after = *m;

	after.peer = (struct place){.kind = PLACE_NONE};
	after.begun = false;
	mark_write(fd, m, &after);
}

/* Put a fresh AF_VSOCK socket under the descriptor and connect it. */
static int connect_fresh(struct attempt *a, const struct sockaddr_vm *old_name)
{
	struct conversion c;
	bool rebind = old_name && a->mark.local.port;
	int result = conversion_begin(&c, a->fd);

	if (result < 0) {
		log_failure("connect", a->fd, "cannot make an AF_VSOCK socket", -result);
		return -tcp_error(-result);
	}
	a->mark.begun = c.file_flags & O_NONBLOCK;
	if (!rebind)
		bind_source(c.spare, &a->mark);
	result = conversion_mark(&c, a->rs, &a->mark);
	if (result < 0) {
		conversion_abort(&c);
		return result;
	}
	set_connect_timeout(c.spare, a->rs);
	result = conversion_commit(&c);
	if (result < 0)
		return result;
	if (rebind) /* the old socket had the port until now */
		bind_source_again(c.spare, &a->mark, old_name);
	result = begin_connect(c.spare, &a->decision);
	if (result < 0 && result != -EINPROGRESS)
		take_back(c.spare, &a->mark);
	conversion_finish(&c);
	return conclude(a->fd, c.file_flags, result);
}

/* The first connect() of a TCP socket. */
static int connect_tcp(struct attempt *a, const struct subject *s)
{
	a->mark.v6 = s->v6;
	a->mark.peer = place_of(a->to.ip, a->to.port);
	if (s->local.port || !ip_is_unspecified(s->local.ip))
		a->mark.local = place_of(s->local.ip, s->local.port);
	option_keep(a->fd, &a->mark, hint_options(a->fd));
	return connect_fresh(a, NULL);
}

/* The first connect() of a socket that bind() converted: it keeps its socket. */
static int connect_bound(struct attempt *a, const struct subject *s)
{
	int flags = sys_fcntl(a->fd, F_GETFL, 0), result;

	a->mark = s->mark;
	a->mark.peer = place_of(a->to.ip, a->to.port);
	a->mark.begun = flags & O_NONBLOCK;
	result = mark_write(a->fd, &s->mark, &a->mark);
	if (result < 0)
		return result;
	set_connect_timeout(a->fd, a->rs);
	sys_fcntl(a->fd, F_SETFL, flags | O_NONBLOCK);
	result = begin_connect(a->fd, &a->decision);
	if (result < 0 && result != -EINPROGRESS)
		take_back(a->fd, &a->mark);
	if (!(flags & O_NONBLOCK))
		sys_fcntl(a->fd, F_SETFL, flags);
	return conclude(a->fd, flags, result);
}

/* ---- a converted socket, connected once more ---- */

enum progress { UNCONNECTED, CONNECTING, CONNECTED, FAILED };

/* Return: an enum progress, or a negated errno. */
static int progress_of(int fd, const struct mark *m)
{
	int answer = m->shut ? 1 : sys_connected(fd) ?: sys_listens(fd);

	if (answer)
		return answer < 0 ? answer : CONNECTED;
	if (m->peer.kind == PLACE_NONE)
		return UNCONNECTED;
	answer = sys_poll_now(fd, POLLOUT);
	if (answer < 0)
		return answer;
	return answer ? FAILED : CONNECTING;
}

/* TCP reports a connection once to a connect() that comes after it was made, then EISCONN. */
static int already_connected(int fd, const struct mark *m)
{
	struct mark after = *m;

	if (!m->begun)
		return -EISCONN;
	after.begun = false;
	mark_write(fd, m, &after);
	return 0;
}

/*
 * A failure is reported once too: ECONNABORTED if SO_ERROR was read before. Only after that
 * does a connect() make a fresh attempt (__inet_stream_connect()).
 */
static int already_failed(int fd, const struct mark *m)
{
	int error, result = sys_getsockopt_int(fd, SOL_SOCKET, SO_ERROR, &error);
	struct mark after = *m;

	if (result < 0)
		return result;
	if (m->begun) {
		after.begun = false;
		mark_write(fd, m, &after);
		return error ? -tcp_error(error) : -ECONNABORTED;
	}
	return error ? -tcp_error(error) : 1;
}

/* A blocking socket waits for the end of the attempt that is under way. */
static int still_connecting(int fd)
{
	int flags = sys_fcntl(fd, F_GETFL, 0), result;

	if (flags < 0)
		return flags;
	if (flags & O_NONBLOCK)
		return -EALREADY;
	result = connect_wait(fd);
	if (result == -EINPROGRESS)
		return -EALREADY;
	if (result != -EINTR)
		note_begun(fd, false);
	return result;
}

/*
 * may_connect_again() - TCP's answer to a connect() on this converted socket
 * Return: 1 if a new attempt is to be made; else what connect() returns
 */
static int may_connect_again(int fd, const struct mark *m)
{
	int progress = progress_of(fd, m);

	switch (progress) {
	case UNCONNECTED:
		return 1;
	case CONNECTING:
		return still_connecting(fd);
	case CONNECTED:
		return already_connected(fd, m);
	case FAILED:
		return already_failed(fd, m);
	default:
		return progress;
	}
}

/* TCP's refusal of an address that the socket cannot reach; 0 if it can. */
static int refuse(const struct mark *m, const struct endpoint *to, const struct sockaddr *addr,
		  socklen_t len)
{
	int result = endpoint_refused(m->v6, addr, len);

	if (result == 0 && m->v6only && ip_is_v4(to->ip))
		result = -ENETUNREACH;
	return result;
}

static int connect_converted(struct attempt *a, const struct subject *s,
			     const struct sockaddr *addr, socklen_t len)
{
	int result = may_connect_again(a->fd, &s->mark);

	if (result == 1)
		result = refuse(&s->mark, &a->to, addr, len) ?: 1;
	if (result != 1)
		return result;
	if (a->decision.action == ACTION_DENY)
		return -ECONNREFUSED;
	if (s->mark.peer.kind == PLACE_NONE)
		return connect_bound(a, s);
	a->mark = s->mark;
	a->mark.peer = place_of(a->to.ip, a->to.port);
	return connect_fresh(a, &s->vm);
}

/* ---- addresses that no rule takes ---- */

/* A converted socket that is to connect by TCP, or to be disconnected: make it TCP again. */
static int connect_undone(int fd, const struct mark *m, const struct sockaddr *addr,
			  socklen_t len)
{
	int result = addr->sa_family == AF_UNSPEC ? 1 : may_connect_again(fd, m);

	if (result == 1) {
		result = conversion_undo(fd, m);
		if (result == 0)
			return __connect(fd, addr, len);
	}
	return sys_return(result);
}

static void log_passed(const struct ruleset *rs, int fd, const struct endpoint *to,
		       const struct decision *decision)
{
	struct subject s;

	if (log_on() && inspect(fd, &s) == 0 && s.kind != SUBJECT_OTHER)
		log_decision(rs, "connect", fd, to, decision);
}

/* Does this error come from an AF_VSOCK socket's dislike of the address? */
static bool refused_by_vsock(int error, sa_family_t family)
{
	return error == EINVAL ||
	       (family == AF_UNSPEC && (error == EISCONN || error == EALREADY));
}

/*
 * libc's connect(), unless the socket is one that was converted before. Where the kernel does
 * not say, libc's it is: the rules want TCP here, and an AF_VSOCK socket will refuse.
 */
static int connect_passed(int fd, const struct sockaddr *addr, socklen_t len)
{
	bool suspected = hint_was_converted(fd);
	struct subject s;
	int result = 0;

	if (!suspected) {
		result = __connect(fd, addr, len);
		if (result == 0 || !refused_by_vsock(errno, addr->sa_family))
			return result;
	}
	if (inspect(fd, &s) == 0 && s.kind == SUBJECT_CONVERTED)
		return connect_undone(fd, &s.mark, addr, len);
	return suspected ? __connect(fd, addr, len) : result;
}

/* Is this TCP socket one that a connect to @to can convert? 1; 0: the kernel says why not; or
 * a negated errno. */
static int connectable(int fd, const struct subject *s, const struct endpoint *to,
		       sa_family_t family)
{
	int v6only = 0, result = 0;

	if (s->tcp_state != TCP_CLOSE || s->v6 != (family == AF_INET6))
		return 0;
	if (s->v6 && ip_is_v4(to->ip))
		result = sys_getsockopt_int(fd, IPPROTO_IPV6, IPV6_V6ONLY, &v6only);
	return result < 0 ? result : !v6only;
}

/* connect() to an address that the rules take: the result, as the kernel gives one; 1 if the
 * socket is none of ours. */
static int connect_by_rules(int fd, const struct sockaddr *addr, socklen_t len,
			    const struct ruleset *rs, const struct endpoint *to,
			    const struct decision *decision)
{
	struct attempt a = {.rs = rs, .fd = fd, .to = *to, .decision = *decision};
	struct subject s;
	int result = inspect(fd, &s);

	if (result == 0 && s.kind != SUBJECT_OTHER)
		result = s.kind == SUBJECT_TCP ? connectable(fd, &s, to, addr->sa_family) : 1;
	if (result < 0) {
		log_failure("connect", fd, "the kernel does not say what this is", -result);
		return result;
	}
	if (result == 0)
		return 1;
	pthread_testcancel();
	log_decision(rs, "connect", fd, to, decision);
	if (s.kind == SUBJECT_CONVERTED)
		return connect_converted(&a, &s, addr, len);
	if (decision->action == ACTION_DENY)
		return -ECONNREFUSED;
	return connect_tcp(&a, &s);
}

int shim_connect(int fd, const struct sockaddr *addr, socklen_t len)
{
	const struct ruleset *rs = rules();
	struct decision decision;
	struct endpoint to;
	int result;

	if (!endpoint_parse(addr, len, &to)) {
		if (addr && len >= sizeof addr->sa_family && addr->sa_family == AF_UNSPEC)
			return connect_passed(fd, addr, len);
		return __connect(fd, addr, len);
	}
	ip_loopback_if_unspecified(to.ip); /* as getpeername() will say */
	decision = decide_connect(rs, &to);
	if (decision.action == ACTION_PASS) {
		log_passed(rs, fd, &to, &decision);
		return connect_passed(fd, addr, len);
	}
	result = connect_by_rules(fd, addr, len, rs, &to, &decision);
	return result == 1 ? __connect(fd, addr, len) : sys_return(result);
}
