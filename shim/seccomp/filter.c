/* SPDX-License-Identifier: MIT */
/*
 * filter.c - which system calls are caught
 */
#include "filter.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <stddef.h>
#include <sys/prctl.h>

#include "../kernel/sys.h"
#include "../transport/transport.h"

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#define FIRST_OF_X32 0x40000000u
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#elif defined(__riscv) && __riscv_xlen == 64
#define ARCHITECTURE AUDIT_ARCH_RISCV64
#else
#define ARCHITECTURE 0 /* none whose numbers the table was looked through for */
#endif

/* ---- the table ---- */

#define ASK           SECCOMP_RET_USER_NOTIF
#define REFUSE(error) (SECCOMP_RET_ERRNO | (error))

/* A call, and what its argument has to be for this to be its verdict. */
struct entry {
	long call;
	enum { ALWAYS, IS, HAS } test;
	unsigned argument; /* from 0 */
	uint32_t value;
	uint32_t verdict;
};

/* Calls that carry data come first, for the filter looks at one after the other. All entries of
 * one call stand together. */
static const struct entry table[] = {
	{SYS_sendto, HAS, 3, MSG_FASTOPEN, ASK},
	{SYS_sendmsg, HAS, 2, MSG_FASTOPEN, ASK},
	{SYS_sendmmsg, HAS, 3, MSG_FASTOPEN, ASK},
	/* what second.h and the readers of queues want to know */
	{SYS_ioctl, IS, 1, FIONREAD, ASK},
	{SYS_ioctl, IS, 1, SIOCOUTQ, ASK},
	{SYS_ioctl, IS, 1, SIOCATMARK, ASK},
	/* has a socket ever been given an owner for its signals? */
	{SYS_ioctl, IS, 1, FIOSETOWN, ASK},
	{SYS_ioctl, IS, 1, SIOCSPGRP, ASK},
	{SYS_fcntl, IS, 1, F_SETOWN, ASK},
	{SYS_fcntl, IS, 1, F_SETOWN_EX, ASK},
	{SYS_fcntl, IS, 1, F_SETSIG, ASK},
	/* conversion must reach every duplicate */
	{SYS_fcntl, IS, 1, F_DUPFD, ASK},
	{SYS_fcntl, IS, 1, F_DUPFD_CLOEXEC, ASK},
	{SYS_dup, ALWAYS, 0, 0, ASK},
#ifdef SYS_dup2
	{SYS_dup2, ALWAYS, 0, 0, ASK},
#endif
	{SYS_dup3, ALWAYS, 0, 0, ASK},
/* and every epoll */
#ifdef SYS_epoll_create
	{SYS_epoll_create, ALWAYS, 0, 0, ASK},
#endif
	{SYS_epoll_create1, ALWAYS, 0, 0, ASK},
	/* options that AF_VSOCK has not, or answers otherwise; names of the socket level stand
	 * for the same ones of other levels, where nobody minds */
	{SYS_getsockopt, IS, 2, SO_ERROR, ASK},
	{SYS_getsockopt, IS, 2, SO_DOMAIN, ASK},
	{SYS_getsockopt, IS, 2, SO_PROTOCOL, ASK},
	{SYS_getsockopt, IS, 2, SO_ACCEPTCONN, ASK},
	{SYS_getsockopt, IS, 2, SO_LINGER, ASK},
	{SYS_getsockopt, IS, 2, SO_ATTACH_FILTER, ASK},
	{SYS_getsockopt, IS, 2, SO_MAX_PACING_RATE, ASK},
	{SYS_getsockopt, IS, 2, SO_INCOMING_CPU, ASK},
	{SYS_getsockopt, IS, 2, SO_REUSEPORT, ASK},
	{SYS_getsockopt, IS, 2, SO_SNDBUF, ASK}, /* of a pending connection: settle.h */
	{SYS_getsockopt, IS, 1, SOL_SOCKET, SECCOMP_RET_ALLOW},
	{SYS_getsockopt, IS, 1, TRANSPORT_LEVEL, SECCOMP_RET_ALLOW},
	{SYS_getsockopt, ALWAYS, 0, 0, ASK},
	/* which are set, conversion has to know */
	{SYS_setsockopt, IS, 1, TRANSPORT_LEVEL, SECCOMP_RET_ALLOW},
	{SYS_setsockopt, ALWAYS, 0, 0, ASK},
	{SYS_connect, ALWAYS, 0, 0, ASK},
	{SYS_bind, ALWAYS, 0, 0, ASK},
	{SYS_listen, ALWAYS, 0, 0, ASK},
#ifdef SYS_accept
	{SYS_accept, ALWAYS, 0, 0, ASK},
#endif
	{SYS_accept4, ALWAYS, 0, 0, ASK},
	{SYS_getsockname, ALWAYS, 0, 0, ASK},
	{SYS_getpeername, ALWAYS, 0, 0, ASK},
	{SYS_shutdown, ALWAYS, 0, 0, ASK},
	/* what a ring is told to do, no filter sees */
	{SYS_io_uring_setup, ALWAYS, 0, 0, REFUSE(ENOSYS)},
	/* nor what is said to a VM socket that it did not make */
	{SYS_socket, IS, 0, TRANSPORT_FAMILY, REFUSE(EAFNOSUPPORT)},
};

