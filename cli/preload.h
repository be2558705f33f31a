/* SPDX-License-Identifier: MIT */
/*
 * preload.h - which shim is preloaded, and beside what else; or which supervisor is run?
 */
#ifndef VSOCKIFY_CLI_PRELOAD_H
#define VSOCKIFY_CLI_PRELOAD_H

#define PRELOAD_ENV "LD_PRELOAD"

/*
 * find_shim() - the shim that is preloaded
 * Return: its path, to be freed; NULL if there is none, which was reported
 */
char *find_shim(void);

/*
 * preload_value() - what LD_PRELOAD is to say: a shim, first and alone of its kind, and all
 * else that it says already
 * @shim: of find_shim()
 * Return: the value, to be freed
 */
char *preload_value(const char *shim);

/* preload_others() - the same without any shim; "" if nothing is left */
char *preload_others(void);

/* supervisor_path() - where the supervisor is, if it is there; to be freed */
char *supervisor_path(void);

/*
 * find_supervisor() - the program that runs others under the seccomp engine
 * Return: its path, to be freed; NULL if there is none, which was reported
 */
char *find_supervisor(void);

#endif
