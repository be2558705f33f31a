/* SPDX-License-Identifier: MIT */
/*
 * procfd.c - reads /proc/self/fd and /proc/self/task without opendir(), which allocates
 */
#include "procfd.h"

#include <stdint.h>

#include "../kernel/proctext.h"
#include "../kernel/sys.h"

#define BLIND_FDS 1024

/* What getdents64(2) writes; libc declares it under another name only. */
struct kernel_dirent {
	uint64_t inode;
	int64_t offset;
	unsigned short length;
	unsigned char type;
	char name[];
};

/* Visit the entries in @buffer, but for one; false if the visitor wants no more. */
static bool visit_entries(const char *buffer, long size, int except, bool (*visit)(int, void *),
			  void *argument)
{
	for (long at = 0; at < size;) {
		const struct kernel_dirent *entry = (const struct kernel_dirent *)(buffer + at);
		const char *name = entry->name;
		uint64_t number;

		at += entry->length;
		if (proctext_number(&name, 10, &number) && (int)number != except &&
		    !visit((int)number, argument))
			return false;
	}
	return true;
}

static int open_directory(const char *path)
{
	return (int)SYS_CALL(SYS_openat, AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* Visit what is in a directory, and close it; 0, or a negated errno. */
static int visit_all(int directory, int except, bool (*visit)(int, void *), void *argument)
{
	char buffer[2048] __attribute__((aligned(8)));
	long size;

	do
		size = SYS_CALL(SYS_getdents64, directory, buffer, sizeof buffer);
	while (size > 0 && visit_entries(buffer, size, except, visit, argument));
	sys_close(directory);
	return size < 0 ? (int)size : 0;
}

/* Is there no /proc? Not one that cannot be opened just now. */
static bool is_missing(int result)
{
	return result == -ENOENT || result == -ENOTDIR || result == -EACCES;
}

int procfd_each(bool (*visit)(int fd, void *argument), void *argument)
{
	int directory = open_directory("/proc/self/fd");

	if (directory < 0 && !is_missing(directory))
		return directory;
	if (directory < 0) {
		for (int fd = 0; fd < BLIND_FDS && visit(fd, argument); fd++)
			continue;
		return 0;
	}
	return visit_all(directory, directory, visit, argument);
}

void procfd_each_thread(bool (*visit)(int thread, void *argument), void *argument)
{
	int directory = open_directory("/proc/self/task");

	if (directory >= 0)
		visit_all(directory, -1, visit, argument);
}
