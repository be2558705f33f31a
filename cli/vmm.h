/* SPDX-License-Identifier: MIT */
/*
 * vmm.h - is a VMM behind the socket of a peer, and may this user call there?
 *
 * Nobody is called, so that no VMM and no guest notices.
 */
#ifndef VSOCKIFY_VMM_H
#define VSOCKIFY_VMM_H

#include <stdbool.h>
#include <stdint.h>

#include "../config/memory.h"

/*
 * vmm_inspect() - look at a socket
 * @path: absolute
 * @text: what was found, with what to do about it if it cannot be connected to
 * Return: can it be connected to?
 */
bool vmm_inspect(const char *path, struct list *text);

/*
 * vmm_inspect_beside() - may this user make sockets beside it, for a guest's calls?
 * @path: absolute
 * @text: if not, why, and what to do about it
 */
bool vmm_inspect_beside(const char *path, struct list *text);

/* vmm_inspect_group() - may this user give its files to a group? As vmm_inspect_beside(). */
bool vmm_inspect_group(uint32_t group, struct list *text);

/* vmm_inspect_place() - may this user make a socket there? As vmm_inspect_beside(). */
bool vmm_inspect_place(const char *path, struct list *text);

#endif
