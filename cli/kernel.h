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

/* kernel_doubt() - what is to be said of the kernel that runs here; NULL: nothing */
const char *kernel_doubt(void);

#endif
