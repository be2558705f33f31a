/* SPDX-License-Identifier: MIT */
/*
 * procfd.c - reads /proc/self/fd without opendir(), which allocates
 */
#include "procfd.h"

#include <stdint.h>

#include "sys.h"

#define BLIND_FDS 1024

/* What getdents64(2) writes; libc declares it under another name only. */
struct kernel_dirent {
	uint64_t inode;
	int64_t offset;
	unsigned short length;
	unsigned char type;
	char name[];
};

/* The descriptor that a name in /proc/self/fd stands for; -1 for "." and "..". */
static int parse_fd(const char *name)
{
	int fd = 0;

	if (*name < '0' || *name > '9')
		return -1;
	for (; *name >= '0' && *name <= '9'; name++)
		fd = fd * 10 + (*name - '0');
	return fd;
}

/* Visit the entries in @buffer; false if the visitor wants no more. */
static bool visit_entries(const char *buffer, long size, int directory,
			  bool (*visit)(int, void *), void *argument)
{
	for (long at = 0; at < size;) {
		const struct kernel_dirent *entry = (const struct kernel_dirent *)(buffer + at);
		int fd = parse_fd(entry->name);

		at += entry->length;
		if (fd >= 0 && fd != directory && !visit(fd, argument))
			return false;
	}
	return true;
}

/* Is there no /proc? Not one that cannot be opened just now. */
static bool is_missing(int result)
{
	return result == -ENOENT || result == -ENOTDIR || result == -EACCES;
}

int procfd_each(bool (*visit)(int fd, void *argument), void *argument)
{
	char buffer[2048] __attribute__((aligned(8)));
	int directory = (int)SYS_CALL(SYS_openat, AT_FDCWD, "/proc/self/fd",
				      O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	long size;

	if (directory < 0 && !is_missing(directory))
		return directory;
	if (directory < 0) {
		for (int fd = 0; fd < BLIND_FDS && visit(fd, argument); fd++)
			continue;
		return 0;
	}
	do
		size = SYS_CALL(SYS_getdents64, directory, buffer, sizeof buffer);
	while (size > 0 && visit_entries(buffer, size, directory, visit, argument));
	sys_close(directory);
	return size < 0 ? (int)size : 0;
}
