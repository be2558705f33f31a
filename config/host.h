/* SPDX-License-Identifier: MIT */
/*
 * host.h - host names, as programs ask for them and as rules have them
 *
 * Theory of operation
 *
 * A name is compared in its *normal* form: ASCII, in lower case, without a dot at its end. A
 * rule's pattern has the same form, and may begin with "*.", which stands for one label or
 * more:
 * "*.example.com" meets a.example.com and a.b.example.com, not example.com itself. Names are
 * met as they were written: what a resolver would put behind a short one is not asked for.
 *
 * A rule that leads a name elsewhere *takes* it: it is never looked up, for no server that this
 * machine can ask has to know it. The program gets an address instead that stands for the name
 * (stand_in.h). Before a name is looked up nobody knows for which port, so it is taken if any
 * rule takes it, and the port decides when the program connects.
 *
 * All functions are pure and async-signal-safe.
 */
#ifndef VSOCKIFY_HOST_H
#define VSOCKIFY_HOST_H

#include "ruleset.h"

/* The longest name, without the NUL; of one of its labels. */
#define HOST_MAX       253
#define HOST_LABEL_MAX 63

/*
 * host_normal() - the normal form of a name
 * Return: false if it is none: a character that no host has, a label that is empty or too long
 */
bool host_normal(const char *name, char normal[HOST_MAX + 1]);

/* host_is_number() - does a name end as numeric addresses do: "10.0.0.300", "10.1", "0x7f.1"?
 */
bool host_is_number(const char *name);

/* host_is_local() - is it "localhost", or below that? @name: in normal form */
bool host_is_local(const char *name);

/* host_meets() - does a rule's pattern meet a name? Both in normal form. */
bool host_meets(const char *pattern, const char *name);

/* host_covers() - does one pattern meet every name that another meets? */
bool host_covers(const char *outer, const char *inner);

/* What a host name means to the rules. */
enum taking {
	NAME_FREE,  /* nothing: it is libc's */
	NAME_TAKEN, /* it is never looked up */
	NAME_BAD,   /* nor is it, and there is no such name */
};

/*
 * host_taking() - do the rules take a name?
 * @name: as the program wrote it
 * @normal: filled in for NAME_TAKEN
 */
enum taking host_taking(const struct ruleset *rs, const char *name, char normal[HOST_MAX + 1]);

/* host_takes_all() - do the rules take names of which none of them says anything? */
bool host_takes_all(const struct ruleset *rs);

#endif
