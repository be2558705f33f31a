/* SPDX-License-Identifier: MIT */
/*
 * soak.c - very many connections between processes that are killed, fork, execute and hand
 * descriptors on
 *
 * soak CONNECTIONS [SECONDS]
 *
 * Four processes of four threads connect, and four accept; two more connect and have a child,
 * forked or executed, talk over each connection. Each carries its number and as many bytes as
 * that says, to the server and back, and the client compares. Of those that are accepted some
 * are passed to another process first. All the time one of the ten is killed, and another
 * takes its place, and goes on with what was not done. A connection may be cut off only if
 * somebody was killed meanwhile, or if its port was a client's some seconds ago (the kernel
 * ends a new connection when the server at last closes an old one between the same two ports:
 * docs/limits.md); it is made again. Each process that ends by itself must have as many
 * descriptors open as when it began.
 *
 * (No process with threads forks: tests/vm/README.md says what an emulated processor does
 * then.)
 *
 * It ends with status 1 if CONNECTIONS have not been made after SECONDS (3600).
 */
#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

#include "count-fds.h"
#include "payload.h"
#include "tcp.h"

#define CLIENTS        4
#define SERVERS        4
#define FORKING        2 /* clients, too */
#define PROCESSES      (CLIENTS + SERVERS + FORKING)
#define THREADS        4 /* of the former two */
#define SLOTS          (CLIENTS * THREADS + FORKING)
#define REUSED_SECONDS 60
#define KILL_EVERY     250 /* connections, on average */

/* What all processes see. */
struct shared {
	unsigned long count;
	atomic_ulong done, bytes, forked, executed, passed, cut, reused;
	atomic_ulong kills;         /* twice as many; odd while one is on its way */
	atomic_ulong rounds[SLOTS]; /* that each client has made */
	/* when each port was a client's, in seconds, by the clients and by the servers; and
	 * when by the servers for the second time in a while; or 0 */
	atomic_uint used[UINT16_MAX + 1], served[UINT16_MAX + 1], again[UINT16_MAX + 1];
	atomic_bool over;
};
static struct shared *shared;

static int listeners[2]; /* IPv4, IPv6 */
static int letters[2];   /* accepted connections, on their way to another process */
static const char *const hosts[2] = {"127.0.0.1", "::1"};
static uint16_t ports[2];

/* Where this thread's connection has failed. */
static _Thread_local struct {
	const char *step;
	int error;
} broken;

static bool breaks(const char *step)
{
	broken.step = step;
	broken.error = errno;
	return false;
}

/* ---- what a connection carries ---- */

struct header {
	uint64_t number, size;
};

static bool send_all(int fd, const void *data, size_t size)
{
	for (const char *at = data; size > 0;) {
		ssize_t sent = send(fd, at, size, MSG_NOSIGNAL);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent <= 0)
			return false;
		at += sent;
		size -= (size_t)sent;
	}
	return true;
}

/* As many bytes as came, up to @size, before the end or an error. */
static size_t receive_all(int fd, void *data, size_t size)
{
	size_t got = 0;

	while (got < size) {
		ssize_t part = recv(fd, (char *)data + got, size - got, 0);

		if (part < 0 && errno == EINTR)
			continue;
		if (part <= 0)
			break;
		got += (size_t)part;
	}
	return got;
}

/* Both ways, by the client. True if all came back; a byte that is not what was sent ends the
 * test. */
static bool exchange(int fd, unsigned long number)
{
	struct header header = {number, size_of(number)}, back;
	unsigned char sent[LARGEST], came[LARGEST];
	size_t got;

	fill(sent, number, header.size);
	if (!send_all(fd, &header, sizeof header) || !send_all(fd, sent, header.size))
		return breaks("send");
	errno = 0; /* the end is no error */
	if (receive_all(fd, &back, sizeof back) < sizeof back)
		return breaks("the answer's head");
	check(memcmp(&header, &back, sizeof back) == 0);
	got = receive_all(fd, came, header.size);
	check(memcmp(sent, came, got) == 0);
	if (got < header.size)
		return breaks("the answer");
	if (number % 4 == 0) { /* the other end's close comes after this one's */
		shutdown(fd, SHUT_WR);
		check(recv(fd, came, 1, 0) <= 0);
	}
	return true;
}

