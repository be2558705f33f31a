/* SPDX-License-Identifier: MIT */
/*
 * handover.c - a socket that one program makes, and another one is given over exec
 *
 * handover listen PORT COMMAND...
 *	listens, and execs the command with the descriptor behind it
 * handover connect PORT COMMAND...
 *	the same with a connection to 127.0.0.1
 * handover accept FD
 *	says whom it lets in
 * handover names FD
 *	says what the connection's two addresses are
 *
 * The two programs may be under shims of different versions.
 */
#include "tcp.h"

/* Is it an address that a TCP program can read? */
static const char *kind_of(const struct sockaddr_storage *addr)
{
	return addr->ss_family == AF_INET ? "an IPv4 address" : "an address of another family";
}

static void say_name(const char *call, int fd, int (*name)(int, struct sockaddr *, socklen_t *))
{
	struct sockaddr_storage addr = {0};
	socklen_t len = sizeof addr;
	int got = name(fd, (struct sockaddr *)&addr, &len);

	say("%s: %s", call, got < 0 ? result(got) : kind_of(&addr));
}

/* Wait for a caller; whom the program is given, and whether anything can be read of it. */
static void say_accepted(int listener)
{
	struct sockaddr_storage addr = {0};
	socklen_t len = sizeof addr;
	char byte;
	int fd;

	fcntl(listener, F_SETFL, O_RDWR | O_NONBLOCK);
	say("ready");
	check(wait_for(listener, POLLIN) & POLLIN);
	fd = accept(listener, (struct sockaddr *)&addr, &len);
	if (fd < 0) {
		say("accept: %s", result(fd));
		return;
	}
	say("accept: %s", kind_of(&addr));
	wait_for(fd, POLLIN);
	say("%s", recv(fd, &byte, 1, 0) > 0 ? "let in" : "ended");
}

static int make(const char *what, const char *port)
{
	struct address on = address_of("127.0.0.1", (uint16_t)atoi(port));
	int fd = must(socket(AF_INET, SOCK_STREAM, 0));

	if (strcmp(what, "connect") == 0) {
		must(connect(fd, &on.any, on.len));
		return fd;
	}
	must(bind(fd, &on.any, on.len));
	must(listen(fd, 5));
	return fd;
}

int main(int argc, char **argv)
{
	char number[12];

	if (argc == 3 && strcmp(argv[1], "accept") == 0) {
		say_name("getsockname", atoi(argv[2]), getsockname);
		say_accepted(atoi(argv[2]));
		return test_failed;
	}
	if (argc == 3 && strcmp(argv[1], "names") == 0) {
		say_name("getsockname", atoi(argv[2]), getsockname);
		say_name("getpeername", atoi(argv[2]), getpeername);
		return test_failed;
	}
	check(argc > 3);
	snprintf(number, sizeof number, "%d", make(argv[1], argv[2]));
	memmove(argv, argv + 3, (size_t)(argc - 3) * sizeof *argv);
	argv[argc - 3] = number;
	argv[argc - 2] = NULL;
	execvp(argv[0], argv);
	return 127;
}
