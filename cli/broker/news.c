/* SPDX-License-Identifier: MIT */
/*
 * news.c - the broker's own lines
 */
#include "news.h"

#include "../../shim/kernel/sys.h"
#include "../../shim/log/target.h"

/* The same piece of news again only after this time. */
#define AGAIN_MS 60000

void news_init(const char *target)
{
	(void)target_choose(target);
}

void news(const char *before, int64_t number, const char *behind)
{
	static const char *last;
	static int64_t when;
	struct line line;

	if (before == last && sys_now_ms() - when < AGAIN_MS)
		return;
	last = before;
	when = sys_now_ms();
	line_begin(&line);
	line_add(&line, "broker: ");
	line_add(&line, before);
	line_add(&line, " ");
	line_add_number(&line, number);
	line_add(&line, behind);
	target_write(&line);
}
