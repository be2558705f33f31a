/* SPDX-License-Identifier: MIT */
/*
 * news.h - the broker's own lines: to syslog, or to the file of --log
 *
 * Never a password, a token, or what is carried. The lines about connections are the program's.
 */
#ifndef VSOCKIFY_BROKER_NEWS_H
#define VSOCKIFY_BROKER_NEWS_H

#include <stdint.h>

/* news_init() - where they go: "syslog", or the absolute name of a file */
void news_init(const char *target);

/* news() - "broker: BEFORE 5BEHIND"; without waiting, and not if it would be the same piece of
 * news as less than a minute ago */
void news(const char *before, int64_t number, const char *behind);

#endif
