/* SPDX-License-Identifier: MIT */
/*
 * reach.h - which of the engines reaches a program that is to be run?
 *
 * Async-signal-safe; memory is on the stack.
 */
#ifndef VSOCKIFY_KERNEL_REACH_H
#define VSOCKIFY_KERNEL_REACH_H

#include <stdbool.h>

enum reach {
	REACH_PRELOAD,    /* the object gets into it; or nothing is known against that */
	REACH_SUPERVISOR, /* it does not, and the kernel's filter does */
	REACH_PRIVILEGED, /* nor does that without taking away the privilege that it is given */
	REACH_HIDDEN,     /* may be run and not read, so that nobody knows */
	REACH_NARROW,     /* static, and its system calls are of the processor's 32 bits */
};

/*
 * reach_of() - which engine is for this file?
 * @path: the file, which is not looked for; or of a script what runs it is looked at, and so on
 * @by_shell: what is neither a program nor a script is run by a shell, as execvp() does
 */
enum reach reach_of(const char *path, bool by_shell);

/* reach_of_file() - the same, of an open file */
enum reach reach_of_file(int fd, bool by_shell);

/* reach_privilege() - what makes the dynamic linker drop LD_PRELOAD from this file; or NULL:
 * words such as "is setuid" */
const char *reach_privilege(int fd);

/* reach_keeps_privilege() - would it keep that under a filter of this process's? Only whoever
 * may administer the system may install one without giving up all new privileges. */
bool reach_keeps_privilege(void);

#endif
