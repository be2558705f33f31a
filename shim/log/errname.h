/* SPDX-License-Identifier: MIT */
/*
 * errname.h - the names of errnos, "ECONNREFUSED", and what some mean wherever they come from
 */
#ifndef VSOCKIFY_ERRNAME_H
#define VSOCKIFY_ERRNAME_H

/*
 * errname() - as strerrorname_np(3)
 * @error: positive
 * Return: NULL if it is none that a call of ours gives. Async-signal-safe.
 */
const char *errname(int error);

/* errname_cause() - what it usually means, whoever gives it; "" if that depends */
const char *errname_cause(int error);

#endif
