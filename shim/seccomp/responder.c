/* SPDX-License-Identifier: MIT */
/*
 * responder.c - stands where programs look for a name server
 */
#include "responder.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "../kernel/sys.h"
#include "../known.h"
#include "../log/target.h"
#include "dns.h"

/* The longest that UDP carries */
#define DATAGRAM_MAX 65536

/* Queries of one program that are under way, and can be told to have failed: two, usually */
#define UNDER_WAY 4

/* The longest query that is taken by TCP, and the length in front of it */
#define QUERY_MAX 1024
#define LENGTH    2

struct conversation {
	bool ordered;        /* what the supervisor says has been read */
	pid_t process;       /* whose number is in front of the log's lines */
	int program, onward; /* -1: there is no way on */
	bool stream;
	uint8_t begun[LENGTH + QUERY_MAX]; /* of a stream: what has come of the next query */
	size_t begun_size;
	struct query {
		uint8_t bytes[DNS_HEAD + HOST_MAX + 2 + 4]; /* to the end of the question */
		size_t size;                                /* 0: none */
	} under_way[UNDER_WAY];
	unsigned next;
};

/* What an event is about: a conversation, with this bit set if it is the way on; or one of the
 * listeners */
enum { ONWARD = 1, LISTENERS = 2 };

static pid_t master; /* the supervisor */
static int loop;
static uint8_t piece[DATAGRAM_MAX];

/* ---- answers ---- */

