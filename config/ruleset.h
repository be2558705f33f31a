/* SPDX-License-Identifier: MIT */
/*
 * ruleset.h - the rules in force, as one flat, position-independent image
 *
 * Theory of operation
 *
 * A configuration is read once (config/parse.c, config/spec.c), and compiled into an *image*:
 * a header followed by arrays, with offsets in place of pointers. The same bytes serve the
 * launcher (--check), travel to the program in its environment (config/carry.c), and are
 * what the shim matches against (config/match.c). Whoever holds an image may read it from
 * any thread and from a signal handler: nothing in it changes after it was made.
 *
 * Addresses are 16 bytes everywhere, IPv4 in its IPv4-mapped form (::ffff:a.b.c.d), so that
 * one comparison serves both families and a rule for 10.0.0.1 also meets a program that
 * connects an IPv6 socket to ::ffff:10.0.0.1.
 *
 * Everything in this header is in host byte order, except the bytes of addresses.
 */
#ifndef VSOCKIFY_RULESET_H
#define VSOCKIFY_RULESET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An IP address and a TCP port (host byte order). */
struct endpoint {
	uint8_t ip[16]; /* IPv4 as ::ffff:a.b.c.d */
	uint16_t port;
};

enum action {
	ACTION_PASS,  /* leave the call to libc: ordinary TCP */
	ACTION_DENY,  /* ECONNREFUSED to connect, EACCES to bind */
	ACTION_VSOCK, /* convert the socket */
};

/* Which addresses a rule can meet at all. */
enum rule_family {
	RULE_ANY_FAMILY, /* "*" */
	RULE_IPV4,
	RULE_IPV6,
	RULE_HOST, /* none: those that stand for names (host.h) */
};

/* One connect or listen rule. */
struct rule {
	uint8_t ip[16];      /* the prefix; bits past prefix_bits are zero */
	uint8_t prefix_bits; /* 0..128, counted in the 16-byte form: 10.0.0.0/8 has 104 */
	uint8_t family;      /* enum rule_family */
	uint8_t action;      /* enum action */
	uint8_t all_ports;   /* written with "*" as its port */
	uint16_t port_first; /* TCP ports, inclusive; 0..65535 when all_ports */
	uint16_t port_last;
	uint8_t fixed_port; /* every TCP port becomes vsock_port, no offset ("*" with a port) */
	uint8_t restricted; /* listen: has an accept_from list (which may be empty) */
	uint16_t source;    /* index into the sources: the file or argument it came from */
	uint32_t line;      /* in the source; 0 for the command line */
	uint32_t cid;       /* connect, ACTION_VSOCK: the peer */
	uint32_t vsock_port;   /* what port_first becomes; the others follow in step */
	uint32_t accept_first; /* index of the first of accept_from */
	uint32_t accept_count;
	uint32_t peer; /* ACTION_VSOCK: index of the peer that it names, or NO_PEER; of a listen
			  rule: whose guest may call, a peer with a socket */
	uint32_t guest_first; /* listen, with a peer: index of it and others whose guests may
				 call at the same socket */
	uint32_t guest_count;
	uint32_t at;   /* listen, with a peer: offset of the path of the socket itself, to which
			  those of all guests lead; 0: the peer's */
	uint32_t host; /* connect, RULE_HOST: offset of the pattern of names, in normal form */
	uint32_t via;  /* connect, ACTION_VSOCK: 0; or the proxy that it leads to, counted from
			  1 */
	uint32_t accept_proxy; /* listen, restricted or with a peer: whoever calls says first,
				  in a header of the PROXY protocol, whose connection it is */
};

/* A rule, or a decision, that no entry among the peers belongs to. */
#define NO_PEER UINT32_MAX

/*
 * A peer: a machine with a name, addresses, or both. One that has a socket is reached by it
 * alone; its CID is then no more than a note of its owner's, and others may have the same.
 */
struct peer {
	uint32_t cid;  /* CID_UNKNOWN: none; only beside a socket */
	uint32_t name; /* offset of a NUL-terminated string; the empty string if unnamed */
	uint32_t address_first; /* index into the peer addresses */
	uint32_t address_count;
	uint32_t socket;     /* offset of the absolute path of its VMM's socket; 0: none. Equal
				paths are at one offset. With ports: that of the first of them */
	uint32_t port_first; /* index into the sockets of ports */
	uint32_t port_count; /* above 0: a socket for each port in place of the one */
	uint32_t mode;       /* of the sockets that servers make for it; NOT_SET: the umask's */
	uint32_t group;      /* their group's number; NOT_SET: the program's */
	uint32_t holds; /* a connection's end of writing is not passed on until it is closed */
};