/* ---- clients ---- */

/* A connection that a child talks over: forked, or executed in its place. */
static bool exchange_by_child(int fd, unsigned long number, bool execute)
{
	char words[2][24], self[] = "/proc/self/exe";
	int status;
	pid_t pid;

	snprintf(words[0], sizeof words[0], "%d", fd);
	snprintf(words[1], sizeof words[1], "%lu", number);
	pid = must(fork());
	if (pid == 0) {
		if (execute)
			execl(self, "soak", "exchange", words[0], words[1], (char *)NULL);
		_exit(execute ? 2 : !exchange(fd, number));
	}
	must(waitpid(pid, &status, 0));
	atomic_fetch_add(execute ? &shared->executed : &shared->forked, 1);
	check(WIFEXITED(status) && WEXITSTATUS(status) <= 1);
	return WEXITSTATUS(status) == 0;
}

/* Was that a short time ago? */
static bool is_recent(unsigned then)
{
	return then && (unsigned)time(NULL) - then < REUSED_SECONDS;
}

/* Return: a socket; or -1: refused. *@reused: its port was another client's a short time ago */
static int connected(unsigned long number, uint16_t *port, bool *reused)
{
	unsigned which = number / 2 % 2;
	int fd = must(socket(which ? AF_INET6 : AF_INET,
			     SOCK_STREAM | (number % 3 ? 0 : SOCK_NONBLOCK), 0));
	struct timeval limit = {.tv_sec = 120};
	int result, error = 0;

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
	result = connect_to(fd, hosts[which], ports[which]);
	if (result < 0)
		error = errno;
	if (error == EINPROGRESS) {
		check(poll(&(struct pollfd){.fd = fd, .events = POLLOUT}, 1, 120000) == 1);
		must(getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &(socklen_t){sizeof error}));
	}
	check_carried(fd);
	*port = local_port(fd);
	*reused = is_recent(atomic_exchange(&shared->used[*port], (unsigned)time(NULL)));
	if (error) {
		check(error == ECONNREFUSED);
		close(fd);
		errno = error;
		breaks("connect");
		return -1;
	}
	if (number % 3 == 0)
		must(fcntl(fd, F_SETFL, O_RDWR));
	return fd;
}

/* One connection: done, or cut off. */
static bool make(unsigned long number, bool forks, bool *reused)
{
	uint16_t port;
	int fd = connected(number, &port, reused);
	bool whole = false;

	if (fd >= 0) {
		whole = forks ? exchange_by_child(fd, number, number % 64 == 0)
			      : exchange(fd, number);
		close(fd);
	}
	/* one that was killed before it could note its port may have been seen by a server */
	*reused = *reused || is_recent(atomic_load(&shared->again[port]));
	return whole;
}

/* All that are left for this client. */
static void connect_all(unsigned long slot, bool forks)
{
	unsigned long number, before;
	time_t begun;
	bool reused;

	while ((number = atomic_load(&shared->rounds[slot]) * (unsigned long)SLOTS + slot) <
	       shared->count) {
		before = atomic_load(&shared->kills);
		begun = time(NULL);
		if (make(number, forks, &reused)) {
			atomic_fetch_add(&shared->rounds[slot], 1);
			atomic_fetch_add(&shared->done, 1);
			atomic_fetch_add(&shared->bytes, size_of(number));
			continue;
		}
		if (before % 2 || atomic_load(&shared->kills) != before) {
			atomic_fetch_add(&shared->cut, 1);
		} else if (reused) {
			atomic_fetch_add(&shared->reused, 1);
		} else {
			complain("connection %lu was cut off, and nobody was killed: %s, %s, "
				 "after %ld s",
				 number, broken.step ?: "a child's", error_name(broken.error),
				 (long)(time(NULL) - begun));
			exit(1);
		}
	}
}

