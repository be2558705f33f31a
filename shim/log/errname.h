/* SPDX-License-Identifier: MIT */
/*
 * errname.h - the names of errnos: "ECONNREFUSED"
 */
#ifndef VSOCKIFY_ERRNAME_H
#define VSOCKIFY_ERRNAME_H

/*
 * errname() - as strerrorname_np(3)
 * @error: positive
 * Return: NULL if it is none that a call of ours gives. Async-signal-safe.
 */
const char *errname(int error);

#endif