#define NOT_SET         UINT32_MAX
#define SOCKET_MODE_MAX 0777u

/* A port of a peer that has a socket for each: who connects there has reached it. */
struct port_socket {
	uint32_t port;
	uint32_t path; /* offset of the absolute path */
};

enum proxy_scheme { PROXY_SOCKS5, PROXY_HTTP };

/* The longest name of a user, without the NUL, and the longest password (RFC 1929). */
#define PROXY_USER_MAX     255
#define PROXY_PASSWORD_MAX 255

/* Whom a rule's connections meet first, at its peer and port, and who is told where to go on
 * to. */
struct proxy {
	uint32_t scheme;        /* enum proxy_scheme */
	uint32_t one_write;     /* SOCKS5: greeting and request go together */
	uint32_t user;          /* offset of the user's name; 0: none */
	uint32_t password_file; /* offset of the absolute path; 0: none; beside a user */
};

/* The longest path of a VMM's socket, without the NUL: the kernel takes 107 bytes, and "_" and
 * a port of ten digits must fit behind it. */
#define SOCKET_PATH_MAX 96

/* A machine, by the way that leads there. */
struct machine {
	uint32_t socket; /* as struct peer has it; 0: by the CID */
	uint32_t cid;    /* without a socket; CID_UNKNOWN: nobody */
	uint32_t peer;   /* index of the entry that it was found by, or NO_PEER */
};

#define RULESET_MAGIC 0x76736b31u /* "vsk1" */
/* Counted up with every change of the image or of what it means: a shim refuses the rules of a
 * launcher or reader that counts otherwise. (A test builds a "next version".) */
#ifndef RULESET_VERSION
#define RULESET_VERSION 7u
#endif

/* What no rule sees, and the seccomp engine can refuse */
enum {
	UNSEEN_IO_URING = 1,
	UNSEEN_ABI32 = 2, /* calls of another architecture: 32 bits, x32 */
	UNSEEN_VSOCK = 4, /* VM sockets that a program makes itself */
};
#define UNSEEN_USUAL UNSEEN_VSOCK

/* The image's header. All *_at members are byte offsets from its start. */
struct ruleset {
	uint32_t magic;
	uint32_t version;
	uint32_t size;                      /* of the whole image, in bytes; a multiple of 8 */
	uint32_t connect_at, connect_count; /* struct rule[] */
	uint32_t listen_at, listen_count;   /* struct rule[] */
	uint32_t peers_at, peer_count;      /* struct peer[] */
	uint32_t addresses_at, address_count; /* uint8_t[16][] */
	uint32_t accepts_at, accept_count; /* uint32_t[], CIDs; of a rule with a peer: indexes
					      of peers */
	uint32_t guests_at, guest_count;   /* uint32_t[], indexes of peers */
	uint32_t sources_at,
		source_count;          /* uint32_t[], offsets of names of files or arguments */
	uint32_t ports_at, port_count; /* struct port_socket[] */
	uint32_t proxies_at, proxy_count;  /* struct proxy[] */
	uint32_t strings_at, strings_size; /* NUL-terminated strings; offset 0 of it is "" */
	uint8_t default_connect;           /* ACTION_PASS or ACTION_DENY */
	uint8_t default_listen;            /* the same */
	uint8_t names;                     /* *.vsock names and synthetic addresses are on */
	uint8_t takes_names;               /* some connect rule takes host names */
	uint32_t local_cid;      /* as the compiler of the image saw it; 0xffffffff unknown */
	uint32_t stand_ins;      /* IPv4 network of the addresses that stand for host names */
	uint32_t stand_ins_bits; /* its prefix: 8..24 */
	uint8_t unseen;          /* UNSEEN_...: what may be done all the same */
	uint8_t accepts_proxy;   /* some listen rule has accept_proxy */
	uint8_t reserved[2];
	uint64_t connect_timeout_us; /* 0: the kernel's */
	uint64_t buffer_size;        /* of each connection, in bytes; 0: not set */
};

/* ---- reading an image; pure, async-signal-safe, never fail ---- */

/* The rules with no configuration at all: everything passes, names are on. */
extern const struct ruleset ruleset_empty;

/* ruleset_at() - what stands at a byte offset of the image */
static inline const void *ruleset_at(const struct ruleset *rs, uint32_t offset)
{
	return (const char *)rs + offset;
}

static inline const struct rule *ruleset_connect(const struct ruleset *rs)
{
	return ruleset_at(rs, rs->connect_at);
}

