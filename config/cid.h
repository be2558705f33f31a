/* SPDX-License-Identifier: MIT */
/*
 * cid.h - the CIDs that mean the same to everybody, whatever carries the bytes
 *
 * The language has words for them ("host", "local"), and addresses are made from the others.
 */
#ifndef VSOCKIFY_CID_H
#define VSOCKIFY_CID_H

#include <stdint.h>

#define CID_HYPERVISOR 0u
#define CID_LOCAL      1u /* this machine, where it can connect to itself */
#define CID_HOST       2u
#define CID_ANY        UINT32_MAX /* of a socket: each that this machine has; of a rule: none */
#define CID_UNKNOWN    CID_ANY

#endif
