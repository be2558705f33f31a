/* SPDX-License-Identifier: MIT */
/*
 * processes.c - sockets in processes that share descriptors or memory, or have changed program
 *
 * processes PLUGIN [STATIC]	the test; with what plugin.c and static-link.c were made into
 * processes JOB FD...		what other programs do with sockets that they inherited
 */
#include <dlfcn.h>
#include <linux/close_range.h>
#include <sched.h>
#include <spawn.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/wait.h>

#ifndef CLOSE_RANGE_CLOEXEC /* headers of before Linux 5.11 */
#define CLOSE_RANGE_CLOEXEC 4
#endif
#ifndef SYS_close_range
#define SYS_close_range 436
#endif
#ifndef RTLD_DEEPBIND /* only glibc has it */
#define RTLD_DEEPBIND 0
#endif

#include "count-fds.h"
#include "tcp.h"

static const char *plugin_file, *static_program;

static const char *exit_text(pid_t child)
{
	char *text = scratch_text();
	int status;

	must(waitpid(child, &status, __WALL));
	snprintf(text, 128, WIFEXITED(status) ? "ended with %d" : "killed (%d)",
		 WIFEXITED(status) ? WEXITSTATUS(status) : status);
	return text;
}

/* ---- other programs ---- */

/* Say who is at the other end and send back what comes, until it ends. */
static int job_echo(int in, int out)
{
	struct address peer = {.len = sizeof peer.room};
	char data[64];
	ssize_t got;

	if (getpeername(in, &peer.any, &peer.len) < 0 ||
	    (peer.any.sa_family != AF_INET && peer.any.sa_family != AF_INET6))
		return 10;
	while ((got = recv(in, data, sizeof data, 0)) > 0)
		if (send(out, data, (size_t)got, 0) != got)
			return 11;
	return got == 0 ? 0 : 12;
}

static int job_accept(int listener)
{
	struct address peer = {.len = sizeof peer.room};
	int fd = accept(listener, &peer.any, &peer.len);

	return fd < 0 ? 13 : job_echo(fd, fd);
}

static int job(int argc, char **argv)
{
	int fd = argc > 2 ? atoi(argv[2]) : 0;

	if (strcmp(argv[1], "echo") == 0)
		return job_echo(fd, atoi(argv[argc > 3 ? 3 : 2]));
	if (strcmp(argv[1], "accept") == 0)
		return job_accept(fd);
	return strcmp(argv[1], "nothing") == 0 ? 0 : 16;
}

/* ---- the other end ---- */

struct server {
	int listener;
	uint16_t port;
};

static struct server server_of(const struct family *f)
{
	int fd = listener_on(f, f->loopback, SOCK_CLOEXEC, "server");

	return (struct server){fd, local_port(fd)};
}

/* Accept what @client connected, and echo. */
static void check_served(struct server s, int client)
{
	struct address peer;
	int fd = accept_one(s.listener, &peer);

	check_carried(client);
	check_echo(client, fd);
	say("served, peer %s", peer_name(client));
	close(fd);
}

/* A registration from before the connection tells of it. */
static void await_event(int ep, uint64_t data)
{
	struct epoll_event e;

	if (epoll_wait(ep, &e, 1, PATIENCE_MS) == 1 && e.data.u64 == data)
		return;
	complain("epoll has lost a registration");
	exit(1);
}

/* ---- descriptors shared, memory not ---- */

/* fork(), but parent and child have one table of descriptors */
static pid_t fork_sharing_files(void)
{
	fflush(stdout);
	return (pid_t)must(syscall(SYS_clone, CLONE_FILES | SIGCHLD, 0, 0, 0, 0));
}

static void files_client(const struct family *f, int flags)
{
	struct server s = server_of(f);
	int fd = socket_of(f, flags), ep = must(epoll_create1(EPOLL_CLOEXEC)), value = 0;
	struct epoll_event e = {.events = EPOLLOUT, .data.u64 = 77};
	pid_t child;

	must(setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &(int){321}, sizeof(int)));
	must(epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e));
	child = fork_sharing_files();
	if (child == 0)
		_exit(connect_to(fd, f->loopback, s.port) < 0 && errno != EINPROGRESS);
	say("a child connects: %s", exit_text(child));
	await_event(ep, 77);
	must(getsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &value, &(socklen_t){sizeof value}));
	say("TCP_KEEPIDLE %d, again: %s", value, result(connect_to(fd, f->loopback, s.port)));
	fcntl(fd, F_SETFL, O_RDWR);
	check_served(s, fd);
	child = fork_sharing_files();
	if (child == 0)
		_exit(close(fd) < 0);
	say("a child closes: %s", exit_text(child));
	say("closed here too: %s", peer_name(fd));
	close(ep);
	close(s.listener);
}

static void files_listener(const struct family *f)
{
	int fd = socket_of(f, 0), client = socket_of(f, 0);
	struct address peer;
	pid_t child = fork_sharing_files();

	if (child == 0)
		_exit(bind_to(fd, f->loopback, 0) < 0 || listen(fd, 5) < 0);
	say("a child listens: %s", exit_text(child));
	check_carried(fd);
	know_port(local_port(fd), "listener");
	say("on %s", local_name(fd));
	must(connect_to(client, f->loopback, local_port(fd)));
	child = accept_one(fd, &peer);
	check_echo(client, child);
	close(child);
	close(client);
	close(fd);
}