static inline const struct rule *ruleset_listen(const struct ruleset *rs)
{
	return ruleset_at(rs, rs->listen_at);
}

static inline const struct peer *ruleset_peers(const struct ruleset *rs)
{
	return ruleset_at(rs, rs->peers_at);
}

static inline const uint32_t *ruleset_guests(const struct ruleset *rs, const struct rule *rule)
{
	return (const uint32_t *)ruleset_at(rs, rs->guests_at) + rule->guest_first;
}

static inline const struct port_socket *ruleset_ports(const struct ruleset *rs)
{
	return ruleset_at(rs, rs->ports_at);
}

/* ruleset_proxy() - the proxy of a rule or a decision; NULL: none */
static inline const struct proxy *ruleset_proxy(const struct ruleset *rs, uint32_t via)
{
	return via ? (const struct proxy *)ruleset_at(rs, rs->proxies_at) + via - 1 : NULL;
}

static inline const uint8_t (*ruleset_addresses(const struct ruleset *rs))[16]
{
	return ruleset_at(rs, rs->addresses_at);
}

/* rule_takes_names() - is what this connect rule meets not to be looked up (host.h)? Of a host
 * rule that passes: it is. */
static inline bool rule_takes_names(const struct rule *rule)
{
	return rule->family == RULE_HOST || (rule->family == RULE_ANY_FAMILY && rule->via);
}

static inline const uint32_t *ruleset_accepts(const struct ruleset *rs)
{
	return ruleset_at(rs, rs->accepts_at);
}

/* The rest is in config/image.c. */

/* ruleset_source() - the name of the file or argument that @rule came from */
const char *ruleset_source(const struct ruleset *rs, const struct rule *rule);
/* ruleset_port() - the socket of one of the ports of a peer that has one for each, or NULL */
const struct port_socket *ruleset_port(const struct ruleset *rs, const struct peer *peer,
				       uint32_t port);
/* ruleset_string() - the string at offset @at of the string table (a peer's name) */
const char *ruleset_string(const struct ruleset *rs, uint32_t at);

/* ruleset_any() - is there anything that a program could do against its owner's will? */
static inline bool ruleset_any(const struct ruleset *rs)
{
	return rs->connect_count || rs->listen_count || rs->peer_count ||
	       rs->default_connect == ACTION_DENY || rs->default_listen == ACTION_DENY;
}

/*
 * ruleset_valid() - is this really an image, whole and consistent?
 * @image, @size: bytes of unknown origin, 8-byte aligned
 *
 * Checks magic, version, sizes, and that every offset and index stays inside, so that no
 * reader needs a check of its own.
 */
bool ruleset_valid(const void *image, size_t size);

/* ---- the image in the environment: config/carry.c ----
 *
 * Text, six bits a character, cut into variables VSOCKIFY_RULES, VSOCKIFY_RULES_1,
 * VSOCKIFY_RULES_2, ..., since Linux limits one environment string to 128 KiB
 * (MAX_ARG_STRLEN). The first starts with the image's size in decimal and a colon.
 */
#define RULESET_ENV       "VSOCKIFY_RULES"
#define RULESET_ENV_CHUNK 120000

/*
 * ruleset_encode() - text of the environment variables that carry @rs
 * Return: a malloc'ed, NULL-terminated array of malloc'ed "NAME=VALUE" strings; NULL if out
 * of memory. Launcher only.
 */
char **ruleset_encode(const struct ruleset *rs);

/*
 * ruleset_encoded_size() - the size in bytes of the image that @first announces
 * @first: the value of VSOCKIFY_RULES
 * Return: the size, or 0 if the text is not one (also when it is over 64 MiB)
 */
size_t ruleset_encoded_size(const char *first);

/*
 * ruleset_decode() - put the image together again
 * @lookup: as getenv(); asked for each variable in turn. The text is read eight bytes at a
 *          time, so seven bytes behind its NUL must be readable too, as they are behind the
 *          last string of an environment (the program's file name follows).
 * @out, @size: where to; @size as ruleset_encoded_size() gave it, @out 8-byte aligned
 * Return: true if the whole was decoded and ruleset_valid()
 *
 * No allocation; async-signal-safe if @lookup is.
 */
bool ruleset_decode(char *(*lookup)(const char *name), void *out, size_t size);

/* ---- matching: config/match.c; pure, async-signal-safe ---- */

/* What tells an endpoint from those that a rule meets; the first in this order. */
enum fit {
	FIT_MEETS, /* nothing: the rule applies */
	FIT_OTHER_PORT,
	FIT_OTHER_FAMILY,
	FIT_OTHER_ADDRESS,
	FIT_OTHER_NAME,
	FIT_NOT_ELSEWHERE, /* all the same, a proxy for everything does not mean it */
};

