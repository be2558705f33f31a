/* SPDX-License-Identifier: MIT */
/*
 * trace.c - every caught call with its result: for -vv, and counted for --summary
 */
#include "trace.h"

#include <errno.h>

#include "../kernel/sys.h"
#include "../log/line.h"
#include "../log/log.h"
#include "../log/summary.h"
#include "../log/target.h"

/* Did it fail for good? */
static bool failed(int result)
{
	return result < 0 && result != CALL_ANSWERED && result != -EAGAIN &&
	       result != -EINPROGRESS && result != -EINTR;
}

static void add_result(struct line *line, int result)
{
	line_add(line, ") = ");
	if (result == CALL_ANSWERED) {
		line_add(line, "a descriptor");
		return;
	}
	line_add_number(line, result < 0 ? -1 : result);
	if (result < 0) {
		line_add(line, " ");
		line_add_error(line, -result);
	}
}

void trace_call(const struct call *call, int result)
{
	struct line line;

	if (!log_on() || result == CALL_CONTINUE)
		return;
	summary_count(COUNT_CALLS);
	if (failed(result))
		summary_count(COUNT_FAILED);
	if (call->fd == -EPERM)
		log_failure(call_name(call), call->number, "its process may not be looked into",
			    EPERM,
			    "it forbids that, as by PR_SET_DUMPABLE: run vsockify as root");
	if (!(log_what & LOG_CALLS))
		return;
	line_begin(&line);
	line_add(&line, call_name(call));
	line_add(&line, "(");
	line_add_number(&line, call->number);
	if (call->address_len) {
		line_add(&line, ", ");
		line_add_address(&line, (const struct sockaddr *)&call->address,
				 call->address_len);
	}
	add_result(&line, result);
	target_write(&line);
}
