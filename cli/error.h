/* SPDX-License-Identifier: MIT */
/*
 * error.h - what the launcher has to say against something
 */
#ifndef VSOCKIFY_CLI_ERROR_H
#define VSOCKIFY_CLI_ERROR_H

/* cli_error() - write "vsockify: " and a message to stderr */
void cli_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
