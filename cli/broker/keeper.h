/* SPDX-License-Identifier: MIT */
/*
 * keeper.h - holds what must survive an error: the sockets that listen, the memory, the rules
 *
 * Theory of operation
 *
 * The keeper reads no byte of a stranger's. It forks a worker, which does, and another one when
 * that has died; it watches one process of the program's tree by pidfd, looks for another when
 * that has ended (tree.h), and ends with the last. Nothing is polled before that.
 */
#ifndef VSOCKIFY_BROKER_KEEPER_H
#define VSOCKIFY_BROKER_KEEPER_H

#include "shared.h"

/*
 * keeper_run() - be the keeper
 * @watched: pidfd of the program
 * Return: an exit status
 */
int keeper_run(const struct kept *kept, int watched);

#endif
