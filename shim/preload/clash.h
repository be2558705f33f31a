/* SPDX-License-Identifier: MIT */
/*
 * clash.h - would a name that an object defines for itself mean somebody else's?
 *
 * Theory of operation
 *
 * That is what RTLD_DEEPBIND keeps from happening. The object's file is looked at before it is
 * loaded: which of the names that it defines does it also look up, by a relocation? If one of
 * these is known to everybody already, by the program or a library of it, then without the flag
 * it is theirs that the object would use. Names of templates and inline functions are left
 * out (they are weak): they are everybody's on purpose. So are libraries that the object brings
 * along.
 *
 * Nothing in the file is believed: it may not be an object at all. Not async-signal-safe.
 */
#ifndef VSOCKIFY_SHIM_CLASH_H
#define VSOCKIFY_SHIM_CLASH_H

#include <stdbool.h>
#include <stddef.h>

/*
 * clash_find() - look for such a name
 * @file: as dlopen(3) takes it; one without a slash is not looked for
 * @name: gets the name, cut to @size
 * Return: false if there is none, the object cannot be read, or is loaded already
 */
bool clash_find(const char *file, char *name, size_t size);

#endif
