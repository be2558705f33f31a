/* SPDX-License-Identifier: MIT */
/*
 * load.h - do the rules hold for what a program loads?
 *
 * Theory of operation
 *
 * With RTLD_DEEPBIND, an object finds libc's functions before ours, and so do the libraries
 * that come with it: PHP loads its extensions so, Apache its modules. So that flag is left out.
 * What it is for is then lost: an object finds its own names before the program's. One that
 * would find others (clash.h) is refused, with a reason; without any rule it is loaded as
 * asked.
 *
 * dlmopen() gives an object a libc of its own, in which nothing of ours is: that is left alone,
 * and said in the log (-v). That the flag was left out is said there too (-vv).
 *
 * libc's dlopen() looks at the address it returns to, for whose RPATH, $ORIGIN and namespace
 * count. So ours does not call it but jumps there, in a way that no compiler's options change.
 */
#ifndef VSOCKIFY_SHIM_LOAD_H
#define VSOCKIFY_SHIM_LOAD_H

#include "real.h"

/* Where to jump, and the mode to jump there with; returned in two registers. */
struct load_jump {
	void *function;
	long mode;
};

/* load_dlopen(), load_dlmopen() - what becomes of a call with these arguments */
struct load_jump load_dlopen(const char *file, int mode);
struct load_jump load_dlmopen(Lmid_t namespace, const char *file, int mode);

/*
 * LOAD_JUMP_2(), LOAD_JUMP_3() - the bodies of the two functions, which must be `jumping`: of
 * two arguments and of three, the last of which is the mode
 */
#define LOAD_UNUSED __attribute__((unused)) /* as far as the compiler can see */
#ifdef __x86_64__
#define jumping __attribute__((naked))
#define LOAD_JUMP_2(prepare, a, mode)           \
	__asm__("endbr64\n\t"                   \
		"push %rdi\n\t"                 \
		".cfi_adjust_cfa_offset 8\n\t"  \
		"call " #prepare "\n\t"         \
		"pop %rdi\n\t"                  \
		".cfi_adjust_cfa_offset -8\n\t" \
		"mov %edx, %esi\n\t"            \
		"jmp *%rax")
#define LOAD_JUMP_3(prepare, a, b, mode)         \
	__asm__("endbr64\n\t"                    \
		"push %rdi\n\t"                  \
		"push %rsi\n\t"                  \
		"sub $8, %rsp\n\t"               \
		".cfi_adjust_cfa_offset 24\n\t"  \
		"call " #prepare "\n\t"          \
		"add $8, %rsp\n\t"               \
		"pop %rsi\n\t"                   \
		"pop %rdi\n\t"                   \
		".cfi_adjust_cfa_offset -24\n\t" \
		"jmp *%rax")
#else /* gcc and clang jump when they optimize */
#define jumping
#define LOAD_JUMP_2(prepare, a, mode)             \
	struct load_jump jump = prepare(a, mode); \
	return ((void *(*)(__typeof__(a), int))jump.function)(a, (int)jump.mode)
#define LOAD_JUMP_3(prepare, a, b, mode)                                           \
	struct load_jump jump = prepare(a, b, mode);                               \
	return ((void *(*)(__typeof__(a), __typeof__(b), int))jump.function)(a, b, \
									     (int)jump.mode)
#endif

#endif
