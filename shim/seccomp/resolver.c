/* SPDX-License-Identifier: MIT */
/*
 * resolver.c - is a program's resolver one that takes answers from the responder?
 */
#include "resolver.h"

#include <string.h>
#include <sys/stat.h>

#include "../kernel/elf.h"
#include "../kernel/proctext.h"
#include "../kernel/sys.h"

/* A variable that glibc alone looks for, also in a static program */
#define OF_GLIBC "GLIBC_TUNABLES"

static bool look_into(const void *bytes, size_t size)
{
	struct elf_facts facts;

	return elf_read(bytes, size, &facts) &&
	       (facts.go ||
		(facts.is_static && memmem(bytes, size, OF_GLIBC, sizeof OF_GLIBC)));
}

static bool look_at(int fd, const struct stat *file)
{
	size_t size = (size_t)file->st_size;
	const void *bytes = sys_map_shared(size, fd);
	bool known = bytes && look_into(bytes, size);

	if (bytes)
		SYS_CALL(SYS_munmap, bytes, size);
	return known;
}

/* The last one, for a program asks again and again; of a file that is the same. */
static struct stat last;
static bool last_known;

bool resolver_is_known(const struct process *process)
{
	char path[PROCTEXT_PATH];
	struct stat file;
	int fd;

	proctext_path(path, "/proc/", process_id(process), "/exe");
	fd = (int)SYS_CALL(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	if (fstat(fd, &file) == 0 &&
	    (file.st_ino != last.st_ino || file.st_dev != last.st_dev ||
	     file.st_ctim.tv_sec != last.st_ctim.tv_sec ||
	     file.st_ctim.tv_nsec != last.st_ctim.tv_nsec)) {
		last_known = look_at(fd, &file);
		last = file;
	}
	sys_close(fd);
	return last_known;
}
