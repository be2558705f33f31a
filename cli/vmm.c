/* SPDX-License-Identifier: MIT */
/*
 * vmm.c - is a VMM behind the socket of a peer, and may this user call there?
 *
 * Theory of operation
 *
 * The path is gone down from "/" on, so that what is said is about the first thing that stands
 * in the way. Whether anybody is behind a socket shows when a datagram socket is connected to
 * it, which the kernel refuses before anybody hears of it: as one of the wrong type where a
 * stream socket is alive, whether it listens or not, and as refused where the file is all that
 * is left of one.
 */
#include "vmm.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "../config/ruleset.h"
#include "owner.h"
#include "show.h"

/* What is said where there is nothing. */
#define COMPARE_PATHS                                                                   \
	"start the VM, or compare the path with the VMM's own (Firecracker: uds_path; " \
	"Cloud Hypervisor: --vsock socket=; vhost-device-vsock: --uds-path)"

/**
 * add_rights() - add who may do what with a file, and how that can be changed
 */
static void add_rights(struct list *text, const struct stat *status)
{
	text_add(
		text,
		" (mode %04o, user %u, group %u): change those (chmod, chgrp, setfacl), or run "
		"as a user who may",
		status->st_mode & 07777, status->st_uid, status->st_gid);
}

/**
 * is_passable() - is there a directory, and may this user go through it?
 * @text: added to if not
 */
static bool is_passable(const char *directory, struct list *text)
{
	struct stat status;

	if (stat(directory, &status) != 0)
		text_add(text,
			 errno == ENOENT
				 ? "there is no directory %s here (%s): start the VM; if "
				   "it runs, something hides the directory (a "
				   "container, PrivateTmp=, a mount namespace)"
				 : "the directory %s cannot be looked at (%s): check the "
				   "path",
			 directory, strerror(errno));
	else if (!S_ISDIR(status.st_mode))
		text_add(text, "%s is no directory: check the path", directory);
	else if (access(directory, X_OK) == 0)
		return true;
	else {
		text_add(text, "this user may not go through the directory %s", directory);
		add_rights(text, &status);
	}
	return false;
}

/**
 * is_way_open() - may this user go through all directories on the way?
 * @text: added to if not
 */
static bool is_way_open(const char *path, struct list *text)
{
	bool open = true;

	for (const char *slash = strchr(path + 1, '/'); slash && open;
	     slash = strchr(slash + 1, '/')) {
		char *directory = memory_string(path, (size_t)(slash - path));

		open = is_passable(directory, text);
		free(directory);
	}
	return open;
}

/**
 * kind_of_file() - what to call a file that is no socket
 */
static const char *kind_of_file(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFDIR:
		return "a directory";
	case S_IFREG:
		return "an ordinary file";
	case S_IFIFO:
		return "a pipe";
	default:
		return "a device";
	}
}

/**
 * is_writable_socket() - is there a socket, and may this user write to it?
 * @status: filled in if there is a file
 * @text: added to if not
 */
static bool is_writable_socket(const char *path, struct stat *status, struct list *text)
{
	if (stat(path, status) != 0) {
		int error = errno;
		bool is_link = error == ENOENT && lstat(path, status) == 0;

		text_add(text, "%s (%s): " COMPARE_PATHS,
			 is_link ? "it is a symbolic link to nothing" : "it is not there",
			 strerror(error));
		return false;
	}
	if (!S_ISSOCK(status->st_mode)) {
		text_add(text, "it is %s, and no socket: name the VMM's socket",
			 kind_of_file(status->st_mode));
		return false;
	}
	if (access(path, W_OK) == 0)
		return true;
	text_add(text, "this user may not write to it, which it takes to connect");
	add_rights(text, status);
	return false;
}

/**
 * probe() - try to connect a datagram socket
 * Return: 0, or an errno
 */
static int probe(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int error = 0;

	if (fd < 0)
		return errno;
	/* no path of a peer is longer: SOCKET_PATH_MAX */
	(void)strncpy(address.sun_path, path, sizeof(address.sun_path) - 1);
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) != 0)
		error = errno;
	(void)close(fd);
	return error;
}

/**
 * add_owner() - add which program that is, if it is to be seen, and what is known of it
 */
static void add_owner(struct list *text, const char *path)
{
	char name[OWNER_NAME_MAX];
	pid_t pid;

	if (!owner_find(path, &pid, name))
		return;
	text_add(text, ": it is %s, process %d", name, (int)pid);
	if (owner_ends_both(name))
		text_add(text,
			 ", which ends both directions of a connection when the host ends "
			 "one (half_close in vsockify.conf(5))");
}

bool vmm_inspect(const char *path, struct list *text)
{
	struct stat status;
	int error;

	if (!is_way_open(path, text) || !is_writable_socket(path, &status, text))
		return false;
	error = probe(path);
	switch (error) {
	case EPROTOTYPE:
		text_add(text,
			 "somebody is behind it, and this user may write to it (mode %04o)",
			 status.st_mode & 07777);
		add_owner(text, path);
		return true;
	case ECONNREFUSED:
		text_add(text, "nobody is behind it, so that it is left from a VMM that has "
			       "ended: start the VM anew");
		break;
	case 0:
		text_add(text, "it is for datagrams, and so no VMM's: name the VMM's socket");
		break;
	default:
		text_add(text,
			 "it cannot be tried (%s): look for what forbids this process Unix "
			 "sockets (a seccomp filter, a security module)",
			 strerror(error));
	}
	return false;
}

bool vmm_inspect_beside(const char *path, struct list *text)
{
	const char *slash = strrchr(path, '/');
	char *directory = memory_string(path, slash > path ? (size_t)(slash - path) : 1);
	struct stat status;
	bool good = true;

	/* what else is wrong with it, vmm_inspect() has said */
	if (stat(directory, &status) == 0 && access(directory, W_OK) != 0) {
		text_add(text,
			 "this user may not make the sockets beside it, at which a guest's "
			 "calls arrive, in %s",
			 directory);
		add_rights(text, &status);
		good = false;
	}
	free(directory);
	return good;
}

bool vmm_inspect_group(uint32_t group, struct list *text)
{
	gid_t groups[NGROUPS_MAX];
	int count = getgroups(NGROUPS_MAX, groups);
	bool member = geteuid() == 0 || getegid() == group;

	for (int i = 0; i < count && !member; i++)
		member = groups[i] == group;
	if (!member)
		text_add(text,
			 "this user is not in group %u, so that servers cannot give it their "
			 "sockets: add the user to it, or run as root",
			 group);
	return member;
}

bool vmm_inspect_place(const char *path, struct list *text)
{
	return is_way_open(path, text) && vmm_inspect_beside(path, text);
}
