/* SPDX-License-Identifier: MIT */
/*
 * elf.h - what does an executable's file say about how it will run?
 *
 * Pure: works on bytes in memory, and believes none of their offsets.
 */
#ifndef VSOCKIFY_KERNEL_ELF_H
#define VSOCKIFY_KERNEL_ELF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct elf_facts {
	unsigned int bits;       /* 32 or 64 */
	bool same_order;         /* the byte order of this machine; if not, the rest is unset */
	uint16_t machine;        /* EM_... */
	const char *interpreter; /* the dynamic linker it names, within the bytes; or NULL */
	bool is_static;          /* a program, and nobody links it when it starts */
	bool go;                 /* made by the Go toolchain */
};

/*
 * elf_read() - look at an executable
 * @bytes, @size: its file
 * Return: false if it is no ELF executable, or one that is cut off within its headers
 */
bool elf_read(const void *bytes, size_t size, struct elf_facts *facts);

/*
 * elf_libc() - the libc that a dynamic linker belongs to
 * Return: its name; NULL if it is none of those that the preloaded object goes with
 */
const char *elf_libc(const char *linker);

#endif
