/* SPDX-License-Identifier: MIT */
/*
 * ask.c - messages to the broker, and its answers
 */
#include "ask.h"

#include <limits.h>
#include <linux/sockios.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>
#include <sys/un.h>

#include "broker/memory.h"
#include "broker/message.h"
#include "engine.h"
#include "kernel/sys.h"
#include "parcel.h"
#include "transport/transport.h"

#define ANSWER_MS 250
#define LATE_MS   5000 /* as long as a resolver waits; and who begins to listen */

/* ---- one message ---- */

/*
 * Wait for an answer.
 * @kind: WELCOME, HANDOVER, FOUND or LISTENING
 * Return: the descriptor that came with it, 0 with the last two; or a negated errno
 */
static int receive_answer(int fd, const struct broker_environment *broker,
			  enum broker_kind kind)
{
	bool is_late = kind == BROKER_FOUND || kind == BROKER_LISTENING;
	int result = parcel_wait(fd, is_late ? LATE_MS : ANSWER_MS);
	char bytes[BROKER_ANSWER_SIZE + 1]; /* one too many would show */
	struct broker_head answer;
	struct parcel came = {.fd = {0}};
	ssize_t size;

	if (result < 0)
		return result;
	size = parcel_take(fd, bytes, sizeof bytes, &came);
	if (size < 0)
		return (int)size;
	if (!broker_answer_is_valid(bytes, (size_t)size, came.count, kind, broker, &answer))
		result = -EPROTO;
	else if (answer.error)
		result = -(int)answer.error;
	if (result == 0)
		return came.fd[0];
	parcel_drop(&came);
	return result;
}

/* ---- the broker ---- */

/* What it has shown in WELCOME. The user is written last. */
#define NOBODY UINT64_MAX
static const struct broker_memory *_Atomic memory;
static _Atomic uint64_t user = NOBODY;

/* Connect to it: by its abstract name, or else by its path. 0, or a negated errno. */
static int reach(int fd, const struct broker_environment *broker)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	size_t length = strlen(broker->name);
	int result;

	memcpy(un.sun_path + 1, broker->name, length);
	result = sys_connect(fd, &un,
			     (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + length));
	if (result == 0 || !*broker->path)
		return result;
	un = (struct sockaddr_un){.sun_family = AF_UNIX};
	memcpy(un.sun_path, broker->path, strlen(broker->path));
	return sys_connect(fd, &un, sizeof un);
}

/* Who listens there, or has called here? NOBODY if the kernel does not say. */
static uint64_t uid_of(int fd)
{
	struct ucred credentials;
	socklen_t len = sizeof credentials;

	return sys_getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &len) < 0
		       ? NOBODY
		       : credentials.uid;
}

/* A connection for one message and its answer; or a negated errno. */
static int open_connection(const struct broker_environment *broker)
{
	int fd = sys_socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), result;

	if (fd < 0)
		return fd;
	result = reach(fd, broker);
	if (result < 0)
		sys_close(fd);
	return result < 0 ? result : fd;
}

/* Map what came with WELCOME, if it is as large as it must be and stays so. */
static int map_memory(int file)
{
	int seals = sys_fcntl(file, F_GET_SEALS, 0);
	const struct broker_memory *mapped;

	if (seals < 0 || !(seals & F_SEAL_SHRINK) ||
	    SYS_CALL(SYS_lseek, file, 0, SEEK_END) != sizeof *mapped)
		return -EPROTO;
	mapped = sys_map_shared(sizeof *mapped, file);
	if (!mapped)
		return -ENOMEM;
	atomic_store(&memory, mapped);
	return 0;
}

/* Say HELLO; 0, or a negated errno. (Memory that was there before stays mapped: somebody may
 * be reading it.) */
static int greet(const struct broker_environment *broker)
{
	int fd = open_connection(broker), file, result;
	struct broker_request request;
	uint64_t uid;

	if (fd < 0)
		return fd;
	uid = uid_of(fd);
	broker_request(&request, BROKER_HELLO, broker, 0);
	file = parcel_send(fd, &request, sizeof request, -1);
	if (file == 0)
		file = receive_answer(fd, broker, BROKER_WELCOME);
	sys_close(fd);
	if (file == -ENGINE_LATER) /* such an engine has asked before the first call */
		file = -ETIMEDOUT;
	if (file < 0)
		return file;
	result = map_memory(file);
	sys_close(file);
	if (result == 0)
		atomic_store(&user, uid);
	return result;
}

/* Is it the broker that @fd is connected to? 0, or a negated errno. */
static int recognize(int fd, const struct broker_environment *broker)
{
	uint64_t uid = uid_of(fd);
	int result = 0;

	if (uid == NOBODY || uid != atomic_load(&user))
		result = greet(broker);
	if (result == 0 && uid != atomic_load(&user))
		result = -EPERM;
	return result;
}

