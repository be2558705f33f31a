/* SPDX-License-Identifier: MIT */
/*
 * broker.c - starts the broker of a program
 *
 * Theory of operation
 *
 * All that a program's first connect() needs is made here, before the program runs: the sockets
 * that listen, the memory, and the secrets (broker/handoff.h). Then a child with a session of
 * its own puts them where the broker looks for them, closes all else, forks again and executes
 * it, so that the program gets neither a child nor a descriptor; and this process waits until
 * the broker says that it is ready.
 */
#include "broker.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../shim/broker/memory.h"
#include "beside.h"
#include "broker/handoff.h"
#include "error.h"

#ifndef SYS_close_range /* glibc's headers of before 2.33 */
#define SYS_close_range 436
#endif

/* How many may wait to be accepted; net.core.somaxconn may say less. */
#define BACKLOG 4096

#define NAME_PREFIX "vsockify-broker/"
#define NAME_BYTES  16
_Static_assert(sizeof(NAME_PREFIX) + (size_t)2 * NAME_BYTES <= BROKER_NAME_MAX + 1, "room");

/* How much of a program's name ps shows. */
#define PROGRAM_SHOWN 40

/* What is made for it: descriptors, -1: not there. */
struct made {
	struct handoff handoff;
	int fd[HANDOFF_END]; /* from HANDOFF_RULES on */
	int ready;           /* the end of the pipe that is read here */
	char title[sizeof(BROKER_TITLE BROKER_KEEPER) + PROGRAM_SHOWN + 32];
};

bool broker_is_needed(const struct ruleset *rs)
{
	if (rs->takes_names || rs->accepts_proxy)
		return true;
	for (uint32_t i = 0; i < rs->peer_count; i++) {
		if (ruleset_peers(rs)[i].socket != 0 && ruleset_peers(rs)[i].port_count == 0)
			return true;
	}
	return rs->proxy_count > 0;
}

char *broker_path(void)
{
	return beside_launcher(BROKER_FILE, VSOCKIFY_LIBEXECDIR);
}

/* ---- the sockets ---- */

/**
 * listen_at() - a socket that listens at an address
 * Return: -1 if that cannot be, with errno
 */
static int listen_at(const struct sockaddr_un *un, socklen_t length)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int saved;

	if (fd < 0)
		return -1;
	if (bind(fd, (const struct sockaddr *)un, length) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

/**
 * listen_at_name() - at an abstract name that nobody can guess
 * @name: filled in
 */
static int listen_at_name(char name[BROKER_NAME_MAX + 1])
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	unsigned char random[NAME_BYTES];
	int length = sizeof(NAME_PREFIX) - 1;

	if (getrandom(random, sizeof(random), 0) != sizeof(random))
		return -1;
	memcpy(name, NAME_PREFIX, sizeof(NAME_PREFIX));
	for (int i = 0; i < NAME_BYTES; i++)
		length += snprintf(name + length, 3, "%02x", random[i]);
	memcpy(un.sun_path + 1, name, (size_t)length);
	return listen_at(&un, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1) +
				      (socklen_t)length);
}

/**
 * make_directory() - one that only this user can enter, or, of root's, look into
 * @path: filled in
 * Return: false if there can be none
 */
static bool make_directory(char *path, size_t size)
{
	static const char shared[] = "/run/vsockify";
	const char *own = geteuid() == 0 ? shared : getenv("XDG_RUNTIME_DIR");
	const char *places[] = {own, "/tmp"};

	if (geteuid() == 0)
		(void)mkdir(shared, 0755);
	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		if (!places[i] || *places[i] != '/' ||
		    (size_t)snprintf(path, size, "%s/vsockify-XXXXXX", places[i]) >= size)
			continue;
		if (mkdtemp(path))
			return geteuid() != 0 || chmod(path, 0711) == 0;
	}
	return false;
}

/**
 * listen_at_path() - for who is in another network namespace
 * @path: filled in; empty if there can be none
 */
