/* SPDX-License-Identifier: MIT */
/*
 * status.h - the broker's own numbers, for vsockify --doctor
 */
#ifndef VSOCKIFY_BROKER_STATUS_H
#define VSOCKIFY_BROKER_STATUS_H

#include <stddef.h>

#include "shared.h"

/* status_text() - lines of text; return: how many bytes, less than @size */
size_t status_text(const struct kept *kept, char *text, size_t size);

#endif
