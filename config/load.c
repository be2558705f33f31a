/* SPDX-License-Identifier: MIT */
/*
 * load.c - from the command line and the file in force to an image
 *
 * Theory of operation
 *
 * The launcher and the plugin of the preloaded object both come through here, so that the
 * same rules make the same image either way. The machine's own CID is asked for here because
 * the program may later be where /dev/vsock is not.
 */
#include "load.h"

#include <fcntl.h>
#include <linux/vm_sockets.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "address.h"
#include "parse.h"

/**
 * read_local_cid() - the CID of this machine
 * Return: it, or CID_UNKNOWN
 */
static uint32_t read_local_cid(void)
{
	int fd = open("/dev/vsock", O_RDONLY | O_CLOEXEC);
	unsigned int cid = CID_UNKNOWN; /* valgrind does not know that the ioctl writes it */

	if (fd < 0)
		return CID_UNKNOWN;
	if (ioctl(fd, IOCTL_VM_SOCKETS_GET_LOCAL_CID, &cid) < 0)
		cid = CID_UNKNOWN;
	(void)close(fd);
	return cid;
}

struct ruleset *load_rules(const char *path, const struct spec *specs, size_t count,
			   report_fn *report, void *context)
{
	struct builder builder;
	struct ruleset *rs;

	builder_init(&builder, report, context);
	for (size_t i = 0; i < count; i++)
		spec_parse(&builder, &specs[i]);
	if (path)
		parse_file(&builder, path);
	rs = builder_finish(&builder, read_local_cid());
	builder_free(&builder);
	return rs;
}
