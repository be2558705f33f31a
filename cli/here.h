/* SPDX-License-Identifier: MIT */
/*
 * here.h - what does this machine offer to VM sockets, and what does it forbid?
 *
 * Nothing is connected; the sockets that are made are closed at once.
 */
#ifndef VSOCKIFY_HERE_H
#define VSOCKIFY_HERE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A carrier of VM sockets, in the kernel. */
enum transport {
	TRANSPORT_VIRTIO = 1,   /* in a guest of QEMU, Firecracker, Cloud Hypervisor */
	TRANSPORT_VHOST = 2,    /* on a host of such guests */
	TRANSPORT_VMCI = 4,     /* VMware's, either side */
	TRANSPORT_HYPERV = 8,   /* in a guest of Hyper-V */
	TRANSPORT_LOOPBACK = 16 /* this machine with itself */
};

/* Those that lead out of a guest to its host. */
#define TRANSPORTS_TO_HOST (TRANSPORT_VIRTIO | TRANSPORT_VMCI | TRANSPORT_HYPERV)

/* here_transports() - the transports that are loaded; a set of enum transport */
unsigned int here_transports(void);
/* here_transport_name() - what to call one */
const char *here_transport_name(enum transport transport);

/*
 * here_cid() - the CID of this machine
 * @cid: as the kernel says, or CID_UNKNOWN. Those of before July 2025 say so where there is
 * only the loopback transport, which is 1 with them, too.
 */
uint32_t here_cid(uint32_t cid);

/* here_socket_error() - try to make an AF_VSOCK socket; 0, or the errno */
int here_socket_error(void);
/* here_kernel_has_vsock() - does the kernel have AF_VSOCK, whoever may use it? */
bool here_kernel_has_vsock(void);
/* here_namespace() - whose are the VM sockets of this network namespace: "local", its own;
 * "global", of all such namespaces; "" where the kernel knows no others, before 7.0 */
void here_namespace(char *buf, size_t size);
/* here_seccomp() - does a seccomp filter watch this process? */
bool here_seccomp(void);
/* here_unit() - the systemd unit of this process in @buf, or an empty text */
void here_unit(char *buf, size_t size);
/* here_confinement() - the profile of AppArmor or SELinux that this process is under; or an
 * empty text */
void here_confinement(char *buf, size_t size);

#endif
