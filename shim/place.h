/* SPDX-License-Identifier: MIT */
/*
 * place.h - an IP address and port in as few bits as it takes to give it back
 *
 * Pure functions: no system call, async-signal-safe.
 */
#ifndef VSOCKIFY_PLACE_H
#define VSOCKIFY_PLACE_H

#include <stdbool.h>
#include <stdint.h>

enum place_kind {
	PLACE_NONE,      /* unspecified, or not known */
	PLACE_IPV4,      /* value: the address, its first byte in the highest bits */
	PLACE_SYNTHETIC, /* value: the CID of a synthetic IPv6 address (config/address.h) */
	PLACE_LOOPBACK6, /* ::1 */
	PLACE_FULL,      /* ip; the only kind that takes more than 34 bits */
};

struct place {
	enum place_kind kind;
	uint32_t value;
	uint8_t ip[16];
	uint16_t port; /* TCP port, host byte order; 0: the kernel knows better */
};

/* place_is_any() - is it an unspecified address, :: or (mapped) 0.0.0.0? */
static inline bool place_is_any(const struct place *place)
{
	return place->kind == PLACE_NONE || (place->kind == PLACE_IPV4 && place->value == 0);
}

/* place_of() - the most compact form of an address; unspecified ones give PLACE_NONE */
struct place place_of(const uint8_t ip[16], uint16_t port);

/* place_ip() - the address again; @v6 says what PLACE_NONE is: :: or (mapped) 0.0.0.0 */
void place_ip(const struct place *place, bool v6, uint8_t ip[16]);

#endif
