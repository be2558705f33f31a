/* SPDX-License-Identifier: MIT */
/*
 * note.h - in which epolls are the TCP sockets of this process?
 *
 * Theory of operation
 *
 * A note says what epoll_ctl() was told of a descriptor, for the few epolls that one is in:
 * there is room for NOTES of each descriptor, up to the highest there can be (chunk.h). Like a
 * hint it is checked against the kernel, needs no lock, and does not care about close(): a
 * number that socket() gives out again loses what was noted of it. Notes of a socket that was
 * converted are kept, since it may be converted again.
 *
 * Each lies in a slot (slot.h). A writer that finds no room, or a slot claimed (by a thread it
 * interrupted, or one that was lost in a fork), says so in the descriptor's hints, and the
 * kernel must be asked about this descriptor.
 *
 * All functions are async-signal-safe; none makes a system call, but to map memory.
 */
#ifndef VSOCKIFY_SHIM_NOTE_H
#define VSOCKIFY_SHIM_NOTE_H

#include <stdbool.h>
#include <sys/epoll.h>

#define NOTES 4

/* note_write() - @fd is in @epfd, with these events and data */
void note_write(int epfd, int fd, const struct epoll_event *event);

/*
 * note_read() - read a note of @fd
 * @which: 0 to NOTES - 1
 * Return: false if there is none in this place
 */
bool note_read(int fd, int which, int *epfd, struct epoll_event *event);

/* note_erase() - @fd is in @epfd no more */
void note_erase(int epfd, int fd);

/* note_forget() - @fd is a new socket, which is in no epoll */
void note_forget(int fd);

#endif
