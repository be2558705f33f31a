/* SPDX-License-Identifier: MIT */
/*
 * forbid.c - runs a program under a seccomp filter that forbids AF_VSOCK sockets, or a call
 *
 * forbid ERRNO[:CALL] PROGRAM [ARGUMENT...]: socket(AF_VSOCK) fails with ERRNO, as under a
 * systemd unit's RestrictAddressFamilies= (EAFNOSUPPORT, 97) or Docker's profile (EPERM, 1). Or
 * the CALL does: seccomp, pidfd_getfd or kcmp, as under a container's profile, addfd, the
 * ioctl, as on a kernel that is too old (EINVAL, 22), or bind and getsockname.
 */
#include <err.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_pidfd_getfd /* glibc's headers of before 2.32 */
#define SYS_pidfd_getfd 438
#endif

/* What is forbidden: a call, if this argument of it, or none, has this value. */
struct subject {
	const char *name;
	uint32_t call, argument, value;
};

#define ANY UINT32_MAX

static const struct subject subjects[] = {
	{"vsock", SYS_socket, 0, AF_VSOCK},
	{"seccomp", SYS_seccomp, ANY, 0},
	{"pidfd_getfd", SYS_pidfd_getfd, ANY, 0},
	{"kcmp", SYS_kcmp, ANY, 0},
	{"addfd", SYS_ioctl, 1, SECCOMP_IOCTL_NOTIF_ADDFD},
	{"bind", SYS_bind, ANY, 0},
	{"getsockname", SYS_getsockname, ANY, 0},
};

static const struct subject *find_subject(const char *name)
{
	for (size_t i = 0; i < sizeof subjects / sizeof *subjects; i++)
		if (strcmp(subjects[i].name, name) == 0)
			return &subjects[i];
	errx(125, "%s cannot be forbidden", name);
}

static void forbid(const struct subject *subject, uint32_t error)
{
	bool any = subject->argument == ANY;
	uint32_t field = any ? offsetof(struct seccomp_data, nr)
			     : offsetof(struct seccomp_data, args[subject->argument]);
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, subject->call, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, field),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, any ? subject->call : subject->value, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (error & SECCOMP_RET_DATA)),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {sizeof filter / sizeof *filter, filter};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
		err(125, "seccomp");
}

int main(int argc, char **argv)
{
	const char *name;

	if (argc < 3)
		errx(125, "usage: forbid ERRNO[:CALL] PROGRAM [ARGUMENT...]");
	name = strchr(argv[1], ':');
	forbid(find_subject(name ? name + 1 : "vsock"), (uint32_t)strtoul(argv[1], NULL, 10));
	if (!name && socket(AF_VSOCK, SOCK_STREAM, 0) >= 0)
		errx(125, "AF_VSOCK is not forbidden");
	execvp(argv[2], argv + 2);
	err(127, "%s", argv[2]);
}
