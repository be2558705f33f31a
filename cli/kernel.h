/* SPDX-License-Identifier: MIT */
/*
 * kernel.h - which kernels are known for something that programs notice
 */
#ifndef VSOCKIFY_KERNEL_H
#define VSOCKIFY_KERNEL_H

#include <stdbool.h>

/*
 * kernel_resets_small() - does it end a connection when many small messages wait to be read?
 *
 * Versions of June 2026 and later count 576 bytes of the reader's buffer for each packet that
 * waits, and reset the connection when that is used up: the reader gets ENOBUFS, the writer
 * EPIPE. Later ones put small packets together first.
 *
 * @release: as uname(2) has it
 * Return: true for those that are known to
 */
bool kernel_resets_small(const char *release);

/*
 * kernel_is_old() - is it older than Linux 5.10, with which nothing here has ever run?
 *
 * Those before 5.5, which the images of Nitro enclaves have, keep only half of what is written
 * on a VM socket, so that an address which the program asked for would be lost.
 *
 * @release: as uname(2) has it; one that cannot be understood is not old
 */
bool kernel_is_old(const char *release);

/*
 * kernel_doubt() - what is to be said of the kernel that runs here
 * @id: set to what --doctor calls this, if it is not NULL
 * Return: a sentence; NULL: nothing
 */
const char *kernel_doubt(const char **id);

#endif
