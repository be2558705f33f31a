/* SPDX-License-Identifier: MIT */
/*
 * load.c - from the command line and the file in force to an image
 *
 * Theory of operation
 *
 * The launcher and the reader of the preloaded object both come through here, so that the
 * same rules make the same image either way. The machine's own CID is asked for here because
 * the program may later be where /dev/vsock is not.
 */
#include "load.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/vm_sockets.h> /* older ones leave sys/socket.h to whoever includes them */

#include "address.h"
#include "compile.h"
#include "parse.h"

int read_local_cid(uint32_t *cid)
{
	int fd = open(VSOCK_DEVICE, O_RDONLY | O_CLOEXEC);
	unsigned int value = CID_UNKNOWN; /* valgrind does not know that the ioctl writes it */
	int error = 0;

	*cid = CID_UNKNOWN;
	if (fd < 0)
		return errno;
	if (ioctl(fd, IOCTL_VM_SOCKETS_GET_LOCAL_CID, &value) < 0)
		error = errno;
	else
		*cid = value;
	(void)close(fd);
	return error;
}

struct ruleset *load_rules(const char *path, const struct spec *specs, size_t count,
			   report_fn *report, void *context)
{
	struct builder builder;
	struct ruleset *rs;
	uint32_t local_cid;

	builder_init(&builder, report, context);
	for (size_t i = 0; i < count; i++)
		spec_parse(&builder, &specs[i]);
	if (path)
		parse_file(&builder, path);
	(void)read_local_cid(&local_cid);
	rs = builder_finish(&builder, local_cid);
	builder_free(&builder);
	return rs;
}
