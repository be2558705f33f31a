/* SPDX-License-Identifier: MIT */
/*
 * place.c - an IP address and port in as few bits as it takes to give it back
 */
#include "place.h"

#include <arpa/inet.h>
#include <string.h>

#include "../config/address.h"

struct place place_of(const uint8_t ip[16], uint16_t port)
{
	struct place place = {.kind = PLACE_FULL, .port = port};
	uint32_t cid;

	memcpy(place.ip, ip, 16);
	if (ip_is_unspecified(ip)) {
		place.kind = PLACE_NONE;
	} else if (ip_is_v4(ip)) {
		place.kind = PLACE_IPV4;
		place.value = (uint32_t)ip[12] << 24 | (uint32_t)ip[13] << 16 |
			      (uint32_t)ip[14] << 8 | ip[15];
	} else if (ip_is_loopback(ip)) {
		place.kind = PLACE_LOOPBACK6;
	} else if (cid_of_synthetic(ip, &cid) && cid != CID_UNKNOWN) {
		place.kind = PLACE_SYNTHETIC;
		place.value = cid;
	}
	return place;
}

void place_ip(const struct place *place, bool v6, uint8_t ip[16])
{
	static const uint8_t any4[4], loopback6[16] = {[15] = 1};
	uint32_t v4 = htonl(place->value);

	switch (place->kind) {
	case PLACE_NONE:
		memset(ip, 0, 16);
		if (!v6)
			ip_from_v4(ip, any4);
		break;
	case PLACE_IPV4:
		ip_from_v4(ip, &v4);
		break;
	case PLACE_SYNTHETIC:
		synthetic_ip(place->value, true, ip);
		break;
	case PLACE_LOOPBACK6:
		memcpy(ip, loopback6, 16);
		break;
	case PLACE_FULL:
		memcpy(ip, place->ip, 16);
		break;
	}
}
