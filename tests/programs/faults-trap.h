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

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <ucontext.h>

#include "tcp.h"

#if !defined(__x86_64__)
#error "the registers are those of x86-64"
#endif

/* What is to happen in this round. */
struct fault {
	int number; /* the how manyth call fails, from 0 */
	int error;  /* with this errno */
	bool rest;  /* and so do later ones of the same kind */
};

static struct fault fault;
static atomic_bool armed;
static atomic_int calls;             /* while armed */
static atomic_long failed_call = -1; /* its number, once it has failed */

/* Two calls are of a kind if they do the same: epoll_ctl() and fcntl() do many things. */
static long kind_of(long call, const greg_t *r)
{
	if (call == SYS_epoll_ctl || call == SYS_fcntl || call == SYS_ioctl)
		return call << 32 | (uint32_t)r[REG_RSI];
	if (call == SYS_getsockopt || call == SYS_setsockopt)
		return call << 32 | (uint32_t)r[REG_RSI] << 16 | (uint16_t)r[REG_RDX];
	return call << 32;
}

static long do_call(const greg_t *r, long call)
{
	register long r10 __asm__("r10") = r[REG_R10];
	register long r8 __asm__("r8") = r[REG_R8];
	register long r9 __asm__("r9") = r[REG_R9];
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(call), "D"(r[REG_RDI]), "S"(r[REG_RSI]), "d"(r[REG_RDX]),
			   "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return result;
}

static bool shall_fail(long kind)
{
	int number = atomic_fetch_add(&calls, 1);

	if (number == fault.number) {
		atomic_store(&failed_call, kind);
		return true;
	}
	return fault.rest && atomic_load(&failed_call) == kind;
}

static void on_trap(int signal, siginfo_t *info, void *context)
{
	greg_t *r = ((ucontext_t *)context)->uc_mcontext.gregs;
	long call = info->si_syscall;

	(void)signal;
	if (!atomic_load(&armed) || !shall_fail(kind_of(call, r)))
		r[REG_RAX] = do_call(r, call);
	else if (call == SYS_close) /* closes, whatever it says */
	{
		do_call(r, call);
		r[REG_RAX] = -fault.error;
	} else
		r[REG_RAX] = -fault.error;
}

/* Where the shim's instructions are. */
static void find_shim(uint64_t *start, uint64_t *end)
{
	char line[512];
	FILE *maps = fopen("/proc/self/maps", "r");

	*start = *end = 0;
	while (maps && fgets(line, sizeof line, maps))
		if (strstr(line, "libvsockify") && strstr(line, " r-xp "))
			must(sscanf(line, "%lx-%lx", start, end) == 2 ? 0 : -1);
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
