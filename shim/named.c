/* SPDX-License-Identifier: MIT */
/*
 * named.c - addresses that stand for host names, as programs meet them
 */
#include "named.h"

#include "ask.h"
#include "kernel/endpoint.h"
#include "kernel/sys.h"

int named_ip(const struct ruleset *rs, const char *name, bool v6, uint8_t ip[16])
{
	const struct names *names = ask_names();
	int32_t number;
	int result;

	if (!names)
		return -ENOENT;
	number = names_find(names, rs, name);
	if (number < 0) {
		result = ask_name(name);
		if (result < 0)
			return result;
		number = names_find(names, rs, name);
	}
	if (number < 0)
		return -EPROTO;
	stand_in_ip(rs, (uint32_t)number, v6, ip);
	return 0;
}

bool named_text(const struct ruleset *rs, const uint8_t ip[16], char name[HOST_MAX + 1])
{
	const struct names *names;
	uint32_t number;

	if (!stand_in_number(rs, ip, &number))
		return false;
	names = ask_names();
	return names && names_text(names, number, name);
}

struct decision named_decide(const struct ruleset *rs, const struct endpoint *to,
			     char name[HOST_MAX + 1])
{
	return names_decide(stand_in_is(rs, to->ip) ? ask_names() : NULL, rs, to, name);
}

bool named_refuses(const struct ruleset *rs, int fd, const struct sockaddr *addr, socklen_t len)
{
	struct endpoint to;
	int type = SOCK_STREAM;

	return rs->takes_names && endpoint_given(addr, len) && endpoint_parse(addr, len, &to) &&
	       stand_in_is(rs, to.ip) &&
	       sys_getsockopt_int(fd, SOL_SOCKET, SO_TYPE, &type) == 0 && type != SOCK_STREAM;
}
