/* SPDX-License-Identifier: MIT */
/*
 * findings.h - what vsockify --doctor has found
 */
#ifndef VSOCKIFY_CLI_FINDINGS_H
#define VSOCKIFY_CLI_FINDINGS_H

#include <stdbool.h>

enum level {
	LEVEL_OK,
	LEVEL_WARNING,
	LEVEL_PROBLEM,
};

struct findings {
	unsigned int count[LEVEL_PROBLEM + 1]; /* by enum level */
	bool json;                             /* for scripts: an object a line */
	enum level without_vsock;              /* what it is if there is no AF_VSOCK */
};

/*
 * find() - print a finding, and count it: "warning  SUBJECT: ..."
 * @id: for scripts, "vsock-absent": it stays the same when the words change. vsockify(1) has
 * them all, and tests/manual/complete.test compares
 */
void __attribute__((format(printf, 5, 6)))
find(struct findings *findings, enum level level, const char *id, const char *subject,
     const char *format, ...);

/* findings_end() - print what to do next
 * @program: that was looked at, or NULL */
void findings_end(const struct findings *findings, const char *program);

#endif