/* rule_fit() - does a rule apply to an endpoint? If not, why? */
enum fit rule_fit(const struct rule *rule, const struct endpoint *ep);

/*
 * rule_fit_name() - does a connect rule apply to a host name? If not, why?
 * @name: in normal form (host.h)
 */
enum fit rule_fit_name(const struct ruleset *rs, const struct rule *rule, const char *name,
		       uint16_t port);

/*
 * rule_fit_listen() - does a listen rule apply to a bind()? If not, why?
 * @v6only: as decide_listen() has it
 */
enum fit rule_fit_listen(const struct rule *rule, const struct endpoint *on, bool v6only);

/* rule_names_nowhere() - does it meet every address, or every one of a family? */
static inline bool rule_names_nowhere(const struct rule *rule)
{
	return rule->family != RULE_HOST &&
	       rule->prefix_bits == (rule->family == RULE_IPV4 ? 96 : 0);
}

/* Why a decision came out as it did, where no rule made it. */
enum {
	BY_DEFAULT = -1,   /* no rule matched */
	BY_PEER = -2,      /* an address configured for a peer: the decision has which */
	BY_SYNTHETIC = -3, /* an address made from a CID (config/address.h) */
	BY_NAME = -4,      /* a host name leads nowhere at this port, or is not known */
};

struct decision {
	enum action action;
	int rule; /* index into the connect or listen rules, or BY_... */
	/* The rest of ACTION_VSOCK: */
	uint32_t cid;    /* connect: the peer; listen: the CID to bind, any or 1 */
	uint32_t port;   /* the vsock port; listen: 0 means "choose one" */
	uint32_t socket; /* as struct machine has it; then there is no CID: it is CID_UNKNOWN */
	uint32_t path;   /* offset of the path of the VMM's socket; 0: by AF_VSOCK; or the peer
			    has none for this port, and the action is ACTION_DENY */
	uint32_t peer;   /* index of the peer, or NO_PEER */
	uint32_t via;    /* as struct rule has it: all above is the proxy's */
	bool bare;       /* the path is this port's alone: nobody has to be told */
};

/*
 * decide_connect() - what becomes of a connect() to @to
 *
 * The first matching rule wins; then the default, if it is "deny"; then the peers' addresses;
 * then, with names on, synthetic addresses. The unspecified address means loopback, as it
 * does to connect(2).
 *
 * A rule that leads every address ("*", 0.0.0.0/0, ::/0) to a proxy means those elsewhere: not
 * loopback, nor the peers' addresses, nor, with names on, synthetic ones. These go on to the
 * rules behind it.
 */
struct decision decide_connect(const struct ruleset *rs, const struct endpoint *to);

/* connect_rule_decides() - the decision of a connect rule with a proxy, whatever meets it */
struct decision connect_rule_decides(const struct ruleset *rs, uint32_t rule);

/*
 * decide_connect_name() - what becomes of a connect() to what stands for a host name
 * @name: in normal form (host.h)
 *
 * The first rule that meets the name, or every address, decides. TCP leads nowhere from there,
 * so what would pass is denied.
 */
struct decision decide_connect_name(const struct ruleset *rs, const char *name, uint16_t port);

/*
 * decide_listen() - what becomes of a bind() to @on
 * @v6only: the socket is AF_INET6 and does not serve IPv4 (matters for :: only)
 *
 * "0.0.0.0:80" as a rule meets every IPv4 bind of that port and a dual-stack [::]:80;
 * "[::]:80" every IPv6 bind. Port 0 ("any free port") is met by rules for all ports only.
 * A rule for all ports that does not itself name a loopback address keeps a bind to a
 * loopback address local: the decision's CID is then CID_LOCAL, else CID_ANY. A rule that
 * names a peer has no such way, and denies that bind.
 */
struct decision decide_listen(const struct ruleset *rs, const struct endpoint *on, bool v6only);

/*
 * rule_accepts() - may a connection from @cid reach a listener of this rule?
 * Return: true if the rule has no accept_from, or @cid stands in it
 */
bool rule_accepts(const struct ruleset *rs, const struct rule *rule, uint32_t cid);

/*
 * rule_accepts_peer() - the same for the guest of a peer that has a socket
 * @peer: index of it; NO_PEER: nobody knows which, so that no accept_from has it
 */
bool rule_accepts_peer(const struct ruleset *rs, const struct rule *rule, uint32_t peer);

#endif
