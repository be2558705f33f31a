/* SPDX-License-Identifier: MIT */
/*
 * guest.c - guests of this machine that are nothing but a vsock device
 *
 * guest knock PORT COUNT CID
 *	COUNT connections, one after the other: each says a byte and waits for its end
 *
 * guest leave PORT COUNT CID
 *	the same, but each hangs up when it is connected
 *
 * guest flood PORT COUNT WAITING CID...
 *	COUNT connections from these guests as fast as it goes, WAITING of each guest at a time;
 *	says "answered" when that many are connected or refused, and waits for all their ends
 *
 * guest fill PORT COUNT BYTES CID
 *	COUNT connections, begun at once, that are written to, BYTES at a time, until there is
 *	no credit, and when there is more; they stay until it is killed
 *
 * The other side of the kernel's vhost-vsock is rings in memory; a hypervisor would let a
 * guest's kernel write them, this program does it by itself. So one machine has as many CIDs as
 * a test wants, and none of their memory counts but that of the host's ends.
 */
#include <linux/vhost.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ring.h>
#include <linux/virtio_vsock.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "tcp.h"

#define RING     256
#define BUFFER   4096 /* the host cuts what it sends to fit */
#define GUESTS   8
#define HOST_CID 2
#define PORTS                                                                                \
	4096 /* of each process of this program, so that none meets what an earlier one left \
	      */
#define BOTH_WAYS (VIRTIO_VSOCK_SHUTDOWN_RCV | VIRTIO_VSOCK_SHUTDOWN_SEND)

/* In the order of vhost's queues. */
enum { FROM_HOST, TO_HOST, QUEUES };

struct queue {
	struct vring_desc descriptors[RING];
	_Alignas(4) struct {
		uint16_t flags, index, ring[RING];
	} avail;
	_Alignas(4) struct {
		uint16_t flags, index;
		struct vring_used_elem ring[RING];
	} used;
	uint16_t seen; /* of `used` */
	int kick, call;
	struct {
		struct virtio_vsock_hdr header;
		uint8_t payload[BUFFER - sizeof(struct virtio_vsock_hdr)];
	} buffers[RING];
};

enum state { IDLE, CALLING, OPEN, OVER };

struct connection {
	enum state state;
	uint16_t owed;   /* the answer that the host has not had yet; 0: none */
	uint32_t credit; /* bytes that the host takes */
	uint32_t sent, received;
};

struct guest {
	struct queue *queues;
	struct connection *connections; /* by port, less the first */
	uint32_t *owing;                /* those that owe an answer */
	uint32_t owing_count;
	uint32_t count;
	uint32_t called, over; /* so many of them */
	uint32_t cid, port;
	int device;
	bool news; /* packets have come that nobody who waits has looked at */
};

static struct totals {
	unsigned connected, refused, over;
	unsigned long heard;
} totals;

static uint32_t first_port(void)
{
	return (uint32_t)getpid() * PORTS;
}

/* ---- the device ---- */

static void set_up_queue(const struct guest *g, unsigned index)
{
	struct queue *q = &g->queues[index];
	struct vhost_vring_state size = {index, RING}, base = {index, 0};
	struct vhost_vring_addr at = {
		.index = index,
		.desc_user_addr = (uintptr_t)q->descriptors,
		.avail_user_addr = (uintptr_t)&q->avail,
		.used_user_addr = (uintptr_t)&q->used,
	};
	struct vhost_vring_file kick = {index, q->kick = must(eventfd(0, EFD_NONBLOCK))};
	struct vhost_vring_file call = {index, q->call = must(eventfd(0, EFD_NONBLOCK))};

	must(ioctl(g->device, VHOST_SET_VRING_NUM, &size));
	must(ioctl(g->device, VHOST_SET_VRING_BASE, &base));
	must(ioctl(g->device, VHOST_SET_VRING_ADDR, &at));
	must(ioctl(g->device, VHOST_SET_VRING_KICK, &kick));
	must(ioctl(g->device, VHOST_SET_VRING_CALL, &call));
	for (unsigned i = 0; i < RING; i++) {
		q->descriptors[i] = (struct vring_desc){
			.addr = (uintptr_t)&q->buffers[i],
			.len = BUFFER,
			.flags = index == FROM_HOST ? VRING_DESC_F_WRITE : 0,
		};
		q->avail.ring[i] = (uint16_t)i;
	}
	q->avail.index = index == FROM_HOST ? RING : 0;
}

