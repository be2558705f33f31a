/* SPDX-License-Identifier: MIT */
/*
 * line.c - a line of the log, put together on the stack
 */
#include "line.h"

#include <string.h>

#include "../../config/address.h"
#include "../kernel/endpoint.h"
#include "errname.h"

void line_add(struct line *line, const char *text)
{
	for (; *text && line->end < sizeof line->text - 1; text++) {
		bool breaks = (unsigned char)*text < ' ' || *text == '\177';

		if (breaks)
			line->text[line->end++] = '?';
		else
			line->text[line->end++] = *text;
	}
}

void line_add_number(struct line *line, int64_t number)
{
	char digits[24], *at = digits + sizeof digits;
	uint64_t left = number < 0 ? -(uint64_t)number : (uint64_t)number;

	*--at = 0;
	do
		*--at = (char)('0' + left % 10);
	while (left /= 10);
	line_add(line, number < 0 ? "-" : "");
	line_add(line, at);
}

void line_add_padded(struct line *line, long number, const char *pad)
{
	line_add(line, number < 10 ? pad : "");
	line_add_number(line, number);
}

void line_add_endpoint(struct line *line, const struct endpoint *ep)
{
	char text[IP_TEXT_MAX];
	bool v6 = !ip_is_v4(ep->ip);

	line_add(line, v6 ? "[" : "");
	line_add(line, ip_format(ep->ip, text));
	line_add(line, v6 ? "]:" : ":");
	line_add_number(line, ep->port);
}

void line_add_address(struct line *line, const struct sockaddr *addr, socklen_t len)
{
	struct endpoint ep;

	if (endpoint_parse(addr, len, &ep)) {
		line_add_endpoint(line, &ep);
	} else if (len < sizeof addr->sa_family) {
		line_add(line, "an address that is cut off");
	} else {
		line_add(line, "an address of family ");
		line_add_number(line, addr->sa_family);
	}
}

void line_add_error(struct line *line, int error)
{
	const char *name = errname(error);

	if (name)
		line_add(line, name);
	else
		line_add_number(line, error);
}

void line_add_rule(struct line *line, const struct ruleset *rs, const struct rule *rules,
		   int index)
{
	if (index < 0) {
		line_add(line, index == BY_PEER        ? " (a peer's address)"
			       : index == BY_SYNTHETIC ? " (the address of a CID)"
			       : index == BY_NAME
				       ? " (no rule leads the name anywhere at this port)"
				       : " (no rule matches)");
		return;
	}
	line_add(line, " (");
	line_add(line, ruleset_source(rs, &rules[index]));
	if (rules[index].line) {
		line_add(line, ":");
		line_add_number(line, rules[index].line);
	}
	line_add(line, ")");
}
