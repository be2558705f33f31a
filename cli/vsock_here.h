/* SPDX-License-Identifier: MIT */
/*
 * vsock_here.h - can AF_VSOCK sockets be made here, and if not, what forbids it?
 */
#ifndef VSOCKIFY_CLI_VSOCK_HERE_H
#define VSOCKIFY_CLI_VSOCK_HERE_H

#include "findings.h"

/*
 * look_at_sockets() - does the kernel have AF_VSOCK, may sockets of it be made, and is the
 * kernel known for something?
 */
void look_at_sockets(struct findings *findings);

#endif