static int listen_at_path(char path[BROKER_PATH_MAX + 1])
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	char directory[BROKER_PATH_MAX + 1 - sizeof("/broker")];
	int fd;

	*path = '\0';
	if (!make_directory(directory, sizeof(directory)))
		return -1;
	(void)snprintf(un.sun_path, sizeof(un.sun_path), "%s/broker", directory);
	fd = listen_at(&un, sizeof(un));
	if (fd >= 0 && chmod(un.sun_path, geteuid() == 0 ? 0666 : 0600) == 0) {
		memcpy(path, un.sun_path, strlen(un.sun_path) + 1);
		return fd;
	}
	if (fd >= 0)
		close(fd);
	(void)unlink(un.sun_path);
	(void)rmdir(directory);
	return -1;
}

/* ---- the memory ---- */

/**
 * make_memory() - the memory that programs read
 */
static int make_memory(void)
{
	int fd = memfd_create("vsockify-broker", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd >= 0 && ftruncate(fd, sizeof(struct broker_memory)) == 0)
		return fd;
	return -1;
}

/**
 * write_all() - to a memfd
 */
static bool write_all(int fd, const void *bytes, size_t size)
{
	const char *from = bytes;

	while (size > 0) {
		ssize_t written = write(fd, from, size);

		if (written <= 0)
			return false;
		from += written;
		size -= (size_t)written;
	}
	return true;
}

/**
 * make_handoff() - what the broker reads
 */
static int make_handoff(const struct handoff *handoff, const struct ruleset *rs)
{
	int fd = memfd_create("vsockify-handoff", MFD_CLOEXEC);

	if (fd >= 0 && write_all(fd, handoff, sizeof(*handoff)) && write_all(fd, rs, rs->size))
		return fd;
	return -1;
}

/**
 * make_all() - all that the broker is to find
 * Return: false if something is not to be had, with errno
 */
static bool make_all(struct made *made, const struct ruleset *rs)
{
	struct broker_environment *environment = &made->handoff.environment;
	int ready[2] = {-1, -1};

	environment->rules = broker_hash(rs);
	if (getrandom(environment->token, BROKER_SECRET_SIZE, 0) != BROKER_SECRET_SIZE ||
	    getrandom(environment->secret, BROKER_SECRET_SIZE, 0) != BROKER_SECRET_SIZE)
		return false;
	made->fd[HANDOFF_NAME] = listen_at_name(environment->name);
	if (made->fd[HANDOFF_NAME] < 0 || pipe2(ready, O_CLOEXEC) < 0)
		return false;
	made->ready = ready[0];
	made->fd[HANDOFF_READY] = ready[1];
	made->fd[HANDOFF_PATH] = listen_at_path(environment->path);
	made->fd[HANDOFF_MEMORY] = make_memory();
	made->fd[HANDOFF_RULES] = make_handoff(&made->handoff, rs);
	return made->fd[HANDOFF_MEMORY] >= 0 && made->fd[HANDOFF_RULES] >= 0;
}

/**
 * describe() - which broker, and for whom
 */
static void describe(struct made *made, const char *program, const char *log,
		     const struct ruleset *rs)
{
	const char *slash = strrchr(program, '/');
	int length;

	made->handoff.magic = HANDOFF_MAGIC;
	made->handoff.size = sizeof(made->handoff);
	made->handoff.program = getpid();
	made->handoff.rules_size = rs->size;
	(void)snprintf(made->handoff.version, sizeof(made->handoff.version), "%s",
		       VSOCKIFY_VERSION);
	(void)snprintf(made->handoff.log, sizeof(made->handoff.log), "%s", log);
	length = snprintf(made->title, sizeof(made->title),
			  BROKER_TITLE BROKER_KEEPER " for %d %.*s", getpid(), PROGRAM_SHOWN,
			  slash ? slash + 1 : program);
	for (int i = 0; i < length; i++) {
		if (made->title[i] < ' ' || made->title[i] > '~')
			made->title[i] = '?';
	}
}

/* ---- the process ---- */

/**
 * give_up() - in the child: say why there will be no broker
 * @ready: where to
 */
static _Noreturn void give_up(int ready)
{
	int32_t error = errno;

	(void)!write(ready, &error, sizeof(error));
	_exit(EXIT_FAILURE);
}

/**
 * place_descriptors() - under the numbers that the broker knows, and no others
 *
 * First out of each other's way.
 */