int ask_welcome(void)
{
	return greet(engine_broker());
}

const char *ask_failed(int error)
{
	switch (error) {
	case EACCES:
		return "there is none: start the program by vsockify";
	case ENOENT:
	case ECONNREFUSED:
		return "it has ended: start the program anew by vsockify";
	case EAGAIN:
	case ETIMEDOUT:
		return "it does not answer: is it stopped, or is there too much for it to do?";
	case EPERM:
		return "a security module forbids it, or another user has its name";
	case EPROTO:
		return "what is there is no broker of this version, or the kernel is none that "
		       "it "
		       "counts on: see vsockify --doctor";
	default:
		return "";
	}
}

/* ---- questions ---- */

static void describe(struct broker_connect *connect, const struct mark *m, uint64_t cookie)
{
	place_ip(&m->peer, m->v6, connect->ip);
	place_ip(&m->local, m->v6, connect->local_ip);
	connect->port = m->peer.port;
	connect->local_port = m->local.port ?: transport_made_port(cookie);
	connect->v6 = m->v6;
	connect->v6only = m->v6only;
	connect->nonblocking = m->begun;
}

/*
 * Does the socket look as if it were connecting? It does unless this kernel counts buffers in
 * another way; or the broker is quick, and has read the request already.
 */
static int looks_pending(int fd)
{
	int events = sys_poll_now(fd, POLLOUT), unread = 0, result;

	if (events <= 0 || events & (POLLERR | POLLHUP))
		return events < 0 ? events : 0;
	result = sys_ioctl(fd, SIOCOUTQ, &unread);
	return result < 0 ? result : unread ? -EPROTO : 0;
}

int ask_connect(int fd, const struct mark *m)
{
	const struct broker_environment *broker = engine_broker();
	struct broker_request request;
	uint64_t cookie;
	int smallest = 0, result = sys_cookie(fd, &cookie);

	if (result == 0)
		result = sys_setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &smallest, sizeof smallest);
	if (result == 0)
		result = reach(fd, broker);
	if (result == 0)
		result = recognize(fd, broker);
	if (result < 0)
		return result;
	broker_request(&request, BROKER_CONNECT, broker, cookie);
	describe(&request.connect, m, cookie);
	return parcel_send(fd, &request, sizeof request, -1) ?: looks_pending(fd);
}

/* What the broker writes; NULL if it cannot be had. */
static const struct broker_memory *find_memory(void)
{
	const struct broker_environment *broker = engine_broker();
	const struct broker_memory *found = atomic_load(&memory);

	if (!found && broker && greet(broker) == 0)
		found = atomic_load(&memory);
	return found;
}

int ask_outcome(int fd, uint8_t *why)
{
	const struct broker_memory *found;
	uint64_t cookie;

	if (sys_cookie(fd, &cookie) < 0)
		return 0;
	found = find_memory();
	return found ? outcome_of(&found->outcomes, cookie, why) : 0;
}

const struct names *ask_names(void)
{
	const struct broker_memory *found = find_memory();

	return found ? &found->names : NULL;
}

/*
 * Send a message over a connection of its own.
 * @descriptor: goes along; -1: none
 * Return: the connection, or a negated errno
 */
static int tell(const struct broker_environment *broker, const struct broker_request *request,
		int descriptor)
{
	int fd = open_connection(broker), result;

	if (fd < 0)
		return fd;
	result = recognize(fd, broker);
	if (result == 0)
		result = parcel_send(fd, request, sizeof *request, descriptor);
	if (result < 0)
		sys_close(fd);
	return result < 0 ? result : fd;
}

/*
 * Ask on a connection of its own.
 * @name: that a LOOKUP is about, else empty; @descriptor: that goes along; -1: none
 * Return: 0, when the answer has come, if the question has one; or a negated errno
 */
static int ask_once(enum broker_kind kind, const char *name, int descriptor)
{
	const struct broker_environment *broker = engine_broker();
	struct broker_request request;
	int fd, result = 0;

	if (!broker)
		return -ENOENT;
	broker_request(&request, kind, broker, 0);
	memcpy(request.name, name, strnlen(name, HOST_MAX));
	fd = tell(broker, &request, descriptor);
	if (fd < 0)
		return fd;
	if (kind == BROKER_LOOKUP)
		result = receive_answer(fd, broker, BROKER_FOUND);
	sys_close(fd);
	return result;
}

int ask_name(const char *name)
{
	return ask_once(BROKER_LOOKUP, name, -1);
}

int ask_hold(int muxer)
{
	return ask_once(BROKER_HOLD, "", muxer);
}

