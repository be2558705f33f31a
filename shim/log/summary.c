/* SPDX-License-Identifier: MIT */
/*
 * summary.c - how often did what happen in this process?
 */
#include "summary.h"

#include <stdatomic.h>

#include "../kernel/sys.h"
#include "line.h"
#include "target.h"

typedef _Atomic unsigned long counter;

/* Decisions without a rule have an index below zero, down to BY_SYNTHETIC. */
#define WITHOUT_RULE (-BY_SYNTHETIC)

static const struct ruleset *rules_counted;
static counter *counts;                 /* [COUNT_KINDS]; NULL: nothing is counted */
static counter *by_connect, *by_listen; /* [WITHOUT_RULE + the number of rules] */

bool summary_init(const struct ruleset *rs)
{
	size_t size = sizeof(counter) * (COUNT_KINDS + 2 * WITHOUT_RULE +
					 (size_t)rs->connect_count + rs->listen_count);
	counter *memory = sys_map(size);

	if (!memory)
		return false;
	SYS_CALL(SYS_madvise, memory, size, MADV_WIPEONFORK);
	rules_counted = rs;
	by_connect = memory + COUNT_KINDS;
	by_listen = by_connect + WITHOUT_RULE + rs->connect_count;
	counts = memory;
	return true;
}

static void count(counter *c)
{
	atomic_fetch_add_explicit(c, 1, memory_order_relaxed);
}

static long value(counter *c)
{
	return (long)atomic_load_explicit(c, memory_order_relaxed);
}

void summary_count(enum summary_count kind)
{
	if (counts)
		count(&counts[kind]);
}

void summary_decision(const struct ruleset *rs, bool connect, const struct decision *d)
{
	if (counts && rs == rules_counted)
		count(&(connect ? by_connect : by_listen)[WITHOUT_RULE + d->rule]);
}

/* ---- at the end ---- */

/* What a rule, or the lack of one, does. */
static enum action action_of(bool connect, int index)
{
	const struct ruleset *rs = rules_counted;

	if (index >= 0)
		return (connect ? ruleset_connect(rs) : ruleset_listen(rs))[index].action;
	if (index != BY_DEFAULT)
		return ACTION_VSOCK;
	return connect ? rs->default_connect : rs->default_listen;
}

static void add_count(struct line *line, const char *before, long number, const char *after)
{
	line_add(line, before);
	line_add_number(line, number);
	line_add(line, after);
}

static void write_total(const long by_action[])
{
	struct line line;

	line_begin(&line);
	add_count(&line, "summary: ", value(&counts[COUNT_CALLS]), " calls");
	add_count(&line, ", ", value(&counts[COUNT_FAILED]), " failed");
	add_count(&line, "; ", by_action[ACTION_VSOCK], " to vsock");
	add_count(&line, ", ", by_action[ACTION_PASS], " to TCP");
	add_count(&line, ", ", by_action[ACTION_DENY], " denied");
	add_count(&line, "; ", value(&counts[COUNT_ACCEPTED]), " accepted over vsock");
	add_count(&line, ", ", value(&counts[COUNT_TURNED_AWAY]), " turned away");
	add_count(&line, "; ", value(&counts[COUNT_ERRORS]), " errors of vsock");
	if (target_lost())
		add_count(&line, "; ", (long)target_lost(), " lines lost");
	target_write(&line);
}

static void write_rule(bool connect, int index, long number)
{
	static const char *const outcome[] = {[ACTION_PASS] = " -> TCP",
					      [ACTION_DENY] = " -> denied",
					      [ACTION_VSOCK] = " -> vsock"};
	struct line line;

	line_begin(&line);
	line_add(&line, connect ? "summary: connect" : "summary: bind");
	line_add(&line, outcome[action_of(connect, index)]);
	add_count(&line, ": ", number, "");
	line_add_rule(&line, rules_counted,
		      connect ? ruleset_connect(rules_counted) : ruleset_listen(rules_counted),
		      index);
	target_write(&line);
}

/* Call @visit for each rule, or lack of one, that decided anything. */
static void sum_up(bool write, long by_action[])
{
	for (int connect = 1; connect >= 0; connect--) {
		int rules = (int)(connect ? rules_counted->connect_count
					  : rules_counted->listen_count);
		counter *by = connect ? by_connect : by_listen;

		for (int index = -WITHOUT_RULE; index < rules; index++) {
			long number = value(&by[WITHOUT_RULE + index]);

			if (number && write)
				write_rule(connect, index, number);
			else if (number)
				by_action[action_of(connect, index)] += number;
		}
	}
}

__attribute__((destructor)) static void write_at_exit(void)
{
	long by_action[ACTION_VSOCK + 1] = {0};

	if (!counts || !value(&counts[COUNT_CALLS]))
		return;
	sum_up(false, by_action);
	write_total(by_action);
	sum_up(true, by_action);
}
