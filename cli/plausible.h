/* SPDX-License-Identifier: MIT */
/*
 * plausible.h - does a CID make sense on this machine?
 */
#ifndef VSOCKIFY_PLAUSIBLE_H
#define VSOCKIFY_PLAUSIBLE_H

#include <stdint.h>

/*
 * cid_doubt() - what is doubtful about connecting to a CID from here
 * @local: this machine's own CID, or CID_UNKNOWN
 * @loaded: its transports, of enum transport (cli/here.h)
 * Return: words for it, and what to do; NULL if nothing is. Pure.
 */
const char *cid_doubt(uint32_t cid, uint32_t local, unsigned int loaded);

#endif