static void *client(void *slot)
{
	connect_all((unsigned long)slot, false);
	return NULL;
}

/* ---- servers ---- */

/* accept(), and the client's port is noted; -1: nobody is there */
static int accepted(int listener)
{
	/* whose port lies where that of IPv4 does */
	struct sockaddr_in6 client = {.sin6_port = 0};
	socklen_t len = sizeof client;
	int fd = accept(listener, (struct sockaddr *)&client, &len);
	unsigned now = (unsigned)time(NULL);
	uint16_t port;

	if (fd < 0)
		return fd;
	port = ntohs(client.sin6_port);
	if (is_recent(atomic_exchange(&shared->served[port], now)))
		atomic_store(&shared->again[port], now);
	return fd;
}

static void serve(int fd)
{
	struct timeval limit = {.tv_sec = 120};
	unsigned char data[LARGEST];
	struct header header;

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
	if (receive_all(fd, &header, sizeof header) == sizeof header) {
		check(header.number < shared->count && header.size == size_of(header.number));
		if (receive_all(fd, data, header.size) == header.size &&
		    send_all(fd, &header, sizeof header) && send_all(fd, data, header.size))
			receive_all(fd, data, 1); /* until the client has closed */
	}
	close(fd);
}

union descriptor {
	struct cmsghdr head;
	char room[CMSG_SPACE(sizeof(int))];
};

/* To whichever process looks first. */
static void pass(int fd)
{
	union descriptor d = {.head = {CMSG_LEN(sizeof fd), SOL_SOCKET, SCM_RIGHTS}};
	struct iovec byte = {"", 1};
	struct msghdr m = {.msg_iov = &byte,
			   .msg_iovlen = 1,
			   .msg_control = &d,
			   .msg_controllen = sizeof d};

	memcpy(CMSG_DATA(&d.head), &fd, sizeof fd);
	must(sendmsg(letters[0], &m, 0));
	atomic_fetch_add(&shared->passed, 1);
	close(fd);
}

static void serve_passed(void)
{
	union descriptor d;
	struct iovec byte = {&(char){0}, 1};
	struct msghdr m = {.msg_iov = &byte,
			   .msg_iovlen = 1,
			   .msg_control = &d,
			   .msg_controllen = sizeof d};
	int fd;

	if (recvmsg(letters[1], &m, MSG_DONTWAIT) < 1 || m.msg_controllen < sizeof d)
		return;
	memcpy(&fd, CMSG_DATA(&d.head), sizeof fd);
	check_carried(fd);
	serve(fd);
}

static void *server(void *argument)
{
	struct pollfd ready[] = {{.fd = listeners[0], .events = POLLIN},
				 {.fd = listeners[1], .events = POLLIN},
				 {.fd = letters[1], .events = POLLIN}};
	unsigned long turn = (size_t)argument;

	while (!atomic_load(&shared->over)) {
		poll(ready, ARRAY_SIZE(ready), 100);
		if (ready[2].revents)
			serve_passed();
		for (unsigned i = 0; i < 2; i++) {
			int fd = ready[i].revents ? accepted(listeners[i]) : -1;

			if (fd >= 0 && ++turn % 32 == 0)
				pass(fd);
			else if (fd >= 0)
				serve(fd);
		}
	}
	return NULL;
}

/* ---- the processes ---- */

static void run_threads(void *(*body)(void *), unsigned long first)
{
	pthread_t threads[THREADS];

	for (unsigned long i = 0; i < THREADS; i++)
		check(pthread_create(&threads[i], NULL, body, (void *)(first + i)) == 0);
	for (unsigned i = 0; i < THREADS; i++)
		check(pthread_join(threads[i], NULL) == 0);
}

