/* SPDX-License-Identifier: MIT */
/*
 * engine.h - the seccomp engine's answers to the socket logic
 *
 * What each is for: ../engine.h. Calls are answered in another process, the supervisor, for all
 * threads of a tree of processes. Descriptors that the socket logic sees are the supervisor's
 * duplicates; what has to happen to the program's own is done here.
 *
 * Of hints there are few: to ask the kernel costs the supervisor next to nothing, beside what
 * it costs to get there.
 */
#ifndef VSOCKIFY_SECCOMP_ENGINE_H
#define VSOCKIFY_SECCOMP_ENGINE_H

#include "../kernel/sys.h"
#include "answers.h"
#include "call.h"
#include "carry.h"

_Static_assert(CALL_LATER == -ENGINE_LATER, "they mean the same");

static inline const struct ruleset *rules(void)
{
	return engine_rules;
}

static inline const struct broker_environment *engine_broker(void)
{
	return seccomp_broker;
}

/* ---- the program's descriptors ---- */

/* Whether it is close-on-exec stands where it is looked at last of all. */
static inline int engine_exchange(int spare, int fd, bool close_on_exec)
{
	(void)close_on_exec;
	return seccomp_exchange(spare, fd);
}

static inline int engine_close_on_exec(int fd)
{
	(void)fd;
	return 0; /* engine_exchange() is to say */
}

static inline int engine_name(int fd, void *addr, socklen_t *len)
{
	return call_now && fd == call_now->fd && call_take_name(call_now, addr, len)
		       ? 0
		       : sys_getsockname(fd, addr, len);
}

static inline void engine_bound(uint16_t port)
{
	call_now->port = port;
}

static inline void engine_let_go(int fd)
{
	if (call_now)
		call_close(call_now, fd);
	else
		sys_close(fd);
}

static inline int engine_set_flags(int fd, int flags)
{
	return carry_set_flags(fd, flags);
}

/* The exchange is done by the program's own thread, which has to be given a turn for it. */
static inline bool engine_connects_first(void)
{
	return true;
}

/* engine_exchange() looks itself whether another socket came under the number meanwhile. */
static inline bool engine_has_threads(void)
{
	return false;
}

static inline int engine_each_descriptor(bool (*visit)(int fd, void *argument), void *argument)
{
	return seccomp_each_ours(visit, argument);
}

static inline int engine_each_duplicate(int fd, int (*visit)(int fd, const void *argument),
					const void *argument)
{
	return seccomp_each_duplicate(fd, visit, argument);
}

/* ---- readiness ---- */

static inline int engine_take_out(int fd, struct carried *carried)
{
	return carry_take_out(fd, carried);
}

static inline int engine_take_out_late(int fd, struct carried *carried)
{
	return carry_take_out(fd, carried); /* it never knows of a call that registers one */
}

static inline int engine_put_back(int fd, const struct carried *carried)
{
	return carry_put_back(fd, carried);
}

/* ---- what may wait ---- */

static inline int engine_wait(int fd, short events, int timeout, bool restarts)
{
	(void)restarts; /* the kernel knows which signal it was */
	return seccomp_wait(fd, events, timeout);
}

static inline int engine_wait_out(int fd, short events, int timeout)
{
	return seccomp_wait(fd, events, timeout);
}

static inline bool engine_may_wait(void)
{
	return false;
}

static inline void engine_keep(int fd)
{
	call_now->kept = fd;
}

static inline int engine_kept(void)
{
	int kept = call_now->kept;

	call_now->kept = -1;
	return kept;
}

static inline void engine_cancellation_point(void)
{
}

static inline int engine_accept(int listener, struct sockaddr *addr, socklen_t *len, int flags)
{
	return seccomp_accept(listener, addr, len, flags);
}

static inline int engine_connect(int fd, const struct sockaddr *addr, socklen_t len)
{
	return seccomp_connect(fd, addr, len);
}

static inline void engine_rouse(int listener)
{
	(void)listener;
	engine_roused = true;
}

static inline void engine_rouse_no_more(int listener)
{
	(void)listener;
}

/* ---- hints ---- */

static inline bool engine_is_made(int fd)
{
	return seccomp_is_tcp(fd);
}

static inline bool engine_is_plain(int fd)
{
	(void)fd;
	return false;
}

static inline void engine_unmade(int fd)
{
	(void)fd;
}

static inline void engine_clear(int fd)
{
	(void)fd;
}

static inline void engine_converted(int fd)
{
	(void)fd;
}

static inline bool engine_was_converted(int fd)
{
	return fd != call_now->fd || call_now->family == FAMILY_OURS;
}

static inline void engine_accepted(int fd)
{
	(void)fd;
}

static inline void engine_scattered(int fd)
{
	(void)fd;
}

static inline bool engine_has_duplicate(int fd)
{
	(void)fd;
	return engine_any_duplicate;
}

static inline void engine_undivided(int fd)
{
	(void)fd;
}

static inline void engine_option(unsigned index)
{
	engine_options_set |= UINT64_C(1) << index;
}

static inline uint64_t engine_options(int fd)
{
	(void)fd;
	return engine_options_set;
}

static inline void engine_foreign(void)
{
}

static inline bool engine_has_owner(int fd)
{
	(void)fd;
	return engine_any_owner;
}

static inline void engine_silent(int fd, bool silent)
{
	(void)fd;
	engine_ever_silent = engine_ever_silent || silent;
}

static inline bool engine_is_silent(int fd)
{
	(void)fd;
	return engine_ever_silent;
}

static inline bool engine_any_silent(void)
{
	return engine_ever_silent;
}

/* A second listener is silent, or by SO_REUSEPORT a duplicate: what share.h notes by number
 * would have to be told apart for each process. */
static inline bool engine_takes_notes(void)
{
	return false;
}

static inline void engine_shared(int fd, bool shared)
{
	(void)fd;
	(void)shared;
}

static inline bool engine_is_shared(int fd)
{
	(void)fd;
	return false;
}

#endif
