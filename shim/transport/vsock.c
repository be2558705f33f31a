/* SPDX-License-Identifier: MIT */
/*
 * vsock.c - what this machine's AF_VSOCK can reach, and by which CIDs it is reached
 *
 * These facts are asked of the kernel when first needed, and kept. All functions are
 * async-signal-safe.
 */
#include "vsock.h"

#include <stdatomic.h>

uint32_t vsock_own_cid(const struct ruleset *rs, uint32_t peer)
{
	static _Atomic uint32_t known = CID_UNKNOWN;
	uint32_t cid = atomic_load_explicit(&known, memory_order_relaxed);
	int fd;

	if (peer == VMADDR_CID_LOCAL)
		return VMADDR_CID_LOCAL;
	if (cid != CID_UNKNOWN)
		return cid;
	cid = rs->local_cid;
	if (cid == CID_UNKNOWN) {
		fd = (int)SYS_CALL(SYS_openat, AT_FDCWD, "/dev/vsock", O_RDONLY | O_CLOEXEC);
		if (fd >= 0) {
			if (sys_ioctl(fd, IOCTL_VM_SOCKETS_GET_LOCAL_CID, &cid) < 0)
				cid = CID_UNKNOWN;
			sys_close(fd);
		}
	}
	atomic_store_explicit(&known, cid, memory_order_relaxed);
	return cid;
}

bool vsock_loopback_loaded(void)
{
	static _Atomic int known; /* 0: not asked yet, 1: no, 2: yes */
	int fd, result;

	if (!atomic_load_explicit(&known, memory_order_relaxed)) {
		fd = vsock_socket(SOCK_CLOEXEC);
		if (fd < 0)
			return false;
		result = vsock_bind(fd, (struct vm_address){VMADDR_CID_LOCAL, PORT_ANY, NULL});
		if (result == 0 || result == -EADDRNOTAVAIL) /* else nobody knows */
			atomic_store_explicit(&known, result == 0 ? 2 : 1,
					      memory_order_relaxed);
		sys_close(fd);
	}
	return atomic_load_explicit(&known, memory_order_relaxed) == 2;
}

/* A guest that has guests of its own has two such CIDs: the second is for a second address of
 * this process. (Of what another process has, nobody knows the address.) */
int vsock_bind_outside(int fd, const struct ruleset *rs, uint32_t port, bool taken)
{
	uint32_t own = vsock_own_cid(rs, VMADDR_CID_ANY);
	int result = -EADDRNOTAVAIL;

	if (own != CID_UNKNOWN && own != VMADDR_CID_LOCAL)
		result = vsock_bind(fd, (struct vm_address){own, port, NULL});
	if (own != VMADDR_CID_HOST && (result == -EADDRNOTAVAIL || taken))
		result = vsock_bind(fd, (struct vm_address){VMADDR_CID_HOST, port, NULL});
	return result;
}

/* The errnos are those that a filter or the kernel gives (vsock_assign_transport()), or TCP's
 * for them. */
const char *vsock_usual_cause(int error)
{
	switch (error) {
	case EAFNOSUPPORT:
	case EPROTONOSUPPORT:
	case ESOCKTNOSUPPORT:
		return "this kernel has no AF_VSOCK, or a systemd unit's "
		       "RestrictAddressFamilies= lacks it: see vsockify --doctor";
	case EPERM:
		return "a seccomp profile forbids it, as Docker's forbids AF_VSOCK: see "
		       "vsockify "
		       "--doctor";
	case EACCES:
		return "AppArmor or SELinux forbids it, or the vsock port is below 1024 and "
		       "the "
		       "program is not root";
	case ENODEV:
	case ENETUNREACH:
	case EHOSTUNREACH:
		return "nobody has this CID, or no transport leads there: does the guest run, "
		       "is "
		       "vhost_vsock loaded, or vsock_loopback?";
	case ECONNRESET:
	case ECONNREFUSED:
		return "nobody listens at that vsock port: does the server run there, under a "
		       "listen rule for it?";
	case ETIMEDOUT:
		return "no answer within connect_timeout: is the machine stopped, or its "
		       "server's "
		       "queue full?";
	case EADDRINUSE:
		return "another program has this vsock port: ss --vsock -alp shows which";
	case EADDRNOTAVAIL:
		return "this machine does not have that CID: CID 1 takes vsock_loopback";
	default:
		return "";
	}
}
