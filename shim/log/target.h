/* SPDX-License-Identifier: MIT */
/*
 * target.h - where the lines of the log go
 *
 * Theory of operation
 *
 * Standard error, a file, or syslog. Each line is one system call, so that lines of threads
 * and processes never interleave. Nothing is kept open: the program may close every descriptor
 * it sees. Standard error is used only while descriptor 2 is still the file, pipe or terminal
 * that it was at load: a daemon that closed it and opened a database there must not find our
 * lines in it. A file or a syslog that cannot be reached gives way to standard error, which is
 * said there once.
 *
 * A line that cannot be written at once is lost (output.h): a program must not wait for who
 * reads its log, or die with him. How many were lost is said before the next line that can be
 * written, and in the summary.
 *
 * target_write() is async-signal-safe and leaves errno alone.
 */
#ifndef VSOCKIFY_TARGET_H
#define VSOCKIFY_TARGET_H

#include <stdbool.h>

#include "line.h"

/*
 * target_choose() - say where lines go; called once, at load
 * @name: "stderr", "syslog", or the absolute name of a file
 * Return: false if nothing can be logged there: it is none of these, which was reported, or
 * standard error is closed
 */
bool target_choose(const char *name);

/* target_process - whose number stands in front of a line, for an engine that answers other
 * processes; 0: this one's own */
extern int target_process;

/* target_write() - write a line, with time and process in front, where target_choose() said */
void target_write(struct line *line);

/* target_lost() - how many lines this process could not write */
unsigned long target_lost(void);

/* target_write_fatal() - write a line to standard error as it is, whatever was chosen */
void target_write_fatal(struct line *line);

#endif
