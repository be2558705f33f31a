/* SPDX-License-Identifier: MIT */
/*
 * forbid.c - runs a program under a seccomp filter that forbids AF_VSOCK sockets
 *
 * forbid ERRNO PROGRAM [ARGUMENT...]: socket(AF_VSOCK) fails with ERRNO, as under a systemd
 * unit's RestrictAddressFamilies= (EAFNOSUPPORT, 97) or Docker's profile (EPERM, 1).
 */
#include <err.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static void forbid_vsock(uint32_t error)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_VSOCK, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (error & SECCOMP_RET_DATA)),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {sizeof filter / sizeof *filter, filter};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
		err(125, "seccomp");
	if (socket(AF_VSOCK, SOCK_STREAM, 0) >= 0)
		errx(125, "AF_VSOCK is not forbidden");
}

int main(int argc, char **argv)
{
	if (argc < 3)
		errx(125, "usage: forbid ERRNO PROGRAM [ARGUMENT...]");
	forbid_vsock((uint32_t)strtoul(argv[1], NULL, 10));
	execvp(argv[2], argv + 2);
	err(127, "%s", argv[2]);
}
