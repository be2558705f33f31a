/* SPDX-License-Identifier: MIT */
/*
 * ip.h - IP addresses as vsockify has them: 16 bytes, an IPv4 address in its mapped form
 *
 * Here and not in a source file, because each is a comparison or two at every connect(), and
 * a call would cost as much again. All functions are pure and async-signal-safe.
 */
#ifndef VSOCKIFY_IP_H
#define VSOCKIFY_IP_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* ::ffff:0:0/96 */
static const uint8_t ip_mapped_prefix[12] = {[10] = 0xff, [11] = 0xff};

/* ip_from_v4() - the mapped form of an IPv4 address; @v4: four bytes, network order */
static inline void ip_from_v4(uint8_t ip[16], const void *v4)
{
	memcpy(ip, ip_mapped_prefix, sizeof(ip_mapped_prefix));
	memcpy(ip + 12, v4, 4);
}

/* ip_is_v4() - is it an IPv4-mapped address? */
static inline bool ip_is_v4(const uint8_t ip[16])
{
	return memcmp(ip, ip_mapped_prefix, sizeof(ip_mapped_prefix)) == 0;
}

/* ip_is_unspecified() - 0.0.0.0 (mapped) or :: */
static inline bool ip_is_unspecified(const uint8_t ip[16])
{
	static const uint8_t zeros[16];

	return memcmp(ip + 12, zeros, 4) == 0 && (ip_is_v4(ip) || memcmp(ip, zeros, 12) == 0);
}

/* ip_is_loopback() - 127.0.0.0/8 (mapped) or ::1 */
static inline bool ip_is_loopback(const uint8_t ip[16])
{
	static const uint8_t v6_loopback[16] = {[15] = 1};

	return ip_is_v4(ip) ? ip[12] == 127 : memcmp(ip, v6_loopback, 16) == 0;
}

/* ip_loopback_if_unspecified() - what connect(2) really takes 0.0.0.0 and :: for; in place */
static inline void ip_loopback_if_unspecified(uint8_t ip[16])
{
	if (!ip_is_unspecified(ip))
		return;
	if (ip_is_v4(ip))
		ip[12] = 127;
	ip[15] = 1;
}

#endif
