/* SPDX-License-Identifier: MIT */
/*
 * state.h - what the shim holds in the process: the rules, and where their broker is
 *
 * Theory of operation
 *
 * The rules are fixed at load, before the program's first instruction, and read-only from then
 * on; facts about the machine are asked for when first needed, and kept. Wrapped calls may come
 * earlier, from another library's constructor, and from several threads; the first one to come
 * does the work, the others wait. A call that the work itself makes (a memory allocator that
 * opens a socket, say) finds rules that pass everything.
 */
#ifndef VSOCKIFY_STATE_H
#define VSOCKIFY_STATE_H

#include <stdatomic.h>
#include <stdbool.h>

#include "../../config/ruleset.h"
#include "../broker/environment.h"

enum { STATE_NEW, STATE_BUSY, STATE_READY };
extern _Atomic int state_now;
extern const struct ruleset *state_rules;
extern const struct broker_environment *state_broker; /* NULL: none */

/* state_prepare() - do the work of loading, or wait for the thread that does it */
const struct ruleset *state_prepare(void);

/* rules() - the rules in force; never NULL. Every wrapped call begins with it. */
static inline const struct ruleset *rules(void)
{
	if (__builtin_expect(
		    atomic_load_explicit(&state_now, memory_order_acquire) == STATE_READY, 1))
		return state_rules;
	return state_prepare();
}

/* state_any_rule() - is there anything that a program could do against its owner's will? */
bool state_any_rule(void);

#endif
