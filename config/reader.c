/* SPDX-License-Identifier: MIT */
/*
 * reader.c - vsockify-config, the compiler of configurations as a program
 *
 * Theory of operation
 *
 * The preloaded object runs it, in programs that were started without the launcher, so it
 * belongs beside that. It writes the compiled rules (image.h) to the descriptor that its
 * argument names; nothing if there is no configuration file. It speaks for that program:
 * warnings only where decisions are logged too, since every program that is started would
 * repeat them.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <sysexits.h>
#include <unistd.h>

#include "find.h"
#include "load.h"

/**
 * write_line() - write a message to stderr, in one piece
 */
static void write_line(const char *message)
{
	struct iovec pieces[2] = {
		{.iov_base = (void *)message, .iov_len = strlen(message)},
		{.iov_base = (void *)"\n", .iov_len = 1},
	};

	/* If stderr is closed, there is nobody to tell; the status tells the rest. */
	if (writev(STDERR_FILENO, pieces, 2) < 0)
		return;
}

/**
 * write_message() - a report_fn
 */
static void write_message(void *context, enum severity severity, const char *message)
{
	(void)context;
	if (severity == SEVERITY_ERROR || secure_getenv("VSOCKIFY_LOG"))
		write_line(message);
}

/**
 * write_image() - write the compiled rules
 */
static int write_image(int fd, const struct ruleset *rs)
{
	const char *at = (const char *)rs;
	size_t left = rs->size;

	while (left) {
		ssize_t written = write(fd, at, left);

		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0) {
			write_line("vsockify: cannot pass on the rules");
			return EX_OSERR;
		}
		at += written;
		left -= (size_t)written;
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct config_places places = config_places(NULL);
	char *path, *end = "";
	struct ruleset *rs;
	long fd = argc == 2 ? strtol(argv[1], &end, 10) : 0;
	int status;

	if (fd <= STDERR_FILENO || *end) {
		(void)fprintf(stderr, "vsockify-config: libvsockify.so runs this; \"vsockify "
				      "--check\" is for people\n");
		return EX_USAGE;
	}
	path = find_config(&places);
	if (!path)
		return 0;
	rs = load_rules(path, NULL, 0, write_message, NULL);
	free(path);
	if (!rs)
		return EX_CONFIG;
	status = write_image((int)fd, rs);
	free(rs);
	return status;
}
