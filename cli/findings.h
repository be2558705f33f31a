/* SPDX-License-Identifier: MIT */
/*
 * findings.h - what vsockify --doctor has found
 */
#ifndef VSOCKIFY_CLI_FINDINGS_H
#define VSOCKIFY_CLI_FINDINGS_H

enum level {
	LEVEL_OK,
	LEVEL_WARNING,
	LEVEL_PROBLEM,
};

struct findings {
	unsigned int count[LEVEL_PROBLEM + 1]; /* by enum level */
	enum level without_vsock;              /* what it is if there is no AF_VSOCK */
};

/* find() - print a finding, and count it: "warning  SUBJECT: ..." */
void __attribute__((format(printf, 4, 5)))
find(struct findings *findings, enum level level, const char *subject, const char *format, ...);

#endif
