/* SPDX-License-Identifier: MIT */
/*
 * match.c - what one look-up among many rules costs
 *
 *   match exact|prefix|range RULES first|last|none
 *
 * prints nanoseconds; where the clock counts instructions, that is instructions. The rules all
 * name one port, so that the address has to decide; the ranges are of ports.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../config/ruleset.h"

static struct ruleset *make_rules(char kind, uint32_t count)
{
	struct ruleset *rs = calloc(1, sizeof *rs + count * sizeof(struct rule));
	struct rule *rules = (struct rule *)(rs + 1);

	*rs = ruleset_empty;
	rs->connect_count = count;
	for (uint32_t i = 0; i < count; i++) {
		rules[i] = (struct rule){.ip = {[10] = 0xff, [11] = 0xff, [12] = 10},
					 .prefix_bits = 128,
					 .family = RULE_IPV4,
					 .action = ACTION_VSOCK,
					 .port_first = kind == 'r' ? 5000 : 5432,
					 .port_last = kind == 'r' ? 6000 : 5432,
					 .cid = 7,
					 .peer = NO_PEER,
					 .vsock_port = 5432};
		rules[i].ip[13] = (uint8_t)(i >> 16);
		rules[i].ip[14] = (uint8_t)(i >> 8);
		rules[i].ip[15] = (uint8_t)i;
		if (kind == 'p') { /* 10.0.0.0/27, 10.0.0.32/27, ... */
			rules[i].prefix_bits = 123;
			rules[i].ip[13] = (uint8_t)(i >> 11);
			rules[i].ip[14] = (uint8_t)(i >> 3);
			rules[i].ip[15] = (uint8_t)(i << 5);
		}
	}
	return rs;
}

static double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

int main(int argc, char **argv)
{
	uint32_t count = argc == 4 ? (uint32_t)strtoul(argv[2], NULL, 10) : 0;
	struct ruleset *rs;
	struct endpoint to = {.ip = {[10] = 0xff, [11] = 0xff, [12] = 192, 168, 0, 1},
			      .port = 5432};
	int repeat, found = 0;
	double start;

	if (!count)
		return 2;
	rs = make_rules(argv[1][0], count);
	if (argv[3][0] != 'n')
		memcpy(to.ip, ((struct rule *)(rs + 1))[argv[3][0] == 'f' ? 0 : count - 1].ip,
		       16);
	repeat = count > 1000 ? 20 : 1000;
	found += decide_connect(rs, &to).action == ACTION_VSOCK;
	start = now_ns();
	for (int i = 0; i < repeat; i++)
		found += decide_connect(rs, &to).action == ACTION_VSOCK;
	printf("%.1f\n", (now_ns() - start) / repeat);
	return found != (argv[3][0] == 'n' ? 0 : repeat + 1);
}
