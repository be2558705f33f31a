/* SPDX-License-Identifier: MIT */
/*
 * process.h - the processes whose calls are answered: their memory and their descriptors
 *
 * Theory of operation
 *
 * A call comes with the number of a thread. Which process that is of, and a pidfd of it, is
 * kept until the process ends, of which the loop hears (process_fd() in its epoll). Numbers are
 * given again: a pidfd tells that its process is gone, and a thread is asked whether it is
 * still of its process. Of a process's first thread, which has the process's number, nothing
 * is asked while descriptors can be had of it.
 *
 * A descriptor of the program's is had as a duplicate (pidfd_getfd(2)): the same open file.
 * What is not of the file but of the descriptor, its number and close-on-exec, is asked for
 * here.
 *
 * All functions return 0 or more, or a negated errno. They may allocate.
 */
#ifndef VSOCKIFY_SECCOMP_PROCESS_H
#define VSOCKIFY_SECCOMP_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct process;

/* process_find() - the process that a thread is of; in *@process. If nothing can be had of
 * that, it may be an earlier one: see process_has_ended(), and find it once more. */
int process_find(pid_t thread, struct process **process);
bool process_has_ended(struct process *process);

/* process_fresh() - was it found for the first time just now? Asked once: then process_fd() is
 * to be watched, and process_forget() called when it is readable. */
bool process_fresh(struct process *process);
void process_forget(struct process *process);

pid_t process_id(const struct process *process);
int process_fd(const struct process *process);

/* process_descriptor() - a duplicate of one of its descriptors, close-on-exec */
int process_descriptor(struct process *process, int number);

/* process_is_same() - is @fd here the same open file as @number there? */
int process_is_same(struct process *process, int number, int fd);

/* process_look() - what lies under this number just now? */
struct descriptor {
	uint64_t inode;
	bool close_on_exec;
};
int process_look(struct process *process, int number, struct descriptor *is);

/* process_each() - call @visit for each of its descriptors, until that returns false */
int process_each(struct process *process, bool (*visit)(int number, void *argument),
		 void *argument);

/* process_handles_signals() - does it have handlers, but for faults and libc's own? */
bool process_handles_signals(struct process *process);

/* process_read(), process_write() - its memory; all of it, or -EFAULT */
int process_read(pid_t thread, uint64_t at, void *to, size_t size);
int process_write(pid_t thread, uint64_t at, const void *from, size_t size);

/* ---- its epolls (carry.c) ---- */

/* process_made_epoll() - some process of the tree makes one; @process: which, or NULL */
void process_made_epoll(struct process *process);

/* process_epolls() - the numbers of those that it has; return how many */
int process_epolls(struct process *process, const int **numbers);

#endif
