/* SPDX-License-Identifier: MIT */
/*
 * vsock.h - the kernel's own VM sockets: AF_VSOCK
 *
 * What each function is for: transport.h. What costs an instruction at every connection is
 * written here, inline.
 */
#ifndef VSOCKIFY_TRANSPORT_VSOCK_H
#define VSOCKIFY_TRANSPORT_VSOCK_H

#include <linux/time_types.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/vm_sockets.h> /* older ones leave sys/socket.h to whoever includes them */

#ifndef SO_VM_SOCKETS_CONNECT_TIMEOUT_NEW /* headers of before Linux 5.16 */
#define SO_VM_SOCKETS_CONNECT_TIMEOUT_NEW 8
#define SO_VM_SOCKETS_CONNECT_TIMEOUT_OLD SO_VM_SOCKETS_CONNECT_TIMEOUT
#endif

#include "../../config/ruleset.h"
#include "../kernel/sys.h"
#include "address.h"

_Static_assert(CID_HYPERVISOR == VMADDR_CID_HYPERVISOR && CID_LOCAL == VMADDR_CID_LOCAL &&
		       CID_HOST == VMADDR_CID_HOST && CID_ANY == VMADDR_CID_ANY,
	       "the kernel means the same CIDs");
_Static_assert(PORT_ANY == VMADDR_PORT_ANY, "the kernel means the same port");

/* ---- sockets ---- */

#define VSOCK_SOCKET "an AF_VSOCK socket"

#define VSOCK_LEVEL  AF_VSOCK
#define VSOCK_FAMILY AF_VSOCK

static inline int vsock_socket(int flags)
{
	return sys_socket(AF_VSOCK, SOCK_STREAM | flags, 0);
}

static inline bool vsock_is_family(int family)
{
	return family == AF_VSOCK;
}

static inline int vsock_bind(int fd, struct vm_address to)
{
	struct sockaddr_vm vm = {
		.svm_family = AF_VSOCK, .svm_cid = to.cid, .svm_port = to.port};

	return sys_bind(fd, &vm, sizeof vm);
}

static inline int vsock_connect(int fd, struct vm_address to)
{
	struct sockaddr_vm vm = {
		.svm_family = AF_VSOCK, .svm_cid = to.cid, .svm_port = to.port};

	return sys_connect(fd, &vm, sizeof vm);
}

static inline int vsock_connect_back(int fd, int listener)
{
	struct sockaddr_vm vm = {.svm_family = AF_UNSPEC};
	socklen_t len = sizeof vm;
	int result = sys_getsockname(listener, &vm, &len);

	vm.svm_cid = CID_LOCAL;
	return result < 0 ? result : sys_connect(fd, &vm, sizeof vm);
}

static inline int vsock_set_connect_timeout(int fd, uint64_t us)
{
	struct __kernel_sock_timeval limit = {
		.tv_sec = (int64_t)(us / 1000000),
		.tv_usec = (int64_t)(us % 1000000),
	};
	long before_5_16[2] = {(long)limit.tv_sec, (long)limit.tv_usec};
	int result = sys_setsockopt(fd, AF_VSOCK, SO_VM_SOCKETS_CONNECT_TIMEOUT_NEW, &limit,
				    sizeof limit);

	if (result == -ENOPROTOOPT)
		result = sys_setsockopt(fd, AF_VSOCK, SO_VM_SOCKETS_CONNECT_TIMEOUT_OLD,
					before_5_16, sizeof before_5_16);
	return sys_no_option(result) ? 0 : result;
}

static inline int vsock_set_buffer(int fd, uint64_t size)
{
	return sys_setsockopt(fd, AF_VSOCK, SO_VM_SOCKETS_BUFFER_SIZE, &size, sizeof size);
}

static inline int vsock_get_buffer(int fd, uint64_t *size)
{
	socklen_t len = sizeof *size;

	return sys_getsockopt(fd, AF_VSOCK, SO_VM_SOCKETS_BUFFER_SIZE, size, &len);
}

/* ---- names ---- */

static inline bool vsock_read_name(const void *addr, socklen_t len, struct vm_address *name)
{
	struct sockaddr_vm vm;

	if (len < sizeof vm)
		return false;
	memcpy(&vm, addr, sizeof vm);
	if (vm.svm_family != AF_VSOCK)
		return false;
	*name = (struct vm_address){vm.svm_cid, vm.svm_port, NULL};
	return true;
}

/* The kernel has given it its listener's word A, and its family a whole address. */
static inline int vsock_caller(int listener, int fd, const struct sockaddr_storage *given,
			       socklen_t len, struct vm_address *caller)
{
	const struct sockaddr_vm *vm = (const void *)given;

	(void)listener;
	(void)fd;
	(void)len;
	if (vm->svm_family != AF_VSOCK)
		return 0;
	*caller = (struct vm_address){vm->svm_cid, vm->svm_port, NULL};
	return 1;
}

/* ---- the words of a mark ---- */

/* Word A: its top bit is set in every mark, so that it never limits a buffer. A socket of
 * another family has a shorter answer, or none. */
static inline int vsock_get_word_a(int fd, uint64_t *a)
{
	socklen_t len = sizeof *a;
	int result = sys_getsockopt(fd, AF_VSOCK, SO_VM_SOCKETS_BUFFER_MAX_SIZE, a, &len);

	return result < 0 ? result : len == sizeof *a;
}

static inline int vsock_set_word_a(int fd, uint64_t a)
{
	return sys_setsockopt(fd, AF_VSOCK, SO_VM_SOCKETS_BUFFER_MAX_SIZE, &a, sizeof a);
}

static inline bool vsock_has_word_b(void)
{
	return true;
}

/* ---- errors ---- */

/*
 * A peer without a listener answers with a reset (net/vmw_vsock/virtio_transport_common.c,
 * virtio_transport_recv_connecting()), and a CID that nobody serves is "no device"
 * (af_vsock.c, vsock_assign_transport()). A machine without AF_VSOCK, or a program that is
 * forbidden to use it, has no way to any CID.
 */
static inline int vsock_tcp_error(int error)
{
	switch (error) {
	case ECONNRESET:
		return ECONNREFUSED;
	case ENODEV:
		return EHOSTUNREACH;
	case EAFNOSUPPORT:
	case EPROTONOSUPPORT:
		return ENETUNREACH;
	default:
		return error;
	}
}

const char *vsock_usual_cause(int error);

/* ---- who is who ---- */

bool vsock_loopback_loaded(void);
uint32_t vsock_own_cid(const struct ruleset *rs, uint32_t peer);
int vsock_bind_outside(int fd, const struct ruleset *rs, uint32_t port, bool taken);

static inline bool vsock_is_loopback(uint32_t cid)
{
	return cid == VMADDR_CID_LOCAL && vsock_loopback_loaded();
}

#endif
