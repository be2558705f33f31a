/* SPDX-License-Identifier: MIT */
/*
 * file.c - the files that are servers' Unix sockets
 */
#include "file.h"

#include <linux/stat.h>
#include <string.h>

#include "../../config/ruleset.h"
#include "../kernel/decimal.h"
#include "../kernel/sys.h"

/* A socket, and this user's? What is wrong with it, a negated errno. */
static int check_own(int directory, const char *path, int flags)
{
	struct statx info;
	int result =
		(int)SYS_CALL(SYS_statx, directory, path, flags, STATX_TYPE | STATX_UID, &info);

	if (result < 0)
		return result;
	if ((info.stx_mode & S_IFMT) != S_IFSOCK)
		return -ENOTSOCK;
	return info.stx_uid == (uint32_t)SYS_CALL(SYS_geteuid) ? 0 : -EPERM;
}

/* A datagram socket is told by the kernel whether a living stream socket has the name
 * (EPROTOTYPE), and does not wake it. */
bool file_remove_stale(const struct sockaddr_un *un, socklen_t len)
{
	int probe, result;

	if (check_own(AT_FDCWD, un->sun_path, AT_SYMLINK_NOFOLLOW) < 0)
		return false;
	probe = sys_socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (probe < 0)
		return false;
	result = sys_connect(probe, un, len);
	sys_close(probe);
	return result == -ECONNREFUSED &&
	       SYS_CALL(SYS_unlinkat, AT_FDCWD, un->sun_path, 0) == 0;
}

/* The mode of what a descriptor holds that was opened for its path alone. */
static int set_mode(int fd, uint32_t mode)
{
	char path[sizeof "/proc/self/fd/2147483647"] = "/proc/self/fd/";

	*decimal_put(path + strlen(path), (uint32_t)fd) = '\0';
	return (int)SYS_CALL(SYS_fchmodat, AT_FDCWD, path, mode);
}

int file_admit(const char *path, uint32_t mode, uint32_t group)
{
	int fd = (int)SYS_CALL(SYS_openat, AT_FDCWD, path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	int result = fd < 0 ? fd : check_own(fd, "", AT_EMPTY_PATH);
	bool own = result == 0;

	if (own && group != NOT_SET)
		result = (int)SYS_CALL(SYS_fchownat, fd, "", -1, group, AT_EMPTY_PATH);
	if (result == 0 && mode != NOT_SET)
		result = set_mode(fd, mode);
	if (own && result < 0)
		SYS_CALL(SYS_unlinkat, AT_FDCWD, path, 0);
	if (fd >= 0)
		sys_close(fd);
	return result;
}

/* ---- several paths to one socket ---- */

static bool same_file(const char *a, const char *b)
{
	struct statx info[2];
	const char *paths[2] = {a, b};

	for (int i = 0; i < 2; i++)
		if (SYS_CALL(SYS_statx, AT_FDCWD, paths[i], AT_SYMLINK_NOFOLLOW, STATX_INO,
			     &info[i]) < 0)
			return false;
	return info[0].stx_ino == info[1].stx_ino &&
	       info[0].stx_dev_major == info[1].stx_dev_major &&
	       info[0].stx_dev_minor == info[1].stx_dev_minor;
}

/* Is it a symbolic link to this very path? Whoever made it, it leads there. */
static bool is_link_to(const char *path, const char *to)
{
	char text[sizeof(struct sockaddr_un)];
	ssize_t size = SYS_CALL(SYS_readlinkat, AT_FDCWD, path, text, sizeof text);

	return size > 0 && (size_t)size == strlen(to) && memcmp(text, to, (size_t)size) == 0;
}

/* A hard link, which also leads out of a chroot; where there can be none (another file system,
 * somebody else's socket), a symbolic one. */
static int link_once(const char *from, const char *path)
{
	int result = (int)SYS_CALL(SYS_linkat, AT_FDCWD, from, AT_FDCWD, path, 0);

	if (result == -EXDEV || result == -EPERM || result == -EMLINK)
		result = (int)SYS_CALL(SYS_symlinkat, from, AT_FDCWD, path);
	return result;
}

int file_link(const char *from, const struct sockaddr_un *un, socklen_t len)
{
	int result = link_once(from, un->sun_path);

	if (result != -EEXIST)
		return result;
	if (same_file(from, un->sun_path) || is_link_to(un->sun_path, from))
		return 0;
	return file_remove_stale(un, len) ? link_once(from, un->sun_path) : -EADDRINUSE;
}
