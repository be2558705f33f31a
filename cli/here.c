/* SPDX-License-Identifier: MIT */
/*
 * here.c - what does this machine offer to VM sockets, and what does it forbid?
 *
 * Theory of operation
 *
 * Modules show in /sys/module, also those that are built in, if they have a parameter or a
 * version. The loopback transport is asked for by binding to CID 1, which fails without it;
 * so does the shim. A kernel that has AF_VSOCK lists it in /proc/net/protocols, also to those
 * whom a filter keeps from using it.
 */
#include "here.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../config/cid.h"
#include "../config/load.h"

#include <linux/vm_sockets.h> /* older ones leave sys/socket.h to whoever includes them */

static const struct {
	enum transport transport;
	const char *name;
	const char *module; /* its directory in /sys/module */
} transports[] = {
	{TRANSPORT_VIRTIO, "virtio", "/sys/module/vmw_vsock_virtio_transport"},
	{TRANSPORT_VHOST, "vhost", "/sys/module/vhost_vsock"},
	{TRANSPORT_VMCI, "vmci", "/sys/module/vmw_vsock_vmci_transport"},
	{TRANSPORT_HYPERV, "hyperv", "/sys/module/hv_sock"},
	{TRANSPORT_LOOPBACK, "loopback", "/sys/module/vsock_loopback"},
};

#define TRANSPORT_COUNT (sizeof(transports) / sizeof(transports[0]))

/**
 * can_bind_loopback() - can a socket be bound to CID 1?
 */
static bool can_bind_loopback(void)
{
	const struct sockaddr_vm vm = {.svm_family = AF_VSOCK,
				       .svm_cid = VMADDR_CID_LOCAL,
				       .svm_port = VMADDR_PORT_ANY};
	int fd = socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool bound;

	if (fd < 0)
		return false;
	bound = bind(fd, (const struct sockaddr *)&vm, sizeof(vm)) == 0;
	(void)close(fd);
	return bound;
}

unsigned int here_transports(void)
{
	unsigned int loaded = can_bind_loopback() ? TRANSPORT_LOOPBACK : 0;

	for (size_t i = 0; i < TRANSPORT_COUNT; i++) {
		if (access(transports[i].module, F_OK) == 0)
			loaded |= transports[i].transport;
	}
	return loaded;
}

const char *here_transport_name(enum transport transport)
{
	size_t i = 0;

	while (i + 1 < TRANSPORT_COUNT && transports[i].transport != transport)
		i++;
	return transports[i].name;
}

uint32_t here_cid(uint32_t cid)
{
	if (cid != CID_UNKNOWN || access(VSOCK_DEVICE, R_OK) < 0 || !can_bind_loopback())
		return cid;
	return CID_LOCAL;
}

int here_socket_error(void)
{
	int fd = socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return errno;
	(void)close(fd);
	return 0;
}

/**
 * find_line() - the first line of a file that begins with a text
 * @line: where to; without its newline
 */
static bool find_line(const char *path, const char *begin, char *line, size_t size)
{
	FILE *file = fopen(path, "re");
	bool found = false;

	if (!file)
		return false;
	while (!found && fgets(line, (int)size, file))
		found = strncmp(line, begin, strlen(begin)) == 0;
	(void)fclose(file);
	if (found)
		line[strcspn(line, "\n")] = '\0';
	return found;
}

bool here_kernel_has_vsock(void)
{
	char line[256];

	return find_line("/proc/net/protocols", "AF_VSOCK", line, sizeof(line));
}

void here_namespace(char *buf, size_t size)
{
	if (!find_line("/proc/sys/net/vsock/ns_mode", "", buf, size))
		*buf = '\0';
}

bool here_seccomp(void)
{
	const char key[] = "Seccomp:";
	char line[64];

	return find_line("/proc/self/status", key, line, sizeof(line)) &&
	       strtol(line + sizeof(key) - 1, NULL, 10) != 0;
}

void here_unit(char *buf, size_t size)
{
	static const char suffix[] = ".service";
	char line[512];
	const char *name;

	*buf = '\0';
	if (!find_line("/proc/self/cgroup", "0::", line, sizeof(line)))
		return;
	name = strrchr(line, '/');
	if (name && strlen(name) > sizeof(suffix) &&
	    strcmp(name + strlen(name) - (sizeof(suffix) - 1), suffix) == 0)
		(void)snprintf(buf, size, "%s", name + 1);
}

void here_confinement(char *buf, size_t size)
{
	if (!find_line("/proc/self/attr/current", "", buf, size) ||
	    strncmp(buf, "unconfined", strlen("unconfined")) == 0)
		*buf = '\0';
}
