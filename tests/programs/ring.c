/* SPDX-License-Identifier: MIT */
/*
 * ring.c - ring HOST PORT: registers a socket that is connecting in an epoll by io_uring, as
 * newer versions of libuv do, so that no epoll_ctl() is called; prints what epoll_wait() gives
 * of it then, and once more when something is to be read. "no io_uring" where the kernel has
 * none, or none of that kind.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/io_uring.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static _Noreturn void fail(const char *what)
{
	fprintf(stderr, "ring: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int ring;
static struct io_uring_params params;

static void *map(size_t size, off_t offset)
{
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, ring, offset);

	if (at == MAP_FAILED)
		fail("mmap");
	return at;
}

static void make_ring(void)
{
	ring = (int)syscall(SYS_io_uring_setup, 4, &params);
	if (ring < 0) {
		puts("no io_uring");
		exit(0);
	}
}

/* One call, and its result. */
static int submit(const struct io_uring_sqe *call)
{
	char *sq = map(params.sq_off.array + params.sq_entries * sizeof(uint32_t),
		       IORING_OFF_SQ_RING);
	char *cq = map(params.cq_off.cqes + params.cq_entries * sizeof(struct io_uring_cqe),
		       IORING_OFF_CQ_RING);
	struct io_uring_sqe *sqes = map(params.sq_entries * sizeof *sqes, IORING_OFF_SQES);
	uint32_t *tail = (uint32_t *)(void *)(sq + params.sq_off.tail);
	uint32_t *head = (uint32_t *)(void *)(cq + params.cq_off.head);
	uint32_t place = *tail % params.sq_entries, *array = (void *)(sq + params.sq_off.array);
	const struct io_uring_cqe *cqes = (void *)(cq + params.cq_off.cqes);
	int result;

	sqes[place] = *call;
	array[place] = place;
	__atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
	if (syscall(SYS_io_uring_enter, ring, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) != 1)
		fail("io_uring_enter");
	result = cqes[*head % params.cq_entries].res;
	__atomic_store_n(head, *head + 1, __ATOMIC_RELEASE);
	return result;
}

static uint32_t next_events(int epoll)
{
	struct epoll_event event = {.events = 0};

	if (epoll_wait(epoll, &event, 1, 10000) < 0)
		fail("epoll_wait");
	return event.events;
}

int main(int argc, char **argv)
{
	struct sockaddr_in to = {.sin_family = AF_INET};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), epoll = epoll_create1(0);
	struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.fd = fd};
	struct io_uring_sqe add = {
		.opcode = IORING_OP_EPOLL_CTL,
		.fd = epoll,
		.off = (uint64_t)fd,
		.addr = (uint64_t)(uintptr_t)&event,
		.len = EPOLL_CTL_ADD,
	};
	int error = 0, result;
	socklen_t len = sizeof error;

	if (argc != 3)
		return 2;
	make_ring();
	to.sin_addr.s_addr = inet_addr(argv[1]);
	to.sin_port = htons((uint16_t)strtoul(argv[2], NULL, 10));
	if (connect(fd, (struct sockaddr *)&to, sizeof to) == 0 || errno != EINPROGRESS)
		fail("connect");
	result = submit(&add);
	if (result == -EINVAL || result == -EOPNOTSUPP) {
		puts("no io_uring");
		return 0;
	}
	errno = -result;
	if (result < 0)
		fail("EPOLL_CTL by io_uring");
	printf("events: %#x\n", next_events(epoll));
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0 || error)
		fail("SO_ERROR");
	if (send(fd, "a word", 6, 0) != 6)
		fail("send");
	do /* of what is edge-triggered the exchange tells once more */
		event.events = next_events(epoll);
	while (event.events == EPOLLOUT);
	printf("events: %#x\n", event.events);
	return 0;
}
