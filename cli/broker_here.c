/* SPDX-License-Identifier: MIT */
/*
 * broker_here.c - what stands in the way of a broker here, and how the one of this tree is
 */
#include "broker_here.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../config/memory.h"
#include "../shim/broker/message.h"
#include "broker.h"

#define SUBJECT "broker"

/* How long the broker of this tree may take to answer. */
#define ANSWER_MS 1000

/* ---- the program ---- */

/**
 * read_all() - what a descriptor gives, cut to what there is room for
 * @text: gets a NUL
 */
static void read_all(int fd, char *text, size_t size)
{
	size_t length = 0;
	ssize_t got = 1;

	while (got > 0 && length < size - 1) {
		got = read(fd, text + length, size - 1 - length);
		length += got > 0 ? (size_t)got : 0;
	}
	text[length] = '\0';
}

/**
 * ask_version() - what the program at a path says of itself
 * @text: a line, without its end; empty if it says nothing
 */
static void ask_version(const char *path, char *text, size_t size)
{
	int ends[2];
	pid_t child;

	*text = '\0';
	if (pipe2(ends, O_CLOEXEC) < 0)
		return;
	child = fork();
	if (child == 0) {
		if (dup2(ends[1], STDOUT_FILENO) >= 0)
			(void)execl(path, BROKER_FILE, "--version", NULL);
		_exit(EXIT_FAILURE);
	}
	close(ends[1]);
	read_all(ends[0], text, size);
	close(ends[0]);
	if (child > 0)
		(void)waitpid(child, NULL, 0);
	text[strcspn(text, "\n")] = '\0';
}

/**
 * look_at_file() - is it there, of this version?
 */
static void look_at_file(struct findings *findings)
{
	char *path = broker_path();
	char said[128];

	if (access(path, X_OK) < 0) {
		find(findings, LEVEL_PROBLEM, "broker-missing", SUBJECT,
		     "cannot run %s: %s: rules with a VMM's socket need it: install it there, "
		     "or beside the launcher",
		     path, strerror(errno));
		free(path);
		return;
	}
	ask_version(path, said, sizeof(said));
	if (strcmp(said, BROKER_FILE " " VSOCKIFY_VERSION) == 0)
		find(findings, LEVEL_OK, "broker-version", SUBJECT,
		     "%s is of this version, " VSOCKIFY_VERSION, path);
	else
		find(findings, LEVEL_PROBLEM, "broker-other-version", SUBJECT,
		     "%s is not of this version, " VSOCKIFY_VERSION
		     ", but says \"%s\": install both anew",
		     path, said);
	free(path);
}

/* ---- the kernel ---- */

/**
 * has_name() - can an abstract name be listened at?
 */
static bool has_name(void)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	/* no more than the family: the kernel chooses a name */
	bool has = fd >= 0 && bind(fd, (struct sockaddr *)&un, sizeof(sa_family_t)) == 0 &&
		   listen(fd, 1) == 0;

	if (fd >= 0)
		close(fd);
	return has;
}

/**
 * has_seals() - can memory be shared that only this process writes?
 */
static bool has_seals(void)
{
	int fd = memfd_create("vsockify-doctor", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	bool has = fd >= 0 && fcntl(fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE) == 0;

	if (fd >= 0)
		close(fd);
	return has;
}

/**
 * holds_back() - does a socket whose request is unread look as if it were connecting?
 */
static bool holds_back(void)
{
	char request[BROKER_REQUEST_SIZE] = "";
	struct pollfd polled = {.events = POLLOUT};
	int ends[2];
	bool holds;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) < 0)
		return false;
	polled.fd = ends[0];
	holds = setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &(int){0}, sizeof(int)) == 0 &&
		send(ends[0], request, sizeof(request), 0) == sizeof(request) &&
		poll(&polled, 1, 0) == 0 && send(ends[0], "x", 1, 0) < 0 && errno == EAGAIN;
	close(ends[0]);
	close(ends[1]);
	return holds;
}

/**
 * look_at_kernel() - does it give what a broker needs?
 */
