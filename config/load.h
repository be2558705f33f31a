/* SPDX-License-Identifier: MIT */
/*
 * load.h - from the command line and the file in force to an image
 */
#ifndef VSOCKIFY_LOAD_H
#define VSOCKIFY_LOAD_H

#include "spec.h"

/*
 * load_rules() - compile the rules in force
 * @path: the configuration file; NULL if there is none
 * @specs, @count: the command line's peers and rules
 * Return: a malloc'ed image; NULL after an error, which was reported
 */
struct ruleset *load_rules(const char *path, const struct spec *specs, size_t count,
			   report_fn *report, void *context);

#define VSOCK_DEVICE "/dev/vsock"

/*
 * read_local_cid() - the CID of this machine, as VSOCK_DEVICE has it
 * @cid: set to it; to CID_UNKNOWN after an error, and where no transport is loaded
 * Return: 0, or the errno of asking for it
 */
int read_local_cid(uint32_t *cid);

#endif
