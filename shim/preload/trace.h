/* SPDX-License-Identifier: MIT */
/*
 * trace.h - every wrapped call with its result: for -vv, and counted for --summary
 *
 * Theory of operation
 *
 * wrap.c and wrap_names.c put each call's result through one of the macros here, with what is
 * to be shown of its arguments. While nobody looks on that is one test of a variable, and the
 * arguments are not even evaluated. The name of the call is that of the function around it.
 *
 * The functions are async-signal-safe and leave errno alone.
 */
#ifndef VSOCKIFY_TRACE_H
#define VSOCKIFY_TRACE_H

#include <stdbool.h>
#include <sys/socket.h>

#include "../log/log.h"

#define TRACING __builtin_expect((log_what & (LOG_CALLS | LOG_SUMMARY)) != 0, 0)

/* TRACED() - a result as it is: "dup2(5, 6) = 6", "listen(3, 5) = -1 EADDRINUSE" */
#define TRACED(result, ...)                                                              \
	({                                                                               \
		__typeof__(result) outcome = (result);                                   \
		if (TRACING)                                                             \
			trace_numbers(__func__, outcome, (const long[]){__VA_ARGS__},    \
				      sizeof(const long[]){__VA_ARGS__} / sizeof(long)); \
		outcome;                                                                 \
	})

/* TRACED_TO() - of a call that is given an address: "connect(5, 10.0.0.1:80) = 0" */
#define TRACED_TO(result, fd, addr, len)                                     \
	({                                                                   \
		__typeof__(result) outcome = (result);                       \
		if (TRACING)                                                 \
			trace_given(__func__, outcome, (fd), (addr), (len)); \
		outcome;                                                     \
	})

/* TRACED_FROM() - of a call that gives an address: "accept(3) = 5, 240.0.0.3:1024" */
#define TRACED_FROM(result, fd, addr, len)                                           \
	({                                                                           \
		socklen_t given = TRACING && (addr) ? trace_room(len) : 0;           \
		__typeof__(result) outcome = (result);                               \
		if (TRACING)                                                         \
			trace_answer(__func__, outcome, (fd), (addr), given, (len)); \
		outcome;                                                             \
	})

/* TRACED_LOOKUP() - of a resolver's call, asked for a text; @error is NULL if it succeeded,
 * else its description, and may use `outcome`, the result: "getaddrinfo(db.vsock) = found" */
#define TRACED_LOOKUP(result, asked, error)                       \
	({                                                        \
		__typeof__(result) outcome = (result);            \
		if (TRACING)                                      \
			trace_lookup(__func__, (asked), (error)); \
		outcome;                                          \
	})

/*
 * The functions behind the macros
 * @call: its name
 * @result: as the program gets it; if it is negative, errno has the error
 */

/* trace_numbers() - a call with @count arguments that are shown as @numbers */
void trace_numbers(const char *call, long result, const long *numbers, size_t count);

/* trace_given() - a call with an address from the program, which may be NULL */
void trace_given(const char *call, long result, int fd, const struct sockaddr *addr,
		 socklen_t len);

/* trace_room() - how much of an address is asked for */
socklen_t trace_room(const socklen_t *len);

/* trace_answer() - a call with an address for the program: *@len bytes of it, of which @room
 * were asked for; 0: none */
void trace_answer(const char *call, long result, int fd, const struct sockaddr *addr,
		  socklen_t room, const socklen_t *len);

/* trace_lookup() - a resolver's call; @asked may be NULL, and so is @error if it succeeded */
void trace_lookup(const char *call, const char *asked, const char *error);

#endif