static void shared_files(const struct family *f)
{
	files_client(f, 0);
	files_client(f, SOCK_NONBLOCK);
	files_listener(f);
}

/* ---- memory shared, descriptors not ---- */

#define STACK_BYTES (1 << 18)

struct neighbour {
	const struct family *family;
	uint16_t port;
	int fd;      /* a number that means one socket here and another there */
	int release; /* the parent has made its socket */
};

/* Under the number that the parent uses too, another socket with other options. */
static int neighbour_connects(void *argument)
{
	const struct neighbour *n = argument;
	char byte;
	int fd;

	if (read(n->release, &byte, 1) != 1)
		return 20;
	fd = socket(n->family->domain, SOCK_STREAM, 0);
	if (fd != n->fd)
		return 21;
	if (setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &(int){9}, sizeof(int)) < 0 ||
	    connect_to(fd, n->family->loopback, n->port) < 0)
		return 22;
	if (send(fd, "child", 5, 0) != 5 || recv(fd, &byte, 1, 0) != 0)
		return 23;
	return close(fd) < 0 ? 24 : 0;
}

static pid_t clone_sharing_memory(int (*routine)(void *), void *argument, char **stack)
{
	*stack = mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		      -1, 0);
	fflush(stdout);
	return must(clone(routine, *stack + STACK_BYTES, CLONE_VM | SIGCHLD, argument));
}

static void shared_memory(const struct family *f)
{
	struct server s = server_of(f);
	struct neighbour n = {.family = f, .port = s.port};
	int pipe_ends[2], value = 0, served;
	struct address peer;
	char *stack, data[5];
	pid_t child;

	must(pipe(pipe_ends));
	n.release = pipe_ends[0];
	child = clone_sharing_memory(neighbour_connects, &n, &stack);
	n.fd = socket_of(f, 0);
	must(setsockopt(n.fd, IPPROTO_TCP, TCP_KEEPIDLE, &(int){123}, sizeof(int)));
	must(write(pipe_ends[1], "x", 1));
	served = accept_one(s.listener, &peer);
	check(recv(served, data, 5, MSG_WAITALL) == 5 && memcmp(data, "child", 5) == 0);
	close(served);
	say("the child: %s", exit_text(child));
	say("the parent's socket: peer %s", peer_name(n.fd));
	must(connect_to(n.fd, f->loopback, s.port));
	must(getsockopt(n.fd, IPPROTO_TCP, TCP_KEEPIDLE, &value, &(socklen_t){sizeof value}));
	say("TCP_KEEPIDLE %d", value);
	check_served(s, n.fd);
	munmap(stack, STACK_BYTES);
	close(pipe_ends[0]);
	close(pipe_ends[1]);
	close(n.fd);
	close(s.listener);
}

/* ---- vfork, posix_spawn, exec ---- */

static _Noreturn void become(const char *program, const char *what, int fd)
{
	char number[12];

	snprintf(number, sizeof number, "%d", fd);
	execl(program, "processes", what, number, NULL);
	_exit(127);
}

/* A vfork child that disturbs descriptors, and then becomes another program. */
/* NOLINTBEGIN(clang-analyzer-unix.Vfork, clang-analyzer-security.insecureAPI.vfork) */
static pid_t vfork_that(int how, int connected, int waiting, int registered)
{
	pid_t child = must(vfork());

	if (child > 0)
		return child;
	if (how == 0)
		syscall(SYS_close_range, 3, ~0U, 0);
	else if (how == 1)
		syscall(SYS_close_range, 3, ~0U, CLOSE_RANGE_CLOEXEC);
	else if (dup2(connected, waiting) < 0 || dup2(waiting, registered) < 0 ||
		 dup2(registered, 0) < 0 || close(connected) < 0)
		_exit(17);
	become("/proc/self/exe", "nothing", 0);
}
/* NOLINTEND(clang-analyzer-unix.Vfork, clang-analyzer-security.insecureAPI.vfork) */

/* What a vfork child does to its descriptors before exec is no business of its parent's. */
static void after_vfork(const struct family *f, int how)
{
	struct server s = server_of(f);
	int connected = socket_of(f, 0), waiting = socket_of(f, 0), registered, ep, value = 0;
	struct epoll_event e = {.events = EPOLLOUT, .data.u64 = 5};
	pid_t child;

	must(connect_to(connected, f->loopback, s.port));
	registered = socket_of(f, 0);
	ep = must(epoll_create1(EPOLL_CLOEXEC));
	must(setsockopt(waiting, IPPROTO_TCP, TCP_KEEPIDLE, &(int){55}, sizeof(int)));
	must(epoll_ctl(ep, EPOLL_CTL_ADD, registered, &e));
	child = vfork_that(how, connected, waiting, registered);
	say("the child: %s", exit_text(child));
	check_served(s, connected);
	must(connect_to(waiting, f->loopback, s.port));
	must(getsockopt(waiting, IPPROTO_TCP, TCP_KEEPIDLE, &value,
			&(socklen_t){sizeof value}));
	say("TCP_KEEPIDLE %d", value);
	check_served(s, waiting);
	must(connect_to(registered, f->loopback, s.port));
	await_event(ep, 5);
	check_served(s, registered);
	close(registered);
	close(ep);
	close(waiting);
	close(connected);
	close(s.listener);
}