static void start_guest(struct guest *g, uint32_t cid, uint32_t port, uint32_t count)
{
	size_t size = QUEUES * sizeof(struct queue);
	uint64_t features = UINT64_C(1) << VIRTIO_F_VERSION_1, wide_cid = cid;
	struct vhost_memory *map = calloc(1, sizeof *map + sizeof map->regions[0]);
	int on = 1;

	*g = (struct guest){.cid = cid, .port = port, .count = count};
	g->connections = calloc(count, sizeof *g->connections);
	g->owing = calloc(count, sizeof *g->owing);
	g->queues =
		mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	check(count <= PORTS && map && g->connections && g->owing && g->queues != MAP_FAILED);
	g->device = must(open("/dev/vhost-vsock", O_RDWR | O_CLOEXEC));
	must(ioctl(g->device, VHOST_SET_OWNER));
	must(ioctl(g->device, VHOST_SET_FEATURES, &features));
	map->nregions = 1;
	map->regions[0] = (struct vhost_memory_region){
		.guest_phys_addr = (uintptr_t)g->queues,
		.userspace_addr = (uintptr_t)g->queues,
		.memory_size = size,
	};
	must(ioctl(g->device, VHOST_SET_MEM_TABLE, map));
	free(map);
	must(ioctl(g->device, VHOST_VSOCK_SET_GUEST_CID, &wide_cid));
	for (unsigned i = 0; i < QUEUES; i++)
		set_up_queue(g, i);
	must(ioctl(g->device, VHOST_VSOCK_SET_RUNNING, &on));
}

static void kick(const struct queue *q)
{
	eventfd_write(q->kick, 1);
}

static void forget_calls(const struct queue *q)
{
	eventfd_t count;

	eventfd_read(q->call, &count);
}

static uint16_t used_index(struct queue *q)
{
	return __atomic_load_n(&q->used.index, __ATOMIC_ACQUIRE);
}

/* Is there a buffer for another packet to the host? All are sent in turn. */
static bool has_room(struct queue *q)
{
	return (uint16_t)(q->avail.index - used_index(q)) < RING;
}

/* ---- from the host ---- */

static void end(struct guest *g, struct connection *c)
{
	g->over++;
	if (c->state == CALLING)
		totals.refused++;
	else if (c->state == OPEN)
		totals.over++;
	c->state = OVER;
}

/* An answer is sent later: whoever waits for room to send a packet takes others meanwhile. */
static void owe(struct guest *g, uint32_t i, uint16_t op)
{
	if (!g->connections[i].owed)
		g->owing[g->owing_count++] = i;
	g->connections[i].owed = op;
}

static void receive(struct guest *g, const struct virtio_vsock_hdr *h)
{
	uint32_t i = h->dst_port - first_port();
	struct connection *c = &g->connections[i];

	if (i >= g->count)
		return;
	c->credit = h->buf_alloc + h->fwd_cnt - c->sent;
	switch (h->op) {
	case VIRTIO_VSOCK_OP_RESPONSE:
		totals.connected++;
		c->state = OPEN;
		break;
	case VIRTIO_VSOCK_OP_RW:
		totals.heard += h->len;
		c->received += h->len;
		break;
	case VIRTIO_VSOCK_OP_SHUTDOWN:
		if (c->state != OPEN || h->flags != BOTH_WAYS)
			break;
		owe(g, i, VIRTIO_VSOCK_OP_RST);
		end(g, c);
		break;
	case VIRTIO_VSOCK_OP_RST:
		if (c->state != OVER)
			end(g, c);
		break;
	case VIRTIO_VSOCK_OP_CREDIT_REQUEST:
		owe(g, i, VIRTIO_VSOCK_OP_CREDIT_UPDATE);
		break;
	default:
		break;
	}
}

/* Take what the host sent, and give its buffers back. */
static void receive_all(struct guest *g)
{
	struct queue *q = &g->queues[FROM_HOST];

	forget_calls(q);
	while (q->seen != used_index(q)) {
		uint32_t slot = q->used.ring[q->seen++ % RING].id;

		receive(g, &q->buffers[slot].header);
		q->avail.ring[q->avail.index % RING] = (uint16_t)slot;
		__atomic_store_n(&q->avail.index, (uint16_t)(q->avail.index + 1),
				 __ATOMIC_RELEASE);
		kick(q);
		g->news = true;
	}
}

/* ---- to the host ---- */

/* The host takes no more packets while too many of its own wait to be taken. */
static void send_packet(struct guest *g, uint32_t i, uint16_t op, uint32_t flags, uint32_t len)
{
	struct queue *q = &g->queues[TO_HOST];
	uint16_t slot = q->avail.index % RING;

	while (!has_room(q)) {
		receive_all(g);
		poll(&(struct pollfd){.fd = q->call, .events = POLLIN}, 1, 1);
		forget_calls(q);
	}
	q->buffers[slot].header = (struct virtio_vsock_hdr){
		.src_cid = g->cid,
		.dst_cid = HOST_CID,
		.src_port = first_port() + i,
		.dst_port = g->port,
		.len = len,
		.type = VIRTIO_VSOCK_TYPE_STREAM,
		.op = op,
		.flags = flags,
		.buf_alloc = 1 << 16,
		.fwd_cnt = g->connections[i].received,
	};
	q->descriptors[slot].len = (uint32_t)sizeof(struct virtio_vsock_hdr) + len;
	q->avail.ring[slot] = slot;
	__atomic_store_n(&q->avail.index, (uint16_t)(q->avail.index + 1), __ATOMIC_RELEASE);
	kick(q);
}

static void answer_all(struct guest *g)
{
	while (g->owing_count) {
		uint32_t i = g->owing[--g->owing_count];
		uint16_t op = g->connections[i].owed;

		g->connections[i].owed = 0;
		send_packet(g, i, op, 0, 0);
	}
}

