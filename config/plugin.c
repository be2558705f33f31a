/* SPDX-License-Identifier: MIT */
/*
 * plugin.c - vsockify-config.so, the compiler of configurations as a shared object
 *
 * Theory of operation: see plugin.h. This runs within somebody else's program, before its
 * main(): messages go straight to stderr, and warnings only where decisions are logged too,
 * since every program that is started would repeat them.
 */
#include "plugin.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
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
 * copy_image() - move an image to memory that belongs to no allocator
 * Return: the copy, or NULL
 */
static void *copy_image(const struct ruleset *rs)
{
	void *copy = mmap(NULL, rs->size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			  -1, 0);

	if (copy == MAP_FAILED)
		return NULL;
	return memcpy(copy, rs, rs->size);
}

__attribute__((visibility("default"))) int vsockify_config_load(void **image, size_t *size)
{
	struct config_places places = config_places(NULL);
	char *path = find_config(&places);
	struct ruleset *rs;

	*image = NULL;
	*size = 0;
	if (!path)
		return 0;
	rs = load_rules(path, NULL, 0, write_message, NULL);
	free(path);
	if (!rs)
		return EX_CONFIG;
	*image = copy_image(rs);
	*size = rs->size;
	free(rs);
	if (*image)
		return 0;
	write_line("vsockify: out of memory while reading the rules");
	return EX_OSERR;
}
