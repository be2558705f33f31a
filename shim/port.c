/* SPDX-License-Identifier: MIT */
/*
 * port.c - which local port does a client get?
 *
 * Theory of operation
 *
 * VM sockets have no TIME_WAIT. A client's port is free again as soon as the other side's
 * kernel has seen the end of the connection, while the server may not have closed its socket
 * yet. When it does, its kernel sends one more reset (net/vmw_vsock/virtio_transport_common.c,
 * virtio_transport_close(): "Already received SHUTDOWN from peer, reply with RST"), and a new
 * connection between the same two ports dies of it, or is refused. The kernel's own numbers,
 * counted up through 32 bits, do not come back that soon. So ours are counted up as well: a
 * process starts somewhere in the range and takes one after the other. A forked child must not
 * go on where its parent does, so the counter lies in memory that the kernel empties in a child
 * (madvise(2), MADV_WIPEONFORK); who finds it empty starts afresh.
 *
 * They count up by two: a port is even where the client is connected by IPv4, and odd where by
 * IPv6, and a server that serves both shows it so (translate.c).
 *
 * Others may have taken thousands in a row, or all there are. So after a few that are taken the
 * search goes on elsewhere, and it ends after a number of tries. While it keeps on ending in
 * vain, that number shrinks, and at last most connections do without a search: in a process
 * that has more of them than the range has for a family, a further one pays next to nothing. A
 * search that finds a port restores it. (A try is not cheap there: the kernel walks over all
 * sockets of this machine whose ports leave the same remainder, a 251st of them.)
 */
#include "port.h"

#include <stdatomic.h>
#include <stddef.h>
#include <sys/mman.h>
#include <time.h>

#include "kernel/proctext.h"
#include "kernel/sys.h"
#include "transport/transport.h"

#define PAGE_BYTES 4096

/* How many ports are tried for a client: with nine of ten taken, 29 of 30 searches find one. */
#define TRIES_MOST     32
#define TRIES_LEAST    2
#define TRIES_IN_A_ROW 4

/* How many do without a search once the smallest was in vain. */
#define REST 64

/* For a server, whose clients want the number that it shows. */
#define TRIES_FOR_SERVER 512

struct port_range {
	uint16_t first, last;
};

/* "32768\t60999\n" */
static bool parse_range(const char *text, struct port_range *range)
{
	uint64_t first, last;

	if (!proctext_number(&text, 10, &first) || !proctext_number(&text, 10, &last) ||
	    first == 0 || last < first || last > UINT16_MAX)
		return false;
	*range = (struct port_range){(uint16_t)first, (uint16_t)last};
	return true;
}

/* The kernel's range of local ports; asked once. Without /proc, the kernel's default. */
static struct port_range local_port_range(void)
{
	static _Atomic uint32_t known;
	uint32_t cached = atomic_load_explicit(&known, memory_order_relaxed);
	struct port_range range = {32768, 60999};
	char text[32];

	if (cached)
		return (struct port_range){(uint16_t)(cached >> 16), (uint16_t)cached};
	if (proctext_read("/proc/sys/net/ipv4/ip_local_port_range", text, sizeof text))
		parse_range(text, &range);
	atomic_store_explicit(&known, (uint32_t)range.first << 16 | range.last,
			      memory_order_relaxed);
	return range;
}

bool port_is_local(uint16_t port)
{
	struct port_range range = local_port_range();

	return port >= range.first && port <= range.last;
}

int port_of_ipv4(uint32_t port)
{
	return port <= UINT16_MAX && port_is_local((uint16_t)port) ? port % 2 == 0 : -1;
}

/* Where a process starts: differs between processes and from time to time; not a secret, not 0.
 */
static uint32_t somewhere(const void *page)
{
	struct timespec now;
	uint64_t mixed;

	clock_gettime(CLOCK_MONOTONIC, &now);
	mixed = (uint64_t)now.tv_nsec + (uintptr_t)page;
	mixed *= UINT64_C(0x9e3779b97f4a7c15);
	return (uint32_t)(mixed >> 32) | 1;
}

