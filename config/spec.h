/* SPDX-License-Identifier: MIT */
/*
 * spec.h - peers and rules given on the command line
 *
 *	--peer ADDRESS=CID		--peer 10.0.2.15=7
 *	--peer NAME=CID			--peer db=7
 *	--peer ADDRESS|NAME=PATH	--peer vm1=/run/vm1/v.sock
 *	--connect TO=PEER[:PORT]	--connect 10.0.2.15:5432=7:5432
 *	--connect TO=PATH[:PORT]	--connect 10.0.2.15:5432=/run/vm1/v.sock
 *	--connect TO=pass|deny		--connect '192.168.0.0/16:*=pass'
 *	--via SCHEME://PEER:PORT	--via socks5://host.vsock:1080
 *	--listen ON[=PORT]		--listen 80=8080
 *	--listen ON=PATH[:PORT]		--listen 80=./v.sock:8080
 *	--listen ON=pass|deny		--listen '127.0.0.1:*=pass'
 *
 * TO and ON are patterns as in a file (config/pattern.h), PEER is a name or a CID. PATH is that
 * of a VMM's socket: a text with a slash in it. It may be relative, and may have colons in it;
 * where a port can stand, the digits behind its last colon are one.
 *
 * --via is a rule for every address that comes behind those of the file (config/via.h).
 */
#ifndef VSOCKIFY_SPEC_H
#define VSOCKIFY_SPEC_H

#include "builder.h"

enum spec_kind {
	SPEC_PEER,
	SPEC_CONNECT,
	SPEC_LISTEN,
	SPEC_VIA,
};

/* An option of the command line. */
struct spec {
	enum spec_kind kind;
	const char *text; /* what follows --peer, --connect, --listen or --via */
};

/*
 * spec_parse() - read an option of the command line into a builder
 *
 * Errors are reported through the builder, with the whole option in place of file and line.
 */
void spec_parse(struct builder *builder, const struct spec *spec);

#endif
