/* SPDX-License-Identifier: MIT */
/*
 * memory.h - all that the broker writes and programs read: one file in memory
 *
 * Its pages are taken as they are written.
 */
#ifndef VSOCKIFY_BROKER_MEMORY_H
#define VSOCKIFY_BROKER_MEMORY_H

#include "names.h"
#include "outcome.h"

struct broker_memory {
	struct outcomes outcomes;
	struct names names;
};

#endif