/* No room there: it is lost, as a datagram would be. */
static void tell(const struct conversation *c, const void *bytes, size_t size)
{
	uint8_t framed[LENGTH + DNS_ANSWER_MAX] = {(uint8_t)(size >> 8), (uint8_t)size};

	if (c->stream) {
		memcpy(framed + LENGTH, bytes, size);
		bytes = framed;
		size += LENGTH;
	}
	(void)sys_send(c->program, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void tell_code(const struct conversation *c, const uint8_t *query,
		      const struct dns_question *question, enum dns_code code)
{
	uint8_t answer[DNS_ANSWER_MAX];

	tell(c, answer, dns_begin(query, question, code, answer));
}

/* The name of an address, if that is one that has its name here */
static bool answer_address(const struct conversation *c, const uint8_t *query,
			   const struct dns_question *question)
{
	uint8_t ip[16], answer[DNS_ANSWER_MAX];
	char name[HOST_MAX + 1];
	enum known known = KNOWN_NOT;
	size_t size;

	if (dns_address(question->name, ip))
		known = known_address(ip, name);
	if (known == KNOWN_NOTHING)
		tell_code(c, query, question, DNS_NO_NAME);
	if (known != KNOWN)
		return known != KNOWN_NOT;
	size = dns_begin(query, question, DNS_FOUND, answer);
	tell(c, answer, dns_add_name(answer, size, question, name));
	return true;
}

static bool answer_name(const struct conversation *c, const uint8_t *query,
			const struct dns_question *question)
{
	bool v6 = question->type == DNS_AAAA;
	uint8_t answer[DNS_ANSWER_MAX];
	struct known_host host;
	size_t size;

	switch (known_asked(question->name, &host)) {
	case KNOWN:
		size = dns_begin(query, question, DNS_FOUND, answer);
		if (host.has[v6])
			size = dns_add_ip(answer, size, question, host.ip[v6]);
		tell(c, answer, size);
		return true;
	case KNOWN_NOTHING:
		tell_code(c, query, question, DNS_NO_NAME);
		return true;
	case KNOWN_LATER:
		tell_code(c, query, question, DNS_FAILED);
		return true;
	default:
		return false;
	}
}

/* Of a name that is answered here there are no other records than addresses. */
static bool answer_other(const struct conversation *c, const uint8_t *query,
			 const struct dns_question *question)
{
	if (!known_service(question->name))
		return false;
	tell_code(c, query, question, DNS_FOUND);
	return true;
}

/* false: it is not to be answered here */
static bool answer(const struct conversation *c, const uint8_t *query,
		   const struct dns_question *question)
{
	if (question->class == DNS_IN && question->type == DNS_PTR &&
	    answer_address(c, query, question))
		return true;
	if (question->class == DNS_IN &&
	    (question->type == DNS_A || question->type == DNS_AAAA))
		return answer_name(c, query, question);
	return answer_other(c, query, question);
}

/* ---- what is sent on ---- */

static void fail(struct conversation *c, struct query *query)
{
	struct dns_question question;

	if (query->size && dns_read(query->bytes, query->size, &question))
		tell_code(c, query->bytes, &question, DNS_FAILED);
	query->size = 0;
}

static void fail_all(struct conversation *c)
{
	for (unsigned i = 0; i < UNDER_WAY; i++)
		fail(c, &c->under_way[i]);
}

static void note(struct conversation *c, const struct dns_question *question)
{
	struct query *query = &c->under_way[c->next++ % UNDER_WAY];

	memcpy(query->bytes, piece, question->end);
	query->size = question->end;
}

/* What is in `piece`, by its number at the front, is answered. */
static void note_answered(struct conversation *c)
{
	for (unsigned i = 0; i < UNDER_WAY; i++)
		if (c->under_way[i].size && memcmp(c->under_way[i].bytes, piece, 2) == 0)
			c->under_way[i].size = 0;
}

static void send_on(struct conversation *c, size_t size, const struct dns_question *question)
{
	if (question)
		note(c, question);
	if (c->onward < 0 || sys_send(c->onward, piece, size, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		fail_all(c);
}

/* ---- conversations ---- */

static void end(struct conversation *c)
{
	sys_close(c->program);
	if (c->onward >= 0) {
		/* the program may have another descriptor of it, by which it would stay in */
		sys_epoll_ctl(loop, EPOLL_CTL_DEL, c->onward, NULL);
		sys_close(c->onward);
	}
	free(c);
}

/* What is in `piece` is what the program has said. */
static void take_piece(struct conversation *c, size_t size)
{
	struct dns_question question;

	if (!dns_read(piece, size, &question))
		send_on(c, size, NULL);
	else if (!answer(c, piece, &question))
		send_on(c, size, &question);
}

/* How long the next query of a stream is, with its length; that alone if it has not come */
static size_t query_size(const struct conversation *c)
{
	return c->begun_size < LENGTH ? LENGTH : LENGTH + (c->begun[0] << 8 | c->begun[1]);
}

/* A stream's query comes to its end, and no further. false: it is too long */
static bool take_stream(struct conversation *c, size_t size)
{
	c->begun_size += size;
	if (c->begun_size < query_size(c) || c->begun_size == LENGTH)
		return query_size(c) <= sizeof c->begun;
	memcpy(piece, c->begun + LENGTH, c->begun_size - LENGTH);
	size = c->begun_size - LENGTH;
	c->begun_size = 0;
	take_piece(c, size);
	return true;
}

/* What IP_RECVERR, which glibc sets, keeps of errors; as long as it is there, there is an
 * event. */
static void forget_errors(int fd)
{
	struct msghdr none = {.msg_iovlen = 0};

	while (sys_recvmsg(fd, &none, MSG_ERRQUEUE | MSG_DONTWAIT) >= 0)
		continue;
}

static void hear_server(struct conversation *c)
{
	ssize_t size = sys_recv(c->onward, piece, sizeof piece, MSG_DONTWAIT);

	if (size < 0)
		forget_errors(c->onward);
	if (size == -EAGAIN || size == -EINTR)
		return;
	if (size < 0) {
		fail_all(c); /* nobody is there */
	} else if (size > 0) {
		note_answered(c);
		tell(c, piece, (size_t)size);
	}
}

static bool watch(int fd, uint64_t about)
{
	struct epoll_event event = {.events = EPOLLIN, .data.u64 = about};

	return fd < 0 || sys_epoll_ctl(loop, EPOLL_CTL_ADD, fd, &event) == 0;
}

/* The program's own socket, if it is a way on, and what else the supervisor says. false: it
 * does not */
static bool take_order(struct conversation *c)
{
	struct responder_order order;
	int own;
	struct iovec part = {&order, sizeof order};
	union {
		char room[CMSG_SPACE(sizeof own)];
		struct cmsghdr aligned;
	} control;
	struct msghdr message = {.msg_iov = &part,
				 .msg_iovlen = 1,
				 .msg_control = control.room,
				 .msg_controllen = sizeof control.room};
	ssize_t size = sys_recvmsg(c->program, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	struct cmsghdr *head = size == sizeof order ? CMSG_FIRSTHDR(&message) : NULL;

	if (!head || head->cmsg_len != CMSG_LEN(sizeof own))
		return false;
	memcpy(&own, CMSG_DATA(head), sizeof own);
	c->process = order.process;
	c->ordered = true;
	if (order.reaches)
		c->onward = own;
	else
		sys_close(own);
	return watch(c->onward, (uintptr_t)c | ONWARD);
}

static void hear_program(struct conversation *c)
{
	ssize_t size;

	if (!c->ordered) {
		if (!take_order(c))
			end(c);
		return;
	}
	size = c->stream ? sys_recv(c->program, c->begun + c->begun_size,
				    query_size(c) - c->begun_size, MSG_DONTWAIT)
			 : sys_recv(c->program, piece, sizeof piece, MSG_DONTWAIT);

	if (size == -EAGAIN || size == -EINTR)
		return;
	if (size <= 0 || (c->stream && !take_stream(c, (size_t)size)))
		end(c);
	else if (!c->stream)
		take_piece(c, (size_t)size);
}

/* Is it the supervisor that has connected this one? */
static bool is_masters(int fd)
{
	struct ucred credentials;
	socklen_t len = sizeof credentials;

	return sys_getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &len) == 0 &&
	       credentials.pid == master;
}

static void begin(int listener)
{
	int fd = (int)SYS_CALL(SYS_accept4, listener, NULL, NULL, SOCK_CLOEXEC);
	struct conversation *c = fd >= 0 && is_masters(fd) ? calloc(1, sizeof *c) : NULL;

	if (fd == -EMFILE || fd == -ENFILE)
		(void)sys_poll(listener, 0, 10); /* some will have ended by then */
	if (!c) {
		if (fd >= 0)
			sys_close(fd);
		return;
	}
	*c = (struct conversation){
		.program = fd, .onward = -1, .stream = listener != RESPONDER_FIRST};
	if (!watch(fd, (uintptr_t)c))
		end(c);
	/* what the epoll has, is not lost. NOLINTNEXTLINE(clang-analyzer-unix.Malloc) */
}

static void act(uint64_t about)
{
	struct conversation *c = (struct conversation *)(uintptr_t)(about & ~(uint64_t)ONWARD);

	if (about == LISTENERS || about == LISTENERS + 1) {
		begin(RESPONDER_FIRST + (int)(about - LISTENERS));
		return;
	}
	target_process = c->process;
	if (about & ONWARD)
		hear_server(c);
	else
		hear_program(c);
}

void responder_run(pid_t supervisor)
{
	struct epoll_event event;

	master = supervisor;
	loop = epoll_create1(EPOLL_CLOEXEC);
	if (loop < 0 || !watch(RESPONDER_FIRST, LISTENERS) ||
	    !watch(RESPONDER_FIRST + 1, LISTENERS + 1))
		_exit(1);
	for (;;) /* one event at a time: each may end what another is about */
		if (epoll_wait(loop, &event, 1, -1) == 1)
			act(event.data.u64);
}