/* Wait until the host has taken all packets. What it has not taken goes with this process. */
static void flush(struct guest *g)
{
	struct queue *q = &g->queues[TO_HOST];

	while (used_index(q) != q->avail.index) {
		receive_all(g);
		answer_all(g);
		poll(NULL, 0, 1);
	}
}

/* ---- connections ---- */

static void call(struct guest *g, uint32_t i)
{
	g->connections[i] = (struct connection){.state = CALLING};
	send_packet(g, i, VIRTIO_VSOCK_OP_REQUEST, 0, 0);
}

static void wait_for_host(struct guest *guests, unsigned count)
{
	struct pollfd polls[GUESTS];
	bool news = false;

	for (unsigned i = 0; i < count; i++) {
		polls[i] = (struct pollfd){.fd = guests[i].queues[FROM_HOST].call,
					   .events = POLLIN};
		news |= guests[i].news;
	}
	if (!news && poll(polls, count, PATIENCE_MS) == 0) {
		complain("the host says nothing: %u connected, %u refused, %u over",
			 totals.connected, totals.refused, totals.over);
		exit(1);
	}
	for (unsigned i = 0; i < count; i++) {
		receive_all(&guests[i]);
		answer_all(&guests[i]);
		guests[i].news = false;
	}
}

/* ---- what is done with them ---- */

static void knock(struct guest *g, bool leave)
{
	for (uint32_t i = 0; i < g->count; i++) {
		call(g, i);
		while (g->connections[i].state == CALLING)
			wait_for_host(g, 1);
		if (g->connections[i].state == OPEN && leave)
			send_packet(g, i, VIRTIO_VSOCK_OP_SHUTDOWN, BOTH_WAYS, 0);
		else if (g->connections[i].state == OPEN)
			send_packet(g, i, VIRTIO_VSOCK_OP_RW, 0, 1);
		while (g->connections[i].state != OVER)
			wait_for_host(g, 1);
	}
}

/* Those that are refused try no more. */
static void flood(struct guest *guests, unsigned count, uint32_t waiting)
{
	uint32_t each = guests[0].count, first = waiting < each ? waiting : each;
	bool said = false;

	while (totals.over + totals.refused < each * count) {
		for (unsigned n = 0; n < count; n++) {
			struct guest *g = &guests[n];

			for (; g->called < each && g->called - g->over < waiting; g->called++)
				call(g, g->called);
		}
		wait_for_host(guests, count);
		if (!said && totals.connected + totals.refused >= first * count) {
			say("answered");
			said = true;
		}
	}
}

/* One message of at most so many bytes, if there is credit for any. */
static bool say_more(struct guest *g, uint32_t i, uint32_t bytes)
{
	struct connection *c = &g->connections[i];
	uint32_t len = bytes < c->credit ? bytes : c->credit;

	if (c->state != OPEN || !len)
		return false;
	send_packet(g, i, VIRTIO_VSOCK_OP_RW, 0, len);
	c->sent += len;
	c->credit -= len;
	return true;
}

/* All that there is credit for, a message on each in turn. */
static void say_all(struct guest *g, uint32_t bytes)
{
	bool more = true;

	while (more) {
		more = false;
		for (uint32_t i = 0; i < g->count; i++)
			more |= say_more(g, i, bytes);
	}
	flush(g);
}

static void fill(struct guest *g, uint32_t bytes)
{
	for (uint32_t i = 0; i < g->count; i++)
		call(g, i);
	while (totals.connected + totals.refused < g->count)
		wait_for_host(g, 1);
	say_all(g, bytes);
}

/* Until it is killed */
static void fill_on(struct guest *g, uint32_t bytes)
{
	for (;;) {
		poll(&(struct pollfd){.fd = g->queues[FROM_HOST].call, .events = POLLIN}, 1,
		     -1);
		wait_for_host(g, 1);
		say_all(g, bytes);
	}
}

static void print_totals(void)
{
	say("connected %u, refused %u, ended %u, heard %lu bytes", totals.connected,
	    totals.refused, totals.over, totals.heard);
}

int main(int argc, char **argv)
{
	struct guest guests[GUESTS];
	const char *what = argv[1];
	bool fills = strcmp(what, "fill") == 0, longer = fills || strcmp(what, "flood") == 0;
	unsigned first = longer ? 5 : 4, count = (unsigned)argc - first;
	uint32_t port = (uint32_t)atoi(argv[2]), each = (uint32_t)atoi(argv[3]) / count;

	for (unsigned i = 0; i < count; i++)
		start_guest(&guests[i], (uint32_t)atoi(argv[first + i]), port, each);
	if (!longer)
		knock(guests, strcmp(what, "leave") == 0);
	else if (fills)
		fill(guests, (uint32_t)atoi(argv[4]));
	else
		flood(guests, count, (uint32_t)atoi(argv[4]));
	for (unsigned i = 0; i < count; i++)
		flush(&guests[i]);
	print_totals();
	if (fills)
		fill_on(guests, (uint32_t)atoi(argv[4]));
	return test_failed;
}
