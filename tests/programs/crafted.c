/* SPDX-License-Identifier: MIT */
/*
 * crafted.c - AF_VSOCK sockets whose options look like the shim's mark, and mean harm
 *
 * They are made behind the shim's back, given to this process over a Unix socket, and then
 * asked for their names: what comes out must not be what lay in the program's memory, and must
 * be the same twice.
 */
#include <linux/filter.h>

#include "tcp.h"

/* What the shim writes; shim/pack.c */
#define WORD_A_FILTER (UINT64_C(5) << 61 | UINT64_C(1) << 52 | UINT64_C(3) << 50)
#define MAGIC         0x76736b66u
#define V6            (UINT64_C(1) << 58)
enum { TAG_LOCAL = 240, TAG_PEER = 245, TAG_SMALL = 250, FULL = 4 };

/* Instructions that are whatever they are: all are "load @k". */
struct program {
	unsigned count;
	struct sock_filter code[64];
};

static void add(struct program *p, unsigned tag, uint32_t k)
{
	p->code[p->count++] = (struct sock_filter){BPF_LD | BPF_IMM, (uint8_t)tag, 0, k};
}

static int raw_setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
	return (int)syscall(SYS_setsockopt, fd, level, name, value, len);
}

/* A socket with this word A and filter, sent through a Unix socket. */
static int crafted(uint64_t a, struct program *p)
{
	struct sock_fprog program;
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control = {.head = {CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS}};
	char byte = 0;
	struct iovec part = {&byte, 1};
	struct msghdr message = {.msg_iov = &part,
				 .msg_iovlen = 1,
				 .msg_control = control.room,
				 .msg_controllen = sizeof control.room};
	int fd = must((int)syscall(SYS_socket, AF_VSOCK, SOCK_STREAM, 0)), pair[2];

	p->code[p->count++] = (struct sock_filter){BPF_RET | BPF_K, 0, 0, UINT32_MAX};
	program = (struct sock_fprog){(unsigned short)p->count, p->code};
	must(raw_setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program));
	must(raw_setsockopt(fd, AF_VSOCK, SO_VM_SOCKETS_BUFFER_MAX_SIZE, &a, sizeof a));
	must(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	memcpy(CMSG_DATA(&control.head), &fd, sizeof fd);
	must(sendmsg(pair[0], &message, 0));
	close(fd);
	must(recvmsg(pair[1], &message, 0));
	memcpy(&fd, CMSG_DATA(&control.head), sizeof fd);
	close(pair[0]);
	close(pair[1]);
	return fd;
}

/* Leave a pattern where the next function's variables will lie. */
static __attribute__((noinline)) void dirty(int byte)
{
	volatile char garbage[8192];

	for (size_t i = 0; i < sizeof garbage; i++)
		garbage[i] = (char)byte;
}

static void check_name(const char *what, int fd,
		       int (*ask)(int, struct sockaddr *, socklen_t *))
{
	struct address first = {.len = sizeof first.room}, second = first;
	int one, two;

	dirty(0x5a);
	one = ask(fd, &first.any, &first.len);
	dirty(0xa5);
	two = ask(fd, &second.any, &second.len);
	if (one != two || first.len != second.len ||
	    (one == 0 && memcmp(&first.room, &second.room, first.len) != 0))
		complain("%s: what the program's memory held: %s, %s", what,
			 one ? "no name" : show(&first), two ? "no name" : show(&second));
}

/* Ask all that reads the mark. */
static void use(const char *what, uint64_t a, struct program *p)
{
	int fd = crafted(a, p), value;
	socklen_t len = sizeof value;
	struct address to = address_of("127.0.0.1", 9), peer = address_of("::1", 9);

	check_name(what, fd, getsockname);
	check_name(what, fd, getpeername);
	(void)getsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &value, &len);
	(void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &(int){7}, sizeof(int));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_SYNCNT, &(int){7}, sizeof(int));
	check_name(what, fd, getsockname);
	(void)shutdown(fd, SHUT_RDWR);
	check_name(what, fd, getpeername);
	(void)listen(fd, 1);
	(void)bind(fd, &to.any, to.len);
	(void)connect(fd, &peer.any, peer.len);
	(void)connect(fd, &to.any, to.len);
	check_name(what, fd, getsockname);
	close(fd);
}

static struct program begin(void)
{
	struct program p = {0};

	add(&p, 0, MAGIC);
	return p;
}

/* An address that ends before its end, or is of a kind that does not exist. */
static void places(uint64_t a)
{
	static const uint32_t kinds[] = {0, 1, 2, 3, FULL, 5, 7, 255, 0xffff};

	for (unsigned tag = TAG_LOCAL; tag <= TAG_PEER; tag += TAG_PEER - TAG_LOCAL)
		for (unsigned kind = 0; kind < ARRAY_SIZE(kinds); kind++)
			for (unsigned words = 0; words <= 4; words++) {
				struct program p = begin();

				add(&p, tag, kinds[kind] << 16 | 80);
				for (unsigned i = 0; i < words; i++)
					add(&p, tag + 1 + i, 0x01020304);
				use(tag == TAG_LOCAL ? "a local address" : "a peer's address",
				    a, &p);
			}
}

/* Tags of nobody's, and more than there is room for. */
static void tags(uint64_t a)
{
	for (unsigned count = 1; count <= 60; count += count < 50 ? 7 : 1) {
		struct program p = begin();

		for (unsigned i = 1; i < count; i++)
			add(&p, 255 - i % 16, i);
		use("tags of nobody's", a, &p);
		p = begin();
		for (unsigned i = 1; i < count; i++)
			add(&p, i, i);
		use("many options", a, &p);
	}
}

int main(void)
{
	for (int v6 = 0; v6 <= 1; v6++) {
		uint64_t flags = v6 ? V6 : 0;

		places(WORD_A_FILTER | flags);
		tags(WORD_A_FILTER | flags);
		tags((WORD_A_FILTER & ~(UINT64_C(3) << 50)) | flags);
	}
	say("done");
	return test_failed;
}
