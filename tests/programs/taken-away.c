/* SPDX-License-Identifier: MIT */
/*
 * taken-away.c - a socket made in one thread, connected in another, and closed by a third
 *
 * The close comes at each moment of the connect() at which another thread can get in: seccomp
 * stops the connecting thread before its first, second, ... system call, until the close, and
 * perhaps the opening of a file under the same number, is done. However connect() ends, no
 * descriptor may be left over, and the file must be what it was. dup3() is not stopped at: the
 * kernel has no way to exchange a descriptor on the condition that it is still the same.
 */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "count-fds.h"
#include "tcp.h"

static struct {
	const struct family *family;
	uint16_t port;
	int fd;                     /* the socket */
	int stops;                  /* where the connecting thread's stops are reported */
	pthread_barrier_t prepared; /* `stops` is there */
} scene;

/* ---- the connecting thread ---- */

#define STOP_AT(number)                                      \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (number), 0, 1), \
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF)

/* Let this thread stop at the system calls that a connection is made of. */
static int stop_at_calls(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		STOP_AT(SYS_getsockname),
		STOP_AT(SYS_getsockopt),
		STOP_AT(SYS_setsockopt),
		STOP_AT(SYS_socket),
		STOP_AT(SYS_fcntl),
		STOP_AT(SYS_bind),
		STOP_AT(SYS_epoll_ctl),
		STOP_AT(SYS_connect),
		STOP_AT(SYS_close),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {ARRAY_SIZE(filter), filter};

	must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	return must((int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
				 SECCOMP_FILTER_FLAG_NEW_LISTENER, &program));
}

static void *connect_stopping(void *argument)
{
	(void)argument;
	scene.stops = stop_at_calls();
	pthread_barrier_wait(&scene.prepared);
	connect_to(scene.fd, scene.family->loopback, scene.port); /* any answer will do */
	return NULL;
}

/* ---- the thread that closes ---- */

/* Let the connecting thread go on to its next stop; false if it has ended. */
static bool next_stop(uint64_t *id)
{
	struct seccomp_notif_resp resume = {.id = *id,
					    .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE};
	struct seccomp_notif stop = {.id = 0};

	if (*id)
		must(ioctl(scene.stops, SECCOMP_IOCTL_NOTIF_SEND, &resume));
	if (!(wait_for(scene.stops, POLLIN) & POLLIN))
		return false;
	must(ioctl(scene.stops, SECCOMP_IOCTL_NOTIF_RECV, &stop));
	*id = stop.id;
	return true;
}

/* Close the socket at the stop of this number; false if there were fewer. */
static bool close_at(int number, int file)
{
	uint64_t id = 0;
	bool closed = false;

	for (int i = 1; next_stop(&id); i++) {
		if (i != number)
			continue;
		must(close(scene.fd));
		if (file >= 0)
			must(dup2(file, scene.fd));
		closed = true;
	}
	return closed;
}

/* ---- */

static void check_untouched(const struct stat *mine)
{
	struct stat now;
	char text[8] = "";

	must(fstat(scene.fd, &now));
	check(now.st_ino == mine->st_ino && now.st_dev == mine->st_dev);
	check(pread(scene.fd, text, sizeof text, 0) == 4 && strcmp(text, "mine") == 0);
	check((fcntl(scene.fd, F_GETFL) & (O_APPEND | O_NONBLOCK)) == O_APPEND);
	must(close(scene.fd));
}

/* One connect(), during which the socket is closed; false if it was over before. */
static bool take_away(int number, int flags, int file)
{
	int listener = listener_on(scene.family, scene.family->loopback, 0, "server");
	int ep = must(epoll_create1(EPOLL_CLOEXEC)), before = count_fds();
	struct epoll_event e = {.events = EPOLLOUT};
	pthread_t connecting;
	struct stat mine;
	bool closed;

	if (file >= 0)
		must(fstat(file, &mine));
	scene.port = local_port(listener);
	scene.fd = socket_of(scene.family, flags);
	must(epoll_ctl(ep, EPOLL_CTL_ADD, scene.fd, &e));
	must(-pthread_create(&connecting, NULL, connect_stopping, NULL));
	pthread_barrier_wait(&scene.prepared);
	closed = close_at(number, file);
	pthread_join(connecting, NULL);
	close(scene.stops);
	if (!closed)
		close(scene.fd);
	else if (file >= 0)
		check_untouched(&mine);
	if (count_fds() != before)
		complain("stop %d: %d descriptors left over", number, count_fds() - before);
	close(ep);
	close(listener);
	return closed;
}

static void taken_away(const struct family *f)
{
	char name[] = "file-XXXXXX";
	int file, stops[2] = {0, 0};

	close(must(mkstemp(name)));
	file = must(open(name, O_RDWR | O_APPEND));
	must(write(file, "mine", 4));
	scene.family = f;
	pthread_barrier_init(&scene.prepared, NULL, 2);
	for (int flags = 0; flags <= SOCK_NONBLOCK; flags += SOCK_NONBLOCK) {
		for (int reused = 0; reused < 2; reused++) {
			int number = 1;

			while (take_away(number, flags, reused ? file : -1))
				number++;
			stops[reused] = number - 1;
		}
		say("closed, and reused, %s",
		    stops[0] > 0 && stops[1] > 0 ? "at each moment" : "never");
		if (over_vsock())
			check(stops[0] > 10 && stops[1] > 10); /* they were conversions */
	}
	pthread_barrier_destroy(&scene.prepared);
	close(file);
	unlink(name);
}

int main(void)
{
	each_family("taken away", taken_away);
	return test_failed;
}
