/* SPDX-License-Identifier: MIT */
/*
 * owner.c - which program is behind a Unix socket?
 */
#include "owner.h"

#include <dirent.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* ---- the socket of a file ---- */

/**
 * is_at() - is it the socket of this file?
 * @message: of the kernel's, about a socket
 */
static bool is_at(const struct nlmsghdr *message, const struct stat *file)
{
	const struct unix_diag_msg *about = NLMSG_DATA(message);
	size_t left = message->nlmsg_len - NLMSG_LENGTH(sizeof(*about));
	const struct rtattr *attribute = (const struct rtattr *)(about + 1);

	for (; RTA_OK(attribute, left); attribute = RTA_NEXT(attribute, left)) {
		const struct unix_diag_vfs *vfs = RTA_DATA(attribute);

		/* of the device the kernel gives its own form: 20 bits minor */
		if (attribute->rta_type == UNIX_DIAG_VFS &&
		    vfs->udiag_vfs_ino == (uint32_t)file->st_ino &&
		    vfs->udiag_vfs_dev >> 20 == major(file->st_dev) &&
		    (vfs->udiag_vfs_dev & 0xfffff) == minor(file->st_dev))
			return true;
	}
	return false;
}

/**
 * ask() - ask for all Unix sockets that listen, and their files
 */
static bool ask(int fd)
{
	struct {
		struct nlmsghdr header;
		struct unix_diag_req request;
	} question = {
		.header = {.nlmsg_len = sizeof(question),
			   .nlmsg_type = SOCK_DIAG_BY_FAMILY,
			   .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
		.request = {.sdiag_family = AF_UNIX,
			    .udiag_states = 1u << 10, /* TCP_LISTEN */
			    .udiag_show = UDIAG_SHOW_VFS},
	};

	return send(fd, &question, sizeof(question), 0) == sizeof(question);
}

/**
 * find_in() - look for the socket of a file among those of one answer
 * @inode: set to the socket's number, if it is there
 * Return: is there more to come?
 */
static bool find_in(const struct nlmsghdr *message, size_t left, const struct stat *file,
		    unsigned long *inode)
{
	for (; NLMSG_OK(message, left); message = NLMSG_NEXT(message, left)) {
		if (message->nlmsg_type != SOCK_DIAG_BY_FAMILY)
			return false;
		if (is_at(message, file))
			*inode = ((const struct unix_diag_msg *)NLMSG_DATA(message))->udiag_ino;
	}
	return true;
}

/**
 * socket_of() - the number of the socket that has a file
 * Return: it; 0 if it is not to be seen
 */
static unsigned long socket_of(const struct stat *file)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	static long answer[4096];
	unsigned long inode = 0;
	ssize_t size;

	if (fd < 0)
		return 0;
	if (ask(fd)) {
		do
			size = recv(fd, answer, sizeof(answer), 0);
		while (size > 0 &&
		       find_in((const struct nlmsghdr *)answer, (size_t)size, file, &inode));
	}
	(void)close(fd);
	return inode;
}

/* ---- the process of a socket ---- */

/**
 * has_socket() - does a process have it?
 * @process: its folder in /proc
 * @link: what the socket's descriptors are called there
 */
static bool has_socket(const char *process, const char *link)
{
	char path[300];
	char target[64];
	const struct dirent *entry;
	bool found = false;
	DIR *stream;

	(void)snprintf(path, sizeof(path), "/proc/%s/fd", process);
	stream = opendir(path);
	while (stream && !found && (entry = readdir(stream))) {
		ssize_t size =
			readlinkat(dirfd(stream), entry->d_name, target, sizeof(target) - 1);

		target[size > 0 ? size : 0] = '\0';
		found = strcmp(target, link) == 0;
	}
	if (stream)
		(void)closedir(stream);
	return found;
}

/**
 * name_of() - the name of a program that runs
 */
static bool name_of(const char *process, char name[OWNER_NAME_MAX])
{
	char path[300];
	FILE *file;
	bool good;

	(void)snprintf(path, sizeof(path), "/proc/%s/comm", process);
	file = fopen(path, "re");
	if (!file)
		return false;
	good = fgets(name, OWNER_NAME_MAX, file) != NULL;
	(void)fclose(file);
	if (good)
		name[strcspn(name, "\n")] = '\0';
	return good;
}

bool owner_find(const char *path, pid_t *pid, char name[OWNER_NAME_MAX])
{
	const struct dirent *entry;
	unsigned long inode = 0;
	struct stat file;
	bool found = false;
	char link[64];
	DIR *stream;

	if (stat(path, &file) == 0)
		inode = socket_of(&file);
	if (inode == 0)
		return false;
	(void)snprintf(link, sizeof(link), "socket:[%lu]", inode);
	stream = opendir("/proc");
	while (stream && !found && (entry = readdir(stream))) {
		*pid = (pid_t)strtol(entry->d_name, NULL, 10);
		found = *pid > 0 && has_socket(entry->d_name, link) &&
			name_of(entry->d_name, name);
	}
	if (stream)
		(void)closedir(stream);
	return found;
}

bool owner_ends_both(const char *name)
{
	static const char *const known[] = {"firecracker", "vhost-device-vs", "krunkit",
					    "libkrun"};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (strncmp(name, known[i], strlen(known[i])) == 0)
			return true;
	}
	return false;
}
