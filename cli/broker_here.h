/* SPDX-License-Identifier: MIT */
/*
 * broker_here.h - what stands in the way of a broker here, and how the one of this tree is
 */
#ifndef VSOCKIFY_CLI_BROKER_HERE_H
#define VSOCKIFY_CLI_BROKER_HERE_H

#include "../config/ruleset.h"
#include "findings.h"

/*
 * look_at_broker() - if the rules need one: is it there, and can it work?
 *
 * Nobody but the broker of this tree is connected to.
 */
void look_at_broker(struct findings *findings, const struct ruleset *rs);

#endif
