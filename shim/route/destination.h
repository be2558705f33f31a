/* SPDX-License-Identifier: MIT */
/*
 * destination.h - what a proxy is told
 */
#ifndef VSOCKIFY_ROUTE_DESTINATION_H
#define VSOCKIFY_ROUTE_DESTINATION_H

#include <stdbool.h>
#include <stdint.h>

#include "../../config/host.h"

/* Where it is to go on to: what the program asked for. */
struct destination {
	const char *name; /* NULL: the address */
	uint8_t ip[16];   /* IPv4 as ::ffff:a.b.c.d */
	uint16_t port;
};

/* And by whom it is told that. */
struct credentials {
	const char *user;     /* NULL: by anybody */
	const char *password; /* NULL: not known here */
};

/*
 * destination_is_sound() - is it one that can be told?
 *
 * A name comes from the program: none may say more than a name.
 */
static inline bool destination_is_sound(const struct destination *to)
{
	unsigned length = 0;

	if (!to->name)
		return true;
	for (; to->name[length]; length++) {
		char c = to->name[length];

		if (length == HOST_MAX ||
		    !((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		      (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_'))
			return false;
	}
	return length > 0;
}

#endif
