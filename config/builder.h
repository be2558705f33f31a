/* SPDX-License-Identifier: MIT */
/*
 * builder.h - collects rules and peers as they are read, and says what is wrong with them
 *
 * Theory of operation
 *
 * A *builder* collects what the readers hand it: first those of the command line
 * (config/spec.c), then those of a file (config/parse.c). Peers may be named before they are
 * known, so names are resolved only at the end, when the image is made (config/compile.h).
 *
 * Whatever is wrong is reported through one function, with the place it was written at, and
 * reading goes on, so that one run shows several errors. A builder that has seen an error
 * yields no image.
 *
 * The command line goes before the file: its rules come first, and a peer that it names or
 * gives an address keeps them, whatever the file says.
 *
 * Functions that run out of memory do not return (config/memory.h).
 */
#ifndef VSOCKIFY_BUILDER_H
#define VSOCKIFY_BUILDER_H

#include "cid.h"
#include "memory.h"
#include "pattern.h"
#include "ruleset.h"

enum severity {
	SEVERITY_ERROR,
	SEVERITY_WARNING,
};

/*
 * report_fn - told of each error and warning
 * @message: one line without its newline: "FILE:LINE: reason", "FILE:LINE: warning: reason",
 *	"--connect 10.0.2.15:0=7: reason"; free of control characters
 */
typedef void report_fn(void *context, enum severity severity, const char *message);

/* Where something was written. */
struct origin {
	uint16_t source; /* as builder_add_source() gave it */
	uint32_t line;   /* 0: an argument of the command line */
};

/* A CID, or the name or the socket of a peer that is still to be looked up. */
struct peer_reference {
	char *name;   /* or NULL */
	char *socket; /* or NULL */
	uint32_t cid; /* without those; CID_HYPERVISOR: nobody is referred to */
	struct origin origin;
};

/* The proxy of a rule, as it was read. */
struct proxy_draft {
	bool used;      /* there is one */
	uint8_t scheme; /* enum proxy_scheme */
	bool one_write;
	char *user;          /* or NULL */
	char *password_file; /* or NULL */
};

/* A rule as it was read. */
struct rule_draft {
	struct rule rule; /* all but accept_first and accept_count; cid and peer at the end */
	struct peer_reference to; /* of a listen rule: whose guest may call */
	struct proxy_draft via;   /* of a connect rule: what runs there */
	struct list others;       /* of struct peer_reference: whose guests may call too */
	char *host;               /* pattern of names; NULL: the rule is for addresses */
	char *at;                 /* path of the listener's socket; NULL: that of @to's */
	struct list accepts;      /* of struct peer_reference */
};

/* A port of a peer that has a socket for each. */
struct port_draft {
	uint32_t port;
	char *path;
};

/* A peer as it was read. */
struct peer_draft {
	uint32_t cid;      /* CID_UNKNOWN: none */
	char *name;        /* NULL: unnamed */
	char *socket;      /* path of the socket that leads to it; NULL: its CID does */
	struct list ports; /* of struct port_draft; if there are any, @socket is the first's */
	uint32_t mode, group;  /* as struct peer has them */
	bool holds;            /* the same */
	struct list addresses; /* of uint8_t[16] */
	struct origin origin;
	bool overridden; /* of a file, led where the command line leads its name */
};

struct builder {
	report_fn *report;
	void *report_context;
	unsigned int error_count;
	unsigned int warning_count;
	struct list sources;  /* of char * */
	struct list peers;    /* of struct peer_draft */
	struct list rules[2]; /* of struct rule_draft; by enum side */
	struct list last;     /* of struct rule_draft: the command line's, behind all others */
	uint8_t defaults[2];  /* enum action; by enum side */
	bool names;
	uint8_t unseen; /* as struct ruleset has it */
	uint64_t connect_timeout_us;
	uint64_t buffer_size;
	uint32_t stand_ins, stand_ins_bits; /* as struct ruleset has them */
};

/* builder_init() - an empty builder, with the defaults of the language */
void builder_init(struct builder *builder, report_fn *report, void *context);
/* builder_free() - free all that a builder holds */
void builder_free(struct builder *builder);

/* builder_error() - report an error at @origin; the builder will yield no image */
void builder_error(struct builder *builder, struct origin origin, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* builder_warning() - report a warning at @origin */
void builder_warning(struct builder *builder, struct origin origin, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Bytes of the text of an origin, with the NUL. */
#define ORIGIN_TEXT_MAX 160
/*
 * builder_place() - the text of an origin, for a message about another one
 * @here: where the message will be about; its file is not named again
 * @buf: ORIGIN_TEXT_MAX bytes
 * Return: @buf: "line 7", "FILE:7", or the argument
 */
const char *builder_place(const struct builder *builder, struct origin origin,
			  struct origin here, char *buf);

/*
 * builder_add_source() - register a file or an argument
 * Return: its number. There can be 65535; one more is an error (reported).
 */
uint16_t builder_add_source(struct builder *builder, const char *name);

/*
 * builder_add_peer() - add a peer
 * @peer: its contents belong to the builder from now on
 *
 * Reports a name, an address, a socket, or a CID without a socket, that is taken.
 */
void builder_add_peer(struct builder *builder, struct peer_draft *peer);
/*
 * builder_find_socket() - the first peer that a socket leads to, to whatever port
 * Return: its index among the peers, or NO_PEER
 */
uint32_t builder_find_socket(const struct builder *builder, const char *socket);
/* The draft of a peer of which nothing is known yet. */
#define PEER_DRAFT(at)        \
	((struct peer_draft){ \
		.cid = CID_UNKNOWN, .mode = NOT_SET, .group = NOT_SET, .origin = (at)})

/* peer_draft_free() - free what a draft holds */
void peer_draft_free(struct peer_draft *peer);

/*
 * builder_add_rule() - add a rule behind the others of its side
 * @draft: its contents belong to the builder from now on
 */
void builder_add_rule(struct builder *builder, enum side side, struct rule_draft *draft);
/* rule_draft_host() - keep the pattern of names that pattern_parse() has given, if it has */
void rule_draft_host(struct rule_draft *draft, const char *host);
/*
 * builder_add_last() - add a connect rule behind all others, whoever adds them
 * @draft: as builder_add_rule() has it
 */
void builder_add_last(struct builder *builder, struct rule_draft *draft);
/* rule_draft_free() - free what a draft holds */
void rule_draft_free(struct rule_draft *draft);

#endif
