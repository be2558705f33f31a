/* SPDX-License-Identifier: MIT */
/*
 * stand_in.c - addresses that stand for host names
 */
#include "stand_in.h"

/* Of 256 addresses, those that end in neither 0 nor 255. */
#define USED 254u

/* fd76:736f:636b:1::/64, beside that of CIDs, and its first address that is used. */
static const uint8_t v6_prefix[8] = {0xfd, 'v', 's', 'o', 'c', 'k', 0, 1};
#define V6_FIRST 1u

static uint32_t get_word(const uint8_t *bytes)
{
	return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 |
	       bytes[3];
}

static void put_word(uint8_t *bytes, uint32_t word)
{
	bytes[0] = (uint8_t)(word >> 24);
	bytes[1] = (uint8_t)(word >> 16);
	bytes[2] = (uint8_t)(word >> 8);
	bytes[3] = (uint8_t)word;
}

uint32_t stand_in_room(const struct ruleset *rs)
{
	uint32_t addresses = USED << (24 - rs->stand_ins_bits);

	return addresses < STAND_INS_MAX ? addresses : STAND_INS_MAX;
}

bool stand_in_is(const struct ruleset *rs, const uint8_t ip[16])
{
	if (!rs->takes_names)
		return false;
	if (!ip_is_v4(ip))
		return memcmp(ip, v6_prefix, sizeof(v6_prefix)) == 0;
	return (get_word(ip + 12) ^ rs->stand_ins) >> (32 - rs->stand_ins_bits) == 0;
}

bool stand_in_number(const struct ruleset *rs, const uint8_t ip[16], uint32_t *number)
{
	uint32_t place = get_word(ip + 12);

	if (!stand_in_is(rs, ip))
		return false;
	if (!ip_is_v4(ip)) {
		*number = place - V6_FIRST;
		return get_word(ip + 8) == 0 && *number < stand_in_room(rs);
	}
	place -= rs->stand_ins;
	*number = place / 256 * USED + place % 256 - 1;
	return place % 256 >= 1 && place % 256 <= USED && *number < stand_in_room(rs);
}

void stand_in_ip(const struct ruleset *rs, uint32_t number, bool v6, uint8_t ip[16])
{
	if (v6) {
		memset(ip, 0, 16);
		memcpy(ip, v6_prefix, sizeof(v6_prefix));
		put_word(ip + 12, number + V6_FIRST);
		return;
	}
	memcpy(ip, ip_mapped_prefix, sizeof(ip_mapped_prefix));
	put_word(ip + 12, rs->stand_ins + number / USED * 256 + number % USED + 1);
}
