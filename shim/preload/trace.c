/* SPDX-License-Identifier: MIT */
/*
 * trace.c - every wrapped call with its result: for -vv, and counted for --summary
 */
#include "trace.h"

#include <errno.h>

#include "../kernel/endpoint.h"
#include "../log/line.h"
#include "../log/summary.h"
#include "../log/target.h"
#include "../transport/transport.h"

static void begin(struct line *line, const char *call)
{
	line_begin(line);
	line_add(line, call);
	line_add(line, "(");
}

static void add_result(struct line *line, long result)
{
	line_add(line, ") = ");
	line_add_number(line, result);
	if (result < 0) {
		line_add(line, " ");
		line_add_error(line, errno);
	}
}

/* Count a call; is it to be shown too? */
static bool counted(bool failed)
{
	summary_count(COUNT_CALLS);
	if (failed)
		summary_count(COUNT_FAILED);
	return log_what & LOG_CALLS;
}

/* Did it fail for good? Not if it has only not come to an end yet. */
static bool failed(long result)
{
	return result < 0 && errno != EAGAIN && errno != EINPROGRESS && errno != EINTR;
}

void trace_numbers(const char *call, long result, const long *numbers, size_t count)
{
	struct line line;

	if (!counted(failed(result)))
		return;
	begin(&line, call);
	for (size_t i = 0; i < count; i++) {
		line_add(&line, i ? ", " : "");
		line_add_number(&line, numbers[i]);
	}
	add_result(&line, result);
	target_write(&line);
}

static void add_address(struct line *line, const struct sockaddr *addr, socklen_t len)
{
	struct vm_address name;

	if (!transport_read_name(addr, len, &name) || name.path) {
		line_add_address(line, addr, len);
		return;
	}
	line_add(line, "vsock ");
	line_add_number(line, name.cid);
	line_add(line, ":");
	line_add_number(line, name.port);
}

void trace_given(const char *call, long result, int fd, const struct sockaddr *addr,
		 socklen_t len)
{
	struct line line;

	if (!counted(failed(result)))
		return;
	begin(&line, call);
	line_add_number(&line, fd);
	if (addr && endpoint_given(addr, len)) {
		line_add(&line, ", ");
		add_address(&line, addr, len);
	}
	add_result(&line, result);
	target_write(&line);
}

socklen_t trace_room(const socklen_t *len)
{
	return memory_readable(len, sizeof *len) ? *len : 0;
}

void trace_answer(const char *call, long result, int fd, const struct sockaddr *addr,
		  socklen_t room, const socklen_t *len)
{
	struct line line;

	if (!counted(failed(result)))
		return;
	begin(&line, call);
	line_add_number(&line, fd);
	add_result(&line, result);
	if (result >= 0 && room && *len) {
		line_add(&line, ", ");
		add_address(&line, addr, *len < room ? *len : room);
	}
	target_write(&line);
}

void trace_lookup(const char *call, const char *asked, const char *error)
{
	struct line line;

	if (!counted(error))
		return;
	begin(&line, call);
	line_add(&line, asked ? asked : "");
	line_add(&line, ") = ");
	line_add(&line, error ? error : "found");
	target_write(&line);
}