#define ENTRIES (sizeof table / sizeof table[0])

/* ---- the program ---- */

#define AT(field) offsetof(struct seccomp_data, field)
#define LOW(index)                               \
	(AT(args) + sizeof(uint64_t) * (index) + \
	 sizeof(uint32_t) * (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__))

/* At most so many instructions for an entry, and a few around them all */
#define PER_ENTRY 5

struct program {
	struct sock_filter code[PER_ENTRY * ENTRIES + 20];
	unsigned short length;
};

static void add(struct program *p, uint16_t operation, uint32_t k, uint8_t if_true,
		uint8_t if_false)
{
	p->code[p->length++] = (struct sock_filter){operation, if_true, if_false, k};
}

static void add_load(struct program *p, size_t offset)
{
	add(p, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

static void add_verdict(struct program *p, uint32_t verdict)
{
	add(p, BPF_RET | BPF_K, verdict, 0, 0);
}

/* if the accumulator passes @test: @verdict */
static void add_case(struct program *p, uint16_t test, uint32_t value, uint32_t verdict)
{
	add(p, BPF_JMP | test | BPF_K, value, 0, 1);
	add_verdict(p, verdict);
}

/* All entries of one call, from the first on; return the first of the next. */
static size_t add_call(struct program *p, size_t i)
{
	long call = table[i].call;
	unsigned short jump = p->length;
	int loaded = -1;

	add(p, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)call, 0, 0);
	for (; i < ENTRIES && table[i].call == call; i++) {
		const struct entry *e = &table[i];

		if (e->test == ALWAYS) {
			add_verdict(p, e->verdict);
			continue;
		}
		if (loaded != (int)e->argument)
			add_load(p, LOW(e->argument));
		loaded = (int)e->argument;
		add_case(p, e->test == IS ? BPF_JEQ : BPF_JSET, e->value, e->verdict);
	}
	if (loaded >= 0) /* none of its cases; what follows would look at the argument */
		add_verdict(p, SECCOMP_RET_ALLOW);
	p->code[jump].jf = (uint8_t)(p->length - jump - 1);
	return i;
}

/* A query may be so long, and longer than what programs send with an address all the time */
#define QUERY_MAX 512

/*
 * A query of a resolver that connects no socket, as musl's: sendto() with an address of IP's,
 * with this flag alone, and not long. To which port, no filter sees, so others' datagrams are
 * caught as well; where no rule takes names, none is.
 */
static void add_query(struct program *p)
{
	add(p, BPF_JMP | BPF_JEQ | BPF_K, SYS_sendto, 0, 9);
	add_load(p, LOW(3));
	add(p, BPF_JMP | BPF_JEQ | BPF_K, MSG_NOSIGNAL, 0, 6);
	add_load(p, LOW(5));
	add(p, BPF_JMP | BPF_JEQ | BPF_K, sizeof(struct sockaddr_in), 1, 0);
	add(p, BPF_JMP | BPF_JEQ | BPF_K, sizeof(struct sockaddr_in6), 0, 3);
	add_load(p, LOW(2));
	add(p, BPF_JMP | BPF_JGT | BPF_K, QUERY_MAX, 1, 0);
	add_verdict(p, ASK);
	add_load(p, AT(nr));
}

/* Are the entries of this call not meant, since the rules allow what they refuse? */
static bool is_left_out(long call, uint8_t allowed)
{
	return (call == SYS_io_uring_setup && allowed & UNSEEN_IO_URING) ||
	       (call == SYS_socket && allowed & UNSEEN_VSOCK);
}

static void write_program(struct program *p, const struct ruleset *rs)
{
	uint8_t allowed = rs->unseen;
	uint32_t other = allowed & UNSEEN_ABI32 ? SECCOMP_RET_ALLOW : REFUSE(ENOSYS);

	p->length = 0;
	add_load(p, AT(arch));
	add(p, BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0);
	add_verdict(p, other);
	add_load(p, AT(nr));
#ifdef FIRST_OF_X32
	add_case(p, BPF_JGE, FIRST_OF_X32, other);
#endif
	if (rs->takes_names)
		add_query(p);
	for (size_t i = 0; i < ENTRIES;)
		i = is_left_out(table[i].call, allowed) ? i + 1 : add_call(p, i);
	add_verdict(p, SECCOMP_RET_ALLOW);
}

/* As a privileged caller, who then need not take privileges from what is to be run. */
static int install(struct program *p)
{
	struct sock_fprog program = {.len = p->length, .filter = p->code};

	return (int)SYS_CALL(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
			     SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
}

int filter_install(const struct ruleset *rs)
{
	static struct program p;
	int result;

	if (!ARCHITECTURE)
		return -ENOSYS;
	write_program(&p, rs);
	result = install(&p);
	if (result == -EACCES) {
		(void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		result = install(&p);
	}
	return result;
}