/* Is this a socket that a VMM can be behind? */
static bool is_stream(int fd)
{
	int domain = 0, type = 0;

	return sys_getsockopt_int(fd, SOL_SOCKET, SO_DOMAIN, &domain) == 0 &&
	       transport_is_family(domain) &&
	       sys_getsockopt_int(fd, SOL_SOCKET, SO_TYPE, &type) == 0 && type == SOCK_STREAM &&
	       sys_connected(fd) == 1;
}

/* Say GIVE; the end of a pair that the answer will come to, or a negated errno. */
static int ask_for(int fd)
{
	char byte = BROKER_GIVE_BYTE;
	int ends[2], result;

	result = (int)SYS_CALL(SYS_socketpair, AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends);
	if (result < 0)
		return result;
	result = parcel_send(fd, &byte, sizeof byte, ends[1]);
	sys_close(ends[1]);
	if (result < 0)
		sys_close(ends[0]);
	return result < 0 ? result : ends[0];
}

int ask_handover(int fd, int *pair)
{
	int asked = engine_kept(), result;

	if (asked < 0)
		asked = ask_for(fd);
	if (asked < 0)
		return asked;
	result = receive_answer(asked, engine_broker(), BROKER_HANDOVER);
	if (result >= 0 && !is_stream(result)) {
		sys_close(result);
		result = -EPROTO;
	}
	*pair = asked;
	if (result == -ENGINE_LATER)
		engine_keep(asked);
	else if (result < 0)
		sys_close(asked);
	return result;
}

void ask_commit(int pair, bool takes)
{
	char byte = BROKER_COMMIT_BYTE;

	if (takes)
		parcel_send(pair, &byte, sizeof byte, -1);
	sys_close(pair);
}

/* ---- servers ---- */

int ask_listen(int vm, const struct mark *m, const uint8_t key[TRANSPORT_KEY_SIZE])
{
	const struct broker_environment *broker = engine_broker();
	struct broker_request request;
	int fd;

	broker_request(&request, BROKER_LISTEN, broker, 0);
	memcpy(request.listen.key, key, sizeof request.listen.key);
	place_ip(&m->local, m->v6, request.listen.ip);
	request.listen.port = m->any_port ? 0 : m->local.port;
	request.listen.v6only = m->v6only;
	fd = tell(broker, &request, vm);
	if (fd >= 0)
		sys_close(fd); /* the answer comes elsewhere */
	return fd < 0 ? fd : 0;
}

int ask_listening(int listener)
{
	int result = parcel_wait(listener, LATE_MS), fd;

	if (result < 0)
		return result;
	fd = (int)SYS_CALL(SYS_accept4, listener, NULL, NULL, SOCK_CLOEXEC);
	if (fd < 0)
		return fd;
	result = uid_of(fd) == atomic_load(&user) ? 0 : -EPERM;
	sys_close(fd);
	return result;
}

int ask_release(void)
{
	const struct broker_environment *broker = engine_broker();
	struct broker_request request;
	int fd = engine_kept(), result;

	if (fd < 0) {
		broker_request(&request, BROKER_LISTEN, broker, 0);
		fd = tell(broker, &request, -1);
	}
	if (fd < 0)
		return 0;
	result = receive_answer(fd, broker, BROKER_LISTENING);
	if (result == -ENGINE_LATER) {
		engine_keep(fd);
		return result;
	}
	sys_close(fd);
	return 0;
}

/*
 * Has the message come? It is on its way when the broker has connected, and a stranger is not
 * waited for.
 */
static int await_arrival(int fd, const struct broker_environment *broker)
{
	int events = sys_poll_now(fd, POLLIN), result;

	if (events)
		return events < 0 ? events : 0;
	result = recognize(fd, broker);
	return result < 0 ? -EPROTO : parcel_wait(fd, ANSWER_MS);
}

int ask_arrival(int fd, struct endpoint *client, bool *known)
{
	const struct broker_environment *broker = engine_broker();
	int result = broker ? await_arrival(fd, broker) : -EPROTO;
	char bytes[BROKER_ARRIVAL_SIZE + 1];
	struct broker_arrival arrival;
	struct parcel came;
	ssize_t size;

	if (result < 0)
		return result == -ETIMEDOUT ? -EPROTO : result;
	size = parcel_take(fd, bytes, sizeof bytes, &came);
	if (size < 0)
		return (int)size;
	if (!broker_arrival_is_valid(bytes, (size_t)size, came.count, broker, &arrival) ||
	    !is_stream(came.fd[0])) {
		parcel_drop(&came);
		return -EPROTO;
	}
	*known = arrival.known;
	memcpy(client->ip, arrival.ip, sizeof client->ip);
	client->port = arrival.port;
	return came.fd[0];
}
