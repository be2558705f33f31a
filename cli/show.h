/* SPDX-License-Identifier: MIT */
/*
 * show.h - rules and machines as people read them
 *
 * Texts grow at the end of a list of char, without a NUL.
 */
#ifndef VSOCKIFY_SHOW_H
#define VSOCKIFY_SHOW_H

#include <stdarg.h>

#include "../config/pattern.h"
#include "table.h"

/* Bytes of "name.vsock", as name_of_machine() wants it. */
#define NAME_TEXT_MAX 64

/* text_of() - a new text, as vprintf(); there is no return without memory */
char *text_of(const char *format, va_list arguments) __attribute__((format(printf, 1, 0)));

/* text_add() - add a text to another, as printf() */
void text_add(struct list *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * text_add_machine() - add a machine's CID or socket, and its name if it has one:
 * "7 (db.vsock)", "/run/vm1/v.sock (vm1.vsock)"; only the name where each port has a socket
 * @suffix: what stands between the two
 */
void text_add_machine(struct list *text, const struct ruleset *rs, struct machine machine,
		      const char *suffix);

/* proxy_scheme_name() - "socks5", "http" */
const char *proxy_scheme_name(const struct proxy *proxy);

/* text_add_proxy() - add what kind of proxy it is: "a socks5 proxy", "an http
 * proxy with user me" */
void text_add_proxy(struct list *text, const struct ruleset *rs, const struct proxy *proxy);

/* machine_of_rule() - the machine that a rule leads to; of a listen rule: that may call */
struct machine machine_of_rule(const struct ruleset *rs, const struct rule *rule);

/* rule_pattern() - the text of what a rule meets; @buf: PATTERN_TEXT_MAX bytes, returned */
char *rule_pattern(const struct ruleset *rs, const struct rule *rule, char *buf);

/* text_add_guests() - the same of the names of the peers whose guests it serves */
void text_add_guests(struct list *text, const struct ruleset *rs, const struct rule *rule);

/* rule_leads_to() - does a rule lead anything to a port on VM sockets? */
bool rule_leads_to(const struct rule *rule, uint32_t port);

/*
 * rules_serve() - is there a rule to serve the guest behind a socket?
 * @port: at this port; 0: at any
 */
bool rules_serve(const struct ruleset *rs, uint32_t socket, uint32_t port);

/* text_add_accepted() - add whom a listen rule accepts, with commas between them */
void text_add_accepted(struct list *text, const struct ruleset *rs, const struct rule *rule);

/* text_add_origin() - add where a rule was written: "FILE:LINE", or the option */
void text_add_origin(struct list *text, const struct ruleset *rs, const struct rule *rule);

/* text_add_endpoint() - add an address and a port: "10.0.0.1:80", "[fd00::1]:80" */
void text_add_endpoint(struct list *text, const struct endpoint *ep);

/* text_print() - print a text on stdout, and free it */
void text_print(struct list *text);

/* add_text() - add a cell of a text to a table, and free the text */
void add_text(struct table *table, struct list *text);

/* add_origin() - add a cell of where a rule was written */
void add_origin(struct table *table, const struct ruleset *rs, const struct rule *rule);

#endif