/* The process's counter, in a page of its own; without memory for it, one that is not emptied.
 */
static _Atomic uint32_t *counter(void)
{
	static _Atomic(_Atomic uint32_t *) known;
	static _Atomic uint32_t fallback;
	_Atomic uint32_t *mine = atomic_load(&known), *theirs = NULL;

	if (mine)
		return mine;
	mine = sys_map(PAGE_BYTES);
	if (!mine)
		return &fallback;
	SYS_CALL(SYS_madvise, mine, PAGE_BYTES, MADV_WIPEONFORK);
	if (atomic_compare_exchange_strong(&known, &theirs, mine))
		return mine;
	SYS_CALL(SYS_munmap, mine, PAGE_BYTES);
	return theirs;
}

static uint32_t next_number(void)
{
	_Atomic uint32_t *count = counter();
	uint32_t none = 0;

	if (atomic_load(count) == 0)
		atomic_compare_exchange_strong(count, &none, somewhere(count));
	return atomic_fetch_add(count, 1);
}

/* Let the counter go on in another part of the range: leaps of this kind (the golden section)
 * fall between all that came before. */
static void leap(uint32_t count)
{
	atomic_fetch_add(counter(), (uint32_t)(count * UINT64_C(618) / 1000));
}

/* Bind to an even port of the range, or to an odd one: which, or what bind() said of the last
 * that was tried. */
static int search(int fd, struct vm_address to, unsigned tries, bool even)
{
	struct port_range range = local_port_range();
	uint32_t first = range.first + (range.first % 2 == even);
	uint32_t count = (range.last + 2u - first) / 2;
	int result = -EADDRINUSE;

	for (unsigned i = 1; count && i <= tries && result == -EADDRINUSE; i++) {
		to.port = first + 2 * (next_number() % count);
		result = transport_bind(fd, to);
		if (result == -EADDRINUSE && i % TRIES_IN_A_ROW == 0)
			leap(count);
	}
	return result ?: (int)to.port;
}

/* The kernel's choice, of 32 bits, if all that were tried are taken. */
static int otherwise_any(int fd, struct vm_address to, int result)
{
	to.port = PORT_ANY;
	return result == -EADDRINUSE ? transport_bind(fd, to) : result;
}

/* What has become of the searches of this process; several threads may put each other out of
 * step, which does no harm. */
static struct {
	_Atomic unsigned tries; /* of the next one; 0: TRIES_MOST */
	_Atomic unsigned rest;  /* how many clients do without */
} searches;

static unsigned tries_now(void)
{
	unsigned rest = atomic_load_explicit(&searches.rest, memory_order_relaxed);

	if (rest) {
		atomic_store_explicit(&searches.rest, rest - 1, memory_order_relaxed);
		return 0;
	}
	return atomic_load_explicit(&searches.tries, memory_order_relaxed) ?: TRIES_MOST;
}

static void note_search(unsigned tries, bool found)
{
	unsigned next = found ? TRIES_MOST : tries / 2;

	if (next < TRIES_LEAST) {
		next = TRIES_LEAST;
		atomic_store_explicit(&searches.rest, REST, memory_order_relaxed);
	}
	if (next != tries)
		atomic_store_explicit(&searches.tries, next, memory_order_relaxed);
}

int bind_client_port(int fd, bool muxed, bool v4)
{
	struct vm_address own = {.cid = CID_ANY, .path = muxed ? "" : NULL};
	unsigned tries = tries_now();
	int result = search(fd, own, tries, v4);

	if (tries && (result > 0 || result == -EADDRINUSE))
		note_search(tries, result > 0);
	return otherwise_any(fd, own, result);
}

int bind_free_port(int fd, struct vm_address to, bool v4)
{
	int result = search(fd, to, TRIES_FOR_SERVER, v4);

	if (result == -EADDRINUSE)
		result = search(fd, to, TRIES_FOR_SERVER, !v4);
	result = otherwise_any(fd, to, result);
	return result < 0 ? result : 0;
}
