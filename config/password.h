/* SPDX-License-Identifier: MIT */
/*
 * password.h - a file with a password in it
 *
 * Only its owner, who is the user that reads it, may be able to read it: else somebody else may
 * know it, or have written it. It is read anew for each connection, so that a new password
 * counts at once, and none stays in memory.
 */
#ifndef VSOCKIFY_PASSWORD_H
#define VSOCKIFY_PASSWORD_H

#include "ruleset.h"

/*
 * password_read() - read a password: the file but for a newline at its end
 * @password: filled in; "" after an error
 * Return: NULL; or what is wrong, in words
 */
const char *password_read(const char *path, char password[PROXY_PASSWORD_MAX + 1]);

#endif
