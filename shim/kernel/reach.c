/* SPDX-License-Identifier: MIT */
/*
 * reach.c - which of the engines reaches a program that is to be run?
 *
 * Theory of operation
 *
 * The preloaded object is what every dynamically linked program of this processor gets, unless
 * it is given a privilege. Scripts are followed as the kernel does, by their first lines. What
 * env(1) runs need not be looked for: env is a program that has the rules, and runs it itself.
 *
 * What is not known to escape is taken for a program that does not: one of another processor, a
 * dynamic one of other bits (there may be an object for those; if not, its dynamic linker
 * complains).
 */
#include "reach.h"

#include <elf.h>
#include <link.h>
#include <linux/capability.h>
#include <linux/stat.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>

#include "elf.h"
#include "sys.h"

/* How many interpreters of scripts the kernel follows, and what it reads of a first line. */
#define SCRIPTS_MAX 5
#define FIRST_LINE  256

#define SHELL "/bin/sh"

/* This file's own header; the linker defines it. */
extern const ElfW(Ehdr) __ehdr_start __attribute__((visibility("hidden")));

/* ---- privilege ---- */

const char *reach_privilege(int fd)
{
	const char *privilege = NULL;
	struct statfs mount;
	struct statx status;

	if (SYS_CALL(SYS_statx, fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &status) < 0)
		return NULL;
	if (status.stx_mode & S_ISUID && status.stx_uid != (uid_t)SYS_CALL(SYS_getuid))
		privilege = "is setuid";
	else if ((status.stx_mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP) &&
		 status.stx_gid != (gid_t)SYS_CALL(SYS_getgid))
		privilege = "is setgid";
	else if (SYS_CALL(SYS_getuid) != 0 &&
		 SYS_CALL(SYS_fgetxattr, fd, "security.capability", NULL, 0) > 0)
		privilege = "has file capabilities";
	if (!privilege || SYS_CALL(SYS_prctl, PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ||
	    (SYS_CALL(SYS_fstatfs, fd, &mount) == 0 && mount.f_flags & ST_NOSUID))
		return NULL;
	return privilege;
}

bool reach_keeps_privilege(void)
{
	struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct halves[2];

	return SYS_CALL(SYS_capget, &header, halves) == 0 &&
	       halves[0].effective >> CAP_SYS_ADMIN & 1;
}

/* ---- programs ---- */

/* Is it made for the processor that this is made for, with 32 bits or with 64? */
static bool is_ours(const struct elf_facts *facts)
{
#if defined(__x86_64__) || defined(__i386__)
	return facts->machine == EM_X86_64 || facts->machine == EM_386;
#elif defined(__aarch64__) || defined(__arm__)
	return facts->machine == EM_AARCH64 || facts->machine == EM_ARM;
#else
	return facts->machine == __ehdr_start.e_machine;
#endif
}

static enum reach reach_of_program(int fd, const struct elf_facts *facts)
{
	if (!facts->same_order || !is_ours(facts)) /* run by an emulator, or not at all */
		return REACH_PRELOAD;
	if (reach_privilege(fd))
		return facts->bits == 64 && reach_keeps_privilege() ? REACH_SUPERVISOR
								    : REACH_PRIVILEGED;
	if (!facts->is_static && !facts->go &&
	    (!facts->interpreter || elf_libc(facts->interpreter)))
		return REACH_PRELOAD;
	return facts->bits == 64 ? REACH_SUPERVISOR : REACH_NARROW;
}

/* ---- scripts ---- */

/* The interpreter that a first line names, into @word; false if this is no script. */
static bool interpreter_of(const char *bytes, size_t size, char *word)
{
	size_t at = 2, length = 0;

	if (size < 3 || bytes[0] != '#' || bytes[1] != '!')
		return false;
	size = size < FIRST_LINE ? size : FIRST_LINE;
	while (at < size && (bytes[at] == ' ' || bytes[at] == '\t'))
		at++;
	while (at < size && !strchr(" \t\n", bytes[at])) /* or a NUL */
		word[length++] = bytes[at++];
	word[length] = '\0';
	return length > 0;
}

/* One file: true if @word has what runs it, and is to be looked at next. */
static bool look_at(int fd, bool by_shell, enum reach *reach, char *word)
{
	struct elf_facts facts;
	struct statx status;
	const void *bytes;
	bool follow = false;
	size_t size;

	*reach = REACH_PRELOAD;
	if (SYS_CALL(SYS_statx, fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &status) < 0 ||
	    !S_ISREG(status.stx_mode) || !status.stx_size)
		return false;
	size = (size_t)status.stx_size;
	bytes = sys_map_shared(size, fd);
	if (!bytes)
		return false;
	if (elf_read(bytes, size, &facts)) {
		*reach = reach_of_program(fd, &facts);
	} else if (interpreter_of(bytes, size, word)) {
		follow = true;
	} else if (by_shell) {
		memcpy(word, SHELL, sizeof SHELL);
		follow = true;
	}
	SYS_CALL(SYS_munmap, bytes, size);
	return follow;
}

/* Or -EACCES, of one that may be run; and other errors of one that may not. */
static int open_program(const char *path)
{
	if (SYS_CALL(SYS_faccessat, AT_FDCWD, path, X_OK) < 0)
		return -ENOENT;
	return (int)SYS_CALL(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
}

static enum reach reach_of_none(int error)
{
	return error == -EACCES ? REACH_HIDDEN : REACH_PRELOAD; /* the kernel refuses it */
}

enum reach reach_of_file(int fd, bool by_shell)
{
	enum reach reach;
	char word[FIRST_LINE];
	int next = fd;

	for (int i = 0; i <= SCRIPTS_MAX && next >= 0; i++) {
		bool follow = look_at(next, by_shell, &reach, word);

		if (next != fd)
			sys_close(next);
		if (!follow)
			return reach;
		next = open_program(word);
		by_shell = false;
	}
	if (next >= 0)
		sys_close(next);
	return reach_of_none(next);
}

enum reach reach_of(const char *path, bool by_shell)
{
	int fd = open_program(path);
	enum reach reach;

	if (fd < 0)
		return reach_of_none(fd);
	reach = reach_of_file(fd, by_shell);
	sys_close(fd);
	return reach;
}
