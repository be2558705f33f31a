/* SPDX-License-Identifier: MIT */
/*
 * stall.h - a place to connect to where nothing happens until it is told to
 *
 * Over TCP that is a listener whose queue is full: it drops what comes, and the client tries
 * again a second later. AF_VSOCK refuses at once in that case, so its listener is stopped in
 * another way: a thread calls setsockopt() on it with a value that lies in memory which
 * userfaultfd(2) leaves missing. The kernel has locked the socket and waits for the memory;
 * the connection request waits for the lock.
 *
 * Past a muxer it is TCP's way again: the muxer waits at the full queue, and says nothing to
 * the client. Only the kernel is asked for so short a queue, for the shim makes it a long one.
 */
#ifndef TESTS_PROGRAMS_STALL_H
#define TESTS_PROGRAMS_STALL_H

#include <linux/userfaultfd.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "tcp.h"

struct stall {
	int listener;
	uint16_t port;
	const char *ip;
	int faults; /* userfaultfd */
	char *page; /* the memory that is missing */
	pthread_t thread;
	int fillers[2]; /* TCP: what the queue is full of; a Unix socket's, of the first */
	bool stalled;
};

#define PAGE_BYTES 4096

static void *stall_hold_lock(void *argument)
{
	struct stall *s = argument;

	syscall(SYS_setsockopt, s->listener, AF_VSOCK, SO_VM_SOCKETS_BUFFER_MIN_SIZE, s->page,
		sizeof(uint64_t));
	return NULL;
}

static void stall_vsock(struct stall *s)
{
	struct uffdio_api api = {.api = UFFD_API};
	struct uffdio_register range = {.mode = UFFDIO_REGISTER_MODE_MISSING};
	struct uffd_msg message;

	s->faults = must((int)syscall(SYS_userfaultfd, O_CLOEXEC));
	must(ioctl(s->faults, UFFDIO_API, &api));
	s->page = mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		       -1, 0);
	range.range.start = (uintptr_t)s->page;
	range.range.len = PAGE_BYTES;
	must(ioctl(s->faults, UFFDIO_REGISTER, &range));
	must(-pthread_create(&s->thread, NULL, stall_hold_lock, s));
	/* the fault is reported when the thread holds the lock */
	check(read(s->faults, &message, sizeof message) == sizeof message);
}

static bool holds_lock(void)
{
	return over_vsock() && !over_unix();
}

/* stall_begin() - listen at @ip; connections to it stay in progress from now on */
static void stall_begin(struct stall *s, const struct family *f)
{
	*s = (struct stall){.ip = f->loopback, .faults = -1, .stalled = true};
	s->listener = listener_on(f, s->ip, SOCK_NONBLOCK, "server");
	s->port = local_port(s->listener);
	if (holds_lock()) {
		stall_vsock(s);
		return;
	}
	must((int)syscall(SYS_listen, s->listener, 0));
	for (int i = 0; i < (over_unix() ? 1 : 2); i++) {
		s->fillers[i] = socket_of(f, SOCK_NONBLOCK);
		connect_to(s->fillers[i], s->ip, s->port);
	}
	/* that the queue is full, only the listener knows: the client is a moment ahead */
	wait_for(s->listener, POLLIN);
}

/* stall_end() - let the connections through; over TCP the fillers come first, and are at their
 * end */
static void stall_end(struct stall *s)
{
	struct uffdio_zeropage fill = {.range = {(uintptr_t)s->page, PAGE_BYTES}};

	if (!s->stalled)
		return;
	s->stalled = false;
	if (holds_lock()) {
		must(ioctl(s->faults, UFFDIO_ZEROPAGE, &fill));
		pthread_join(s->thread, NULL);
		close(s->faults);
		munmap(s->page, PAGE_BYTES);
		return;
	}
	if (over_unix()) /* who it is, nobody could tell afterwards */
		close(must(accept(s->listener, NULL, NULL)));
	must((int)syscall(SYS_listen, s->listener, 16));
	for (int i = 0; i < (over_unix() ? 1 : 2); i++)
		close(s->fillers[i]);
}

/* stall_accept() - the connection of @fd; over TCP, what filled the queue may still be there */
MAYBE_UNUSED static int stall_accept(struct stall *s, int fd)
{
	struct address peer;
	int server = accept_one(s->listener, &peer);

	while (!over_unix() && port_in(&peer) != local_port(fd)) {
		close(server);
		server = accept_one(s->listener, &peer);
	}
	return server;
}

/* stall_close() - the end; whatever waited for it fails or was served */
static void stall_close(struct stall *s)
{
	stall_end(s);
	close(s->listener);
}

#endif
