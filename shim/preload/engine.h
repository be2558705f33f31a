/* SPDX-License-Identifier: MIT */
/*
 * engine.h - the preload engine's answers to the socket logic
 *
 * What each is for: ../engine.h. Calls are answered in the thread that made them, so they may
 * wait, and the program's descriptors are those of this process.
 */
#ifndef VSOCKIFY_PRELOAD_ENGINE_H
#define VSOCKIFY_PRELOAD_ENGINE_H

#include "../kernel/sys.h"
#include "alias.h"
#include "epoll.h"
#include "hint.h"
#include "poll.h"
#include "procfd.h"
#include "real.h"
#include "rouse.h"
#include "state.h"

static inline const struct broker_environment *engine_broker(void)
{
	return state_broker;
}

/* ---- the program's descriptors ---- */

static inline int engine_exchange(int spare, int fd, bool close_on_exec)
{
	return sys_dup3(spare, fd, close_on_exec ? O_CLOEXEC : 0);
}

static inline int engine_close_on_exec(int fd)
{
	int flags = sys_fcntl(fd, F_GETFD, 0);

	return flags < 0 ? flags : flags & FD_CLOEXEC;
}

static inline int engine_name(int fd, void *addr, socklen_t *len)
{
	return sys_getsockname(fd, addr, len);
}

static inline void engine_bound(uint16_t port)
{
	(void)port;
}

static inline void engine_let_go(int fd)
{
	sys_close(fd);
}

static inline int engine_set_flags(int fd, int flags)
{
	return sys_set_flags(fd, flags);
}

static inline bool engine_connects_first(void)
{
	return false;
}

static inline bool engine_has_threads(void)
{
	return !*real.single_threaded;
}

static inline int engine_each_descriptor(bool (*visit)(int fd, void *argument), void *argument)
{
	return procfd_each(visit, argument);
}

static inline int engine_each_duplicate(int fd, int (*visit)(int fd, const void *argument),
					const void *argument)
{
	return alias_each(fd, visit, argument);
}

/* ---- readiness ---- */

static inline int engine_take_out(int fd, struct carried *carried)
{
	return epoll_take_out(fd, carried);
}

static inline int engine_take_out_late(int fd, struct carried *carried)
{
	return epoll_take_out_late(fd, carried);
}

static inline int engine_put_back(int fd, const struct carried *carried)
{
	return epoll_put_back(fd, carried);
}

/* ---- what may wait ---- */

static inline int engine_wait(int fd, short events, int timeout, bool restarts)
{
	return poll_one(fd, events, timeout, restarts);
}

static inline int engine_wait_out(int fd, short events, int timeout)
{
	return sys_poll(fd, events, timeout);
}

static inline bool engine_may_wait(void)
{
	return true;
}

static inline void engine_keep(int fd)
{
	(void)fd;
}

static inline int engine_kept(void)
{
	return -1;
}

static inline void engine_cancellation_point(void)
{
	real.testcancel();
}

static inline int engine_accept(int listener, struct sockaddr *addr, socklen_t *len, int flags)
{
	return real.accept4(listener, addr, len, flags);
}

static inline int engine_connect(int fd, const struct sockaddr *addr, socklen_t len)
{
	return real.connect(fd, addr, len);
}

static inline void engine_rouse(int listener)
{
	rouse(listener);
}

static inline void engine_rouse_no_more(int listener)
{
	rouse_no_more(listener);
}

static inline ssize_t engine_read(int fd, void *data, size_t size)
{
	return real.read(fd, data, size);
}

static inline ssize_t engine_readv(int fd, const struct iovec *parts, int count)
{
	return real.readv(fd, parts, count);
}

static inline ssize_t engine_recvfrom(int fd, void *data, size_t size, int flags,
				      struct sockaddr *addr, socklen_t *len)
{
	return real.recvfrom(fd, data, size, flags, addr, len);
}

static inline ssize_t engine_recvmsg(int fd, struct msghdr *message, int flags)
{
	return real.recvmsg(fd, message, flags);
}

static inline int engine_recvmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags,
				  struct timespec *timeout)
{
	return REAL(recvmmsg)(fd, messages, count, flags, timeout);
}

static inline ssize_t engine_write(int fd, const void *data, size_t size)
{
	return real.write(fd, data, size);
}

static inline ssize_t engine_writev(int fd, const struct iovec *parts, int count)
{
	return real.writev(fd, parts, count);
}

static inline ssize_t engine_send(int fd, const void *data, size_t size, int flags)
{
	return real.send(fd, data, size, flags);
}

static inline ssize_t engine_sendto(int fd, const void *data, size_t size, int flags,
				    const struct sockaddr *addr, socklen_t len)
{
	return real.sendto(fd, data, size, flags, addr, len);
}

static inline ssize_t engine_sendmsg(int fd, const struct msghdr *message, int flags)
{
	return real.sendmsg(fd, message, flags);
}

static inline int engine_sendmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags)
{
	return REAL(sendmmsg)(fd, messages, count, flags);
}

/* ---- hints ---- */

static inline bool engine_is_made(int fd)
{
	return hint_is_made(fd);
}

static inline bool engine_is_plain(int fd)
{
	return hint_is_plain(fd);
}

static inline void engine_unmade(int fd)
{
	hint_unmade(fd);
}

static inline void engine_clear(int fd)
{
	hint_clear(fd);
}

static inline void engine_converted(int fd)
{
	hint_converted(fd);
}

static inline bool engine_was_converted(int fd)
{
	return hint_was_converted(fd);
}

static inline void engine_accepted(int fd)
{
	hint_accepted(fd);
}

static inline void engine_scattered(int fd)
{
	hint_scattered(fd);
}

static inline bool engine_has_duplicate(int fd)
{
	return alias_may_be(fd);
}

static inline void engine_undivided(int fd)
{
	hint_undivided(fd);
}

static inline void engine_option(unsigned index)
{
	hint_option(index);
}

static inline uint64_t engine_options(int fd)
{
	return hint_options(fd);
}

static inline void engine_foreign(void)
{
	hint_foreign();
}

static inline bool engine_has_owner(int fd)
{
	return hint_has_owner(fd);
}

static inline void engine_silent(int fd, bool silent)
{
	hint_silent(fd, silent);
}

static inline bool engine_is_silent(int fd)
{
	return hint_is_silent(fd);
}

static inline bool engine_any_silent(void)
{
	return hint_any_silent();
}

static inline bool engine_takes_notes(void)
{
	return true;
}

static inline void engine_shared(int fd, bool shared)
{
	hint_shared(fd, shared);
}

static inline bool engine_is_shared(int fd)
{
	return hint_is_shared(fd);
}

#endif
