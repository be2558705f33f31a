/* SPDX-License-Identifier: MIT */
/*
 * faults-trap.h - makes a system call of the shim fail
 *
 * A seccomp filter traps the calls that come from the shim's own text (its instructions, not
 * those of libc, so that the program's own calls work), and the handler of the trap counts
 * them: one fails, alone or with all of its kind that come after it.
 */
#ifndef TESTS_PROGRAMS_FAULTS_TRAP_H
#define TESTS_PROGRAMS_FAULTS_TRAP_H

#include <inttypes.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <ucontext.h>

#include "tcp.h"

/* Elsewhere the shim's own calls go through libc (sys.h), and cannot be told from others. */
#if defined(__x86_64__)
#define CAN_TRAP 1
#else
#define CAN_TRAP 0
#endif

/* A call that was trapped, and where the program will find its result. */
struct trapped {
	long call, arguments[6];
	long long *result;
};

/* What is to happen in this round. */
struct fault {
	int number; /* the how manyth call fails, from 0 */
	int error;  /* with this errno */
	bool rest;  /* and so do later ones of the same kind */
};

static struct fault fault;
static atomic_bool armed;
static atomic_int calls;              /* while armed */
static atomic_llong failed_call = -1; /* its kind, once it has failed */

/* Two calls are of a kind if they do the same: epoll_ctl() and fcntl() do many things. */
static long long kind_of(long call, long second, long third)
{
	long long kind = (long long)call << 32;

	if (call == SYS_epoll_ctl || call == SYS_fcntl || call == SYS_ioctl)
		return kind | (uint32_t)second;
	if (call == SYS_getsockopt || call == SYS_setsockopt)
		return kind | (uint32_t)second << 16 | (uint16_t)third;
	return kind;
}

/* Make it from here; in the kernel's convention. */
static long do_call(const struct trapped *t)
{
	const long *a = t->arguments;
	int saved = errno;
	long result = syscall(t->call, a[0], a[1], a[2], a[3], a[4], a[5]);

	if (result == -1)
		result = -errno;
	errno = saved;
	return result;
}

static bool shall_fail(long long kind)
{
	int number = atomic_fetch_add(&calls, 1);

	if (number == fault.number) {
		atomic_store(&failed_call, kind);
		return true;
	}
	return fault.rest && atomic_load(&failed_call) == kind;
}

static void answer(const struct trapped *t)
{
	bool fails = atomic_load(&armed) &&
		     shall_fail(kind_of(t->call, t->arguments[1], t->arguments[2]));

	if (!fails || t->call == SYS_close) /* which closes, whatever it says */
		*t->result = do_call(t);
	if (fails)
		*t->result = -fault.error;
}

static void on_trap(int signal, siginfo_t *info, void *context)
{
#if CAN_TRAP
	greg_t *r = ((ucontext_t *)context)->uc_mcontext.gregs;

	answer(&(struct trapped){.call = info->si_syscall,
				 .arguments = {r[REG_RDI], r[REG_RSI], r[REG_RDX], r[REG_R10],
					       r[REG_R8], r[REG_R9]},
				 .result = &r[REG_RAX]});
#else
	(void)info;
	(void)context;
	(void)answer;
#endif
	(void)signal;
}

/* Where the shim's instructions are. */
static void find_shim(uint64_t *start, uint64_t *end)
{
	char line[512];
	FILE *maps = fopen("/proc/self/maps", "r");

	*start = *end = 0;
	while (maps && fgets(line, sizeof line, maps))
		if (strstr(line, "libvsockify") && strstr(line, " r-xp "))
			must(sscanf(line, "%" SCNx64 "-%" SCNx64, start, end) == 2 ? 0 : -1);
	if (maps)
		fclose(maps);
	if (!*start || *start >> 32 != *end >> 32)
		complain("where is the shim?");
}

static void install(uint64_t start, uint64_t end)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, instruction_pointer) + 4),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(start >> 32), 0, 4),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, instruction_pointer)),
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, (uint32_t)start, 0, 2),
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, (uint32_t)end, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {ARRAY_SIZE(filter), filter};
	struct sigaction action = {.sa_sigaction = on_trap,
				   .sa_flags = SA_SIGINFO | SA_RESTART | SA_NODEFER};

	must(sigaction(SIGSYS, &action, NULL));
	must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	must(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program));
}

#endif
