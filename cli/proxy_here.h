/* SPDX-License-Identifier: MIT */
/*
 * proxy_here.h - is there a proxy where a rule leads, of the kind that the rule says?
 *
 * The proxy is greeted, or asked what it can do, and never told to connect anywhere; no
 * password is sent.
 */
#ifndef VSOCKIFY_CLI_PROXY_HERE_H
#define VSOCKIFY_CLI_PROXY_HERE_H

#include "../config/memory.h"
#include "../config/ruleset.h"

/*
 * proxy_inspect() - look at the proxy of a rule
 * @rule: index of a connect rule that has one
 * @text: what was found, with what to do about it if connections would fail
 * Return: can connections be made by it, as far as is to be seen?
 */
bool proxy_inspect(const struct ruleset *rs, uint32_t rule, struct list *text);

#endif