static void look_at_kernel(struct findings *findings)
{
	bool sound = true;

	if (!has_name()) {
		find(findings, LEVEL_PROBLEM, "broker-no-unix-socket", SUBJECT,
		     "no Unix socket can listen here (%s): allow AF_UNIX, in a systemd unit by "
		     "RestrictAddressFamilies=",
		     strerror(errno));
		sound = false;
	}
	if (!has_seals()) {
		find(findings, LEVEL_PROBLEM, "broker-no-sealed-memory", SUBJECT,
		     "no memory can be sealed here (%s): memfd_create() with "
		     "F_SEAL_FUTURE_WRITE takes Linux 5.1, and a filter that allows it",
		     strerror(errno));
		sound = false;
	}
	if (sound && !holds_back())
		find(findings, LEVEL_WARNING, "broker-other-buffers", SUBJECT,
		     "this kernel counts the buffers of Unix sockets in another way, so that "
		     "programs wait in connect() themselves");
	else if (sound)
		find(findings, LEVEL_OK, "broker-kernel", SUBJECT,
		     "the kernel has what it needs: abstract names, sealed memory, and room of "
		     "sockets as it counts on");
}

/**
 * look_at_limits() - for how many connections at once?
 */
static void look_at_limits(struct findings *findings)
{
	struct rlimit limit = {0, 0};

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_max < 4096)
		find(findings, LEVEL_WARNING, "broker-few-descriptors", SUBJECT,
		     "the hard limit of %llu descriptors is room for %llu connections on their "
		     "way at once: ulimit -Hn, or LimitNOFILE= of a systemd unit",
		     (unsigned long long)limit.rlim_max,
		     (unsigned long long)limit.rlim_max / 3);
}

/* ---- the one of this tree ---- */

/**
 * open_broker() - connect to it by its name
 * Return: -1 if nobody is there, with errno
 */
static int open_broker(const struct broker_environment *environment)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	size_t length = strlen(environment->name);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int saved;

	memcpy(un.sun_path + 1, environment->name, length);
	if (fd < 0 ||
	    connect(fd, (struct sockaddr *)&un,
		    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + length)) == 0)
		return fd;
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

/**
 * ask_status() - have it tell its numbers
 * @text: lines; empty if it says nothing
 */
static void ask_status(int fd, const struct broker_environment *environment,
		       char text[BROKER_STATUS_SIZE + 1])
{
	struct pollfd polled = {.fd = fd, .events = POLLIN};
	struct broker_request request;

	*text = '\0';
	broker_request(&request, BROKER_STATUS, environment, 0);
	if (send(fd, &request, sizeof(request), MSG_NOSIGNAL) == sizeof(request) &&
	    poll(&polled, 1, ANSWER_MS) > 0)
		read_all(fd, text, BROKER_STATUS_SIZE + 1);
}

/**
 * look_at_own() - how is the broker of the tree that this process is in?
 */
static void look_at_own(struct findings *findings)
{
	const char *variable = getenv(BROKER_ENV);
	struct broker_environment environment;
	char text[BROKER_STATUS_SIZE + 1], *rest = NULL;
	int fd;

	if (!variable)
		return;
	if (!broker_decode(variable, &environment)) {
		find(findings, LEVEL_WARNING, "broker-foreign", SUBJECT,
		     BROKER_ENV " is another version's, or nobody's: unset it");
		return;
	}
	fd = open_broker(&environment);
	if (fd < 0) {
		find(findings, LEVEL_WARNING, "broker-gone", SUBJECT,
		     "that of " BROKER_ENV " is not there (%s), so that programs wait in "
		     "connect() themselves: start them anew",
		     strerror(errno));
		return;
	}
	ask_status(fd, &environment, text);
	close(fd);
	if (*text == '\0')
		find(findings, LEVEL_WARNING, "broker-silent", SUBJECT,
		     "that of " BROKER_ENV " does not answer: is it stopped, or somebody "
		     "else's?");
	for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		find(findings, LEVEL_OK, "broker-here", "broker of this tree", "%s", line);
}

void look_at_broker(struct findings *findings, const struct ruleset *rs)
{
	if (broker_is_needed(rs)) {
		look_at_file(findings);
		look_at_kernel(findings);
		look_at_limits(findings);
	}
	look_at_own(findings);
}