static void run(unsigned process)
{
	int open = count_fds();

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (process < CLIENTS)
		run_threads(client, (unsigned long)process * THREADS);
	else if (process < CLIENTS + SERVERS)
		run_threads(server, process);
	else
		connect_all((unsigned long)process - CLIENTS - SERVERS +
				    (unsigned long)CLIENTS * THREADS,
			    true);
	if (count_fds() != open)
		complain("process %u: %d descriptors, %d at the beginning", process,
			 count_fds(), open);
	exit(test_failed);
}

static pid_t begin(unsigned process)
{
	pid_t pid = must(fork());

	if (pid == 0)
		run(process);
	return pid;
}

/* See off one that has ended by itself. */
static void note_end(pid_t *pid, int status)
{
	*pid = 0;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		complain("a process ended with status %x", (unsigned)status);
}

static void replace(pid_t pids[PROCESSES], unsigned victim)
{
	if (!pids[victim]) /* it has done its share */
		return;
	atomic_fetch_add(&shared->kills, 1);
	kill(pids[victim], SIGKILL);
	must(waitpid(pids[victim], &(int){0}, 0));
	atomic_fetch_add(&shared->kills, 1);
	pids[victim] = begin(victim);
}

/* Until all connections are made: kill one of the processes after some KILL_EVERY of them. */
static void supervise(pid_t pids[PROCESSES], time_t deadline)
{
	unsigned long done = 0, next = KILL_EVERY, told = 0;
	unsigned seed = 1;
	int status;

	while (done < shared->count && !test_failed && time(NULL) < deadline) {
		usleep(2000);
		done = atomic_load(&shared->done);
		for (unsigned i = 0; i < PROCESSES; i++)
			if (pids[i] && waitpid(pids[i], &status, WNOHANG) > 0)
				note_end(&pids[i], status);
		if (done >= next) {
			replace(pids, (unsigned)rand_r(&seed) % PROCESSES);
			next += 1 + (unsigned)rand_r(&seed) % (2 * KILL_EVERY);
		}
		if (done / (shared->count / 20 + 1) > told)
			say("%lu connections, %lu killed", done,
			    atomic_load(&shared->kills) / 2);
		told = done / (shared->count / 20 + 1);
	}
	if (done < shared->count)
		complain("only %lu connections", done);
}

static void prepare(unsigned long count)
{
	shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		      -1, 0);
	check(shared != MAP_FAILED);
	shared->count = count;
	must(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, letters));
	for (unsigned i = 0; i < 2; i++) {
		listeners[i] =
			must(socket(i ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
		must(bind_to(listeners[i], hosts[i], 0));
		must(listen(listeners[i], 128));
		ports[i] = local_port(listeners[i]);
	}
}

int main(int argc, char **argv)
{
	time_t begun = time(NULL), patience = argc > 2 ? atoi(argv[2]) : 3600;
	pid_t pids[PROCESSES];
	int status;

	if (argc == 4 && strcmp(argv[1], "exchange") == 0)
		return !exchange(atoi(argv[2]), strtoul(argv[3], NULL, 10));
	prepare(strtoul(argv[1], NULL, 10));
	for (unsigned i = 0; i < PROCESSES; i++)
		pids[i] = begin(i);
	supervise(pids, begun + patience);
	atomic_store(&shared->over, true);
	for (unsigned i = 0; i < PROCESSES; i++) {
		if (!pids[i])
			continue;
		if (test_failed)
			kill(pids[i], SIGKILL);
		must(waitpid(pids[i], &status, 0));
		if (!test_failed)
			note_end(&pids[i], status);
	}
	printf("%lu connections with %lu bytes in %ld s\n", atomic_load(&shared->done),
	       atomic_load(&shared->bytes), time(NULL) - begun);
	printf("%lu processes were killed, %lu connections cut off by it, %lu by an old one "
	       "with "
	       "the same port\n",
	       atomic_load(&shared->kills) / 2, atomic_load(&shared->cut),
	       atomic_load(&shared->reused));
	printf("%lu forked, %lu executed, %lu passed on\n", atomic_load(&shared->forked),
	       atomic_load(&shared->executed), atomic_load(&shared->passed));
	return test_failed;
}