static void with_vfork(const struct family *f)
{
	for (int how = 0; how < 3; how++)
		after_vfork(f, how);
}

/* A conversation with a process that has the other end; then that ends. */
static void check_elsewhere(int client, pid_t child)
{
	char back[8] = "";

	must(send(client, "message", 7, 0));
	check(recv(client, back, 7, MSG_WAITALL) == 7 && strcmp(back, "message") == 0);
	must(shutdown(client, SHUT_WR));
	check(recv(client, back, 1, 0) == 0);
	say("the other program: %s", exit_text(child));
}

/* Have a child close what is above 2; one by one where libc has no call for it. */
static void close_the_others(posix_spawn_file_actions_t *actions)
{
#ifdef __GLIBC_PREREQ
#if __GLIBC_PREREQ(2, 34)
	posix_spawn_file_actions_addclosefrom_np(actions, 3);
	return;
#endif
#endif
	for (int fd = 3; fd < 64; fd++)
		posix_spawn_file_actions_addclose(actions, fd);
}

static void with_spawn(const struct family *f)
{
	struct server s = server_of(f);
	int client = socket_of(f, SOCK_CLOEXEC), fd;
	char *arguments[] = {"processes", "echo", "0", "1", NULL};
	posix_spawn_file_actions_t actions;
	struct address peer;
	pid_t child;

	must(connect_to(client, f->loopback, s.port));
	fd = accept_one(s.listener, &peer);
	must(fcntl(fd, F_SETFD, FD_CLOEXEC));
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, fd, 0);
	posix_spawn_file_actions_adddup2(&actions, fd, 1);
	posix_spawn_file_actions_addclose(&actions, s.listener);
	close_the_others(&actions);
	must(-posix_spawn(&child, "/proc/self/exe", &actions, NULL, arguments, environ));
	posix_spawn_file_actions_destroy(&actions);
	close(fd);
	check_elsewhere(client, child);
	close(client);
	client = socket_of(f, 0);
	must(connect_to(client, f->loopback, s.port));
	check_served(s, client);
	close(client);
	close(s.listener);
}

/* The listener goes to another program by way of one that is statically linked. */
static void with_static(const struct family *f)
{
	struct server s = server_of(f);
	int client = socket_of(f, SOCK_CLOEXEC), fd;
	struct address peer;
	char number[12], self[256], byte;
	pid_t child;

	must(connect_to(client, f->loopback, s.port));
	fd = accept_one(s.listener, &peer);
	snprintf(number, sizeof number, "%d", fd);
	self[must(readlink("/proc/self/exe", self, sizeof self - 1))] = 0;
	child = must(fork());
	if (child == 0) {
		execl(static_program, static_program, number, self, "echo", number, NULL);
		_exit(127);
	}
	close(fd);
	must(send(client, "1", 1, 0));
	check(recv(client, &byte, 1, 0) == 1 && byte == '1');
	check_elsewhere(client, child);
	close(client);
	close(s.listener);
}

/* ---- plugins ---- */

static void with_plugin(const struct family *f, int mode)
{
	void *plugin = dlopen(plugin_file, RTLD_NOW | RTLD_LOCAL | mode);
	int (*open_client)(const struct sockaddr *, socklen_t);
	struct server s = server_of(f);
	struct address to = address_of(f->loopback, s.port);
	int fd;

	if (!plugin) {
		complain("%s", dlerror());
		return;
	}
	open_client = (int (*)(const struct sockaddr *, socklen_t))dlsym(plugin, "open_client");
	fd = must(open_client(&to.any, to.len));
	check_served(s, fd);
	close(fd);
	close(s.listener);
	dlclose(plugin);
}

static void with_plain_plugin(const struct family *f)
{
	with_plugin(f, 0);
}

/* As PHP and Apache load them. The address sanitizer ends a program that does. */
static void with_bound_plugin(const struct family *f)
{
	with_plugin(f, dlsym(RTLD_DEFAULT, "__asan_init") ? 0 : RTLD_DEEPBIND);
}

int main(int argc, char **argv)
{
	int before = count_fds();

	if (argc < 2 || strchr(argv[1], '/') == NULL)
		return argc < 2 ? 1 : job(argc, argv);
	plugin_file = argv[1];
	static_program = argc > 2 ? argv[2] : NULL;
	each_family("descriptors shared", shared_files);
	each_family("memory shared", shared_memory);
	each_family("vfork", with_vfork);
	each_family("posix_spawn", with_spawn);
	if (static_program)
		each_family("static in between", with_static);
	each_family("a plugin", with_plain_plugin);
	each_family("a plugin, RTLD_DEEPBIND", with_bound_plugin);
	say("descriptors left: %d", count_fds() - before);
	return test_failed;
}
