/* SPDX-License-Identifier: MIT */
/*
 * stand_in.h - addresses that stand for host names
 *
 * Theory of operation
 *
 * A program that asks for a name which the rules take (host.h) gets a *stand-in*: an address
 * that leads nowhere by itself, and by which connect() finds the name again. Each name has a
 * number, which is its place in the broker's table (shim/broker/names.h), and of each family
 * one address: within `options.stand_ins`, which is 198.18.0.0/15 unless it is said otherwise,
 * and within fd76:736f:636b:1::/64.
 *
 * Why there: 198.18.0.0/15 is for measuring devices and routed by nobody (RFC 2544); programs
 * trust 127.0.0.0/8, 240.0.0.0/4 stands for CIDs (address.h) and is refused by some, and
 * 100.64.0.0/10 is in use between carriers and their customers. No stand-in ends in 0 or 255,
 * which is no host to some programs.
 *
 * All functions are pure and async-signal-safe.
 */
#ifndef VSOCKIFY_STAND_IN_H
#define VSOCKIFY_STAND_IN_H

#include "ip.h"
#include "ruleset.h"

#define STAND_INS_DEFAULT      0xc6120000u /* 198.18.0.0 */
#define STAND_INS_DEFAULT_BITS 15u
#define STAND_INS_BITS_MIN     8u
#define STAND_INS_BITS_MAX     24u

/* So many numbers there are at most. */
#define STAND_INS_MAX 32768u

/* stand_in_room() - how many numbers have an address */
uint32_t stand_in_room(const struct ruleset *rs);

/* stand_in_is() - is this address within the ranges, whether or not it stands for a name? Only
 * where the rules take names. */
bool stand_in_is(const struct ruleset *rs, const uint8_t ip[16]);

/* stand_in_number() - the number that an address belongs to; false if to none */
bool stand_in_number(const struct ruleset *rs, const uint8_t ip[16], uint32_t *number);

/*
 * stand_in_ip() - the address of a number
 * @number: below stand_in_room()
 * @v6: of which family
 */
void stand_in_ip(const struct ruleset *rs, uint32_t number, bool v6, uint8_t ip[16]);

#endif
