/* SPDX-License-Identifier: MIT */
/*
 * inherited.h - the descriptors that the program is to have, and nobody else
 *
 * Theory of operation
 *
 * What the launcher was started with goes through the supervisor to the program. Whoever waits
 * for the other end of a pipe waits until the program has closed it; so neither the front nor
 * the supervisor may keep any.
 */
#ifndef VSOCKIFY_SECCOMP_INHERITED_H
#define VSOCKIFY_SECCOMP_INHERITED_H

/* inherited_note() - those that are open now are inherited; called before any is made */
void inherited_note(void);

/* inherited_close() - close them here, but for the first three */
void inherited_close(void);

#endif
