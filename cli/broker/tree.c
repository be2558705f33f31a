/* SPDX-License-Identifier: MIT */
/*
 * tree.c - is there still a process that may need the broker?
 */
#include "tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../../shim/broker/environment.h"

#define SHIM_FILE "libvsockify.so"

/* How far up is looked for an environment that says something. */
#define ANCESTORS_MAX 64

/* Of a file of /proc; what is behind it is not looked at. An environment has rules in it. */
#define TEXT_MAX (4 << 20)

/* ---- an environment ---- */

/**
 * value_of() - what an entry gives to a variable
 * @entry: "NAME=VALUE"
 * Return: NULL if it is another's
 */
static const char *value_of(const char *entry, const char *name)
{
	size_t length = strlen(name);

	return strncmp(entry, name, length) == 0 && entry[length] == '=' ? entry + length + 1
									 : NULL;
}

enum environment_says tree_read_environment(const char *broker, const char *text, size_t size)
{
	enum environment_says says = ENVIRONMENT_NOTHING;
	const char *end = text + size;

	while (text < end) {
		size_t length = strnlen(text, (size_t)(end - text));
		const char *value = NULL;

		if (text + length == end) /* cut off */
			break;
		value = value_of(text, BROKER_ENV);
		if (value)
			return strcmp(value, broker) == 0 ? ENVIRONMENT_OURS
							  : ENVIRONMENT_OTHERS;
		if (value_of(text, RULESET_ENV)) /* a launcher's, whose rules need no broker */
			says = ENVIRONMENT_OTHERS;
		text += length + 1;
	}
	return says;
}

/* ---- a process ---- */

/**
 * read_text() - read a file of a process
 * @text: TEXT_MAX bytes
 * Return: how many there are; 0 if it cannot be read
 */
static size_t read_text(int process, const char *name, char *text)
{
	int fd = openat(process, name, O_RDONLY | O_CLOEXEC);
	size_t size = 0;
	ssize_t got = fd < 0 ? 0 : 1;

	while (got > 0 && size < TEXT_MAX) {
		got = read(fd, text + size, TEXT_MAX - size);
		size += got > 0 ? (size_t)got : 0;
	}
	if (fd >= 0)
		close(fd);
	return size;
}

/**
 * has_shim() - is the shim mapped in this process?
 */
static bool has_shim(int process, char *text)
{
	size_t size = read_text(process, "maps", text);

	/* behind it may stand that it was deleted: replaced by another version's */
	return memmem(text, size, "/" SHIM_FILE, sizeof(SHIM_FILE)) != NULL;
}

/**
 * parent_of() - the pid of a process's parent; 0 if it cannot be read
 */
static pid_t parent_of(int process, char *text)
{
	size_t size = read_text(process, "stat", text);
	const char *name_end = memrchr(text, ')', size); /* "1234 (a name) S 1 ..." */

	return name_end && text + size - name_end > 4 ? (pid_t)strtol(name_end + 4, NULL, 10)
						      : 0;
}

/**
 * says_of() - what the environment of a process says, or else that of the next of its ancestors
 * that says anything
 */
static enum environment_says says_of(int proc, pid_t pid, const char *broker, char *text)
{
	enum environment_says says = ENVIRONMENT_NOTHING;

	for (int i = 0; i < ANCESTORS_MAX && pid > 1 && says == ENVIRONMENT_NOTHING; i++) {
		char name[16];
		int process;

		(void)snprintf(name, sizeof(name), "%d", pid);
		process = openat(proc, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (process < 0)
			break;
		says = tree_read_environment(broker, text, read_text(process, "environ", text));
		pid = parent_of(process, text);
		close(process);
	}
	return says;
}

/**
 * is_ours() - may this process need the broker?
 * @text: room for a file
 */
static bool is_ours(int proc, int process, pid_t pid, const char *broker, char *text)
{
	size_t size = read_text(process, "environ", text);
	enum environment_says says = tree_read_environment(broker, text, size);

	if (says != ENVIRONMENT_NOTHING)
		return says == ENVIRONMENT_OURS;
	return has_shim(process, text) &&
	       says_of(proc, pid, broker, text) != ENVIRONMENT_OTHERS;
}

/**
 * look_at() - a pidfd of a process, if it may need the broker; -1
 *
 * The pidfd is opened first: if the process ends meanwhile, it is this one's end that shows.
 */
static int look_at(int proc, const char *name, pid_t pid, const char *broker, char *text)
{
	int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	int process;
	bool ours;

	if (pidfd < 0)
		return -1;
	process = openat(proc, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ours = process >= 0 && is_ours(proc, process, pid, broker, text);
	if (process >= 0)
		close(process);
	if (ours)
		return pidfd;
	close(pidfd);
	return -1;
}

/**
 * look_through() - as tree_find()
 * @text: room for a file
 */
static int look_through(DIR *proc, const char *broker, pid_t self, pid_t worker, char *text)
{
	int found = -1;

	for (struct dirent *entry; found < 0 && (entry = readdir(proc));) {
		pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);

		if (pid > 0 && pid != self && pid != worker)
			found = look_at(dirfd(proc), entry->d_name, pid, broker, text);
	}
	return found;
}

int tree_find(const char *broker, pid_t self, pid_t worker)
{
	DIR *proc = opendir("/proc");
	char *text = malloc(TEXT_MAX);
	int found = -1;

	if (proc && text)
		found = look_through(proc, broker, self, worker, text);
	free(text);
	if (proc)
		closedir(proc);
	return found;
}