static void place_descriptors(struct made *made)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	unsigned first = made->fd[HANDOFF_PATH] >= 0 ? HANDOFF_END : HANDOFF_PATH;

	if (null < 0) /* a bare chroot */
		null = memfd_create("vsockify-null", MFD_CLOEXEC);
	null = null < 0 ? -1 : fcntl(null, F_DUPFD, HANDOFF_END);
	for (int i = HANDOFF_RULES; i < HANDOFF_END; i++) {
		if (made->fd[i] >= 0)
			made->fd[i] = fcntl(made->fd[i], F_DUPFD, HANDOFF_END);
	}
	for (int i = 0; i < HANDOFF_END; i++) {
		int from = i < HANDOFF_RULES ? null : made->fd[i];

		if (from < 0 ? i != HANDOFF_PATH : dup2(from, i) < 0)
			give_up(made->fd[HANDOFF_READY]);
	}
	if (syscall(SYS_close_range, first, ~0U, 0) < 0) {
		for (unsigned fd = first; fd < (unsigned)sysconf(_SC_OPEN_MAX); fd++)
			close((int)fd);
	}
}

/**
 * raise_limit() - of descriptors, which may be few for the program's sake
 */
static void raise_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
	}
}

/**
 * become_broker() - in the child
 */
static _Noreturn void become_broker(struct made *made, const char *path)
{
	char *const arguments[] = {made->title, NULL};
	char *const environment[] = {NULL};
	sigset_t none;
	pid_t pid;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	(void)setsid();
	raise_limit();
	place_descriptors(made);
	if (chdir("/") < 0 || (pid = fork()) < 0)
		give_up(HANDOFF_READY);
	if (pid > 0)
		_exit(EXIT_SUCCESS);
	(void)execve(path, arguments, environment);
	give_up(HANDOFF_READY);
}

/**
 * await() - until the broker is ready
 * Return: what it says; -errno if it says nothing
 */
static int32_t await(int ready, pid_t child)
{
	int32_t said = EPIPE;

	while (waitpid(child, NULL, 0) < 0 && errno == EINTR) {
	}
	while (read(ready, &said, sizeof(said)) < 0 && errno == EINTR) {
	}
	return said;
}

/**
 * run() - fork the broker, and wait until it is there
 * Return: 0, an errno, or HANDOFF_OTHER_VERSION
 */
static int32_t run(struct made *made, const char *path)
{
	pid_t child = fork();

	if (child < 0)
		return errno;
	if (child == 0)
		become_broker(made, path);
	close(made->fd[HANDOFF_READY]);
	made->fd[HANDOFF_READY] = -1;
	return await(made->ready, child);
}

/**
 * close_all() - what is the broker's alone from now on
 */
static void close_all(struct made *made)
{
	for (int i = HANDOFF_RULES; i < HANDOFF_END; i++) {
		if (made->fd[i] >= 0)
			close(made->fd[i]);
	}
	if (made->ready >= 0)
		close(made->ready);
}

/**
 * remove_path() - there will be nobody behind it
 */
static void remove_path(char *path)
{
	char *slash = strrchr(path, '/');

	if (!slash)
		return;
	(void)unlink(path);
	*slash = '\0';
	(void)rmdir(path);
}

bool broker_start(const struct ruleset *rs, const char *program, const char *log,
		  char text[BROKER_TEXT_MAX])
{
	struct made made = {.ready = -1};
	char *path = broker_path();
	int32_t error;

	for (int i = 0; i < HANDOFF_END; i++)
		made.fd[i] = -1;
	describe(&made, program, log, rs);
	error = make_all(&made, rs) ? run(&made, path) : errno;
	close_all(&made);
	broker_encode(&made.handoff.environment, text);
	if (error) {
		remove_path(made.handoff.environment.path);
		cli_error("cannot start the broker, which these rules need: %s: %s%s", path,
			  error == HANDOFF_OTHER_VERSION ? "it is of another version"
							 : strerror(error),
			  error == HANDOFF_OTHER_VERSION || error == ENOENT
				  ? ": install it there, as vsockify's own installation does"
				  : " (vsockify --doctor says more)");
	}
	free(path);
	return error == 0;
}
