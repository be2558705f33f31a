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

/* What a look goes by. */
struct tree {
	const char *broker; /* the value of VSOCKIFY_BROKER */
	uint64_t since;     /* when this process was started, as /proc has it */
	int proc;           /* the folder */
	char *text;         /* room for a file and a NUL */
};

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
 * @text: TEXT_MAX bytes, and one for a NUL
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
	text[size] = '\0';
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

/* Fields of /proc/PID/stat, counted from 1; of these two, the first is behind the state, which
 * is behind the name. */
#define FIELD_PARENT  4
#define FIELD_STARTED 22

bool tree_read_stat(const char *text, struct tree_stat *stat)
{
	const char *at =
		strrchr(text, ')'); /* "1234 (a name) S 1 ...": the name may have any */

	if (!at || strlen(at) < sizeof(") S ") - 1)
		return false;
	at += sizeof(") S ") - 1;
	for (int field = FIELD_PARENT; field <= FIELD_STARTED; field++) {
		char *end;
		long long value = strtoll(at, &end, 10);

		if (end == at)
			return false;
		at = end;
		if (field == FIELD_PARENT)
			stat->parent = (pid_t)value;
		else if (field == FIELD_STARTED)
			stat->started = (uint64_t)value;
	}
	return true;
}

/**
 * open_process() - its folder in /proc; -1
 */
static int open_process(int proc, pid_t pid)
{
	char name[16];

	(void)snprintf(name, sizeof(name), "%d", pid);
	return openat(proc, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/**
 * look_up() - whose is a process whose environment says nothing, by one of its ancestors?
 * @stat: the ancestor's; filled in
 */
static enum environment_says look_up(const struct tree *tree, pid_t pid, struct tree_stat *stat)
{
	enum environment_says says = ENVIRONMENT_NOTHING;
	int process = open_process(tree->proc, pid);

	if (process < 0)
		return ENVIRONMENT_NOTHING;
	if (read_text(process, "stat", tree->text) > 0 && tree_read_stat(tree->text, stat))
		says = tree_read_environment(tree->broker, tree->text,
					     read_text(process, "environ", tree->text));
	if (says == ENVIRONMENT_NOTHING && stat->started < tree->since &&
	    has_shim(process, tree->text))
		says = ENVIRONMENT_OTHERS;
	close(process);
	return says;
}

/**
 * is_ours() - may this process need the broker?
 */
static bool is_ours(const struct tree *tree, int process)
{
	size_t size = read_text(process, "environ", tree->text);
	enum environment_says says = tree_read_environment(tree->broker, tree->text, size);
	struct tree_stat stat;

	if (says != ENVIRONMENT_NOTHING)
		return says == ENVIRONMENT_OURS;
	if (!has_shim(process, tree->text) || read_text(process, "stat", tree->text) == 0 ||
	    !tree_read_stat(tree->text, &stat) || stat.started < tree->since)
		return false;
	for (int i = 0; i < ANCESTORS_MAX && stat.parent > 1 && says == ENVIRONMENT_NOTHING;
	     i++) {
		pid_t parent = stat.parent;

		stat.parent = 0;
		says = look_up(tree, parent, &stat);
	}
	return says != ENVIRONMENT_OTHERS;
}

/**
 * look_at() - a pidfd of a process, if it may need the broker; -1
 *
 * The pidfd is opened first: if the process ends meanwhile, it is this one's end that shows.
 */
static int look_at(const struct tree *tree, pid_t pid)
{
	int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	int process;
	bool ours;

	if (pidfd < 0)
		return -1;
	process = open_process(tree->proc, pid);
	ours = process >= 0 && is_ours(tree, process);
	if (process >= 0)
		close(process);
	if (ours)
		return pidfd;
	close(pidfd);
	return -1;
}

/**
 * find_supervisor() - a pidfd of one that says by a name that it needs this broker; -1
 */
static int find_supervisor(const struct tree *tree)
{
	struct broker_environment environment;
	char name[sizeof("@") + BROKER_NAME_MAX + sizeof("/")];
	int pidfd = -1;

	if (!broker_decode(tree->broker, &environment))
		return -1;
	(void)snprintf(name, sizeof(name), "@%s/", environment.name);
	(void)read_text(tree->proc, "net/unix", tree->text);
	for (char *at = tree->text; pidfd < 0 && (at = strstr(at, name));) {
		at += strlen(name);
		pidfd = (int)syscall(SYS_pidfd_open, (pid_t)strtol(at, NULL, 10), 0);
	}
	return pidfd;
}

/**
 * look_through() - as tree_find()
 */
static int look_through(const struct tree *tree, DIR *proc, pid_t self, pid_t worker)
{
	int found = -1;

	for (struct dirent *entry; found < 0 && (entry = readdir(proc));) {
		pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);

		if (pid > 0 && pid != self && pid != worker)
			found = look_at(tree, pid);
	}
	return found;
}

int tree_find(const char *broker, pid_t self, pid_t worker)
{
	DIR *proc = opendir("/proc");
	struct tree tree = {.broker = broker, .text = malloc(TEXT_MAX + 1)};
	struct tree_stat own = {0, 0};
	int process, found = -1;

	if (proc && tree.text) {
		tree.proc = dirfd(proc);
		process = open_process(tree.proc, self);
		if (process >= 0 && read_text(process, "stat", tree.text) > 0 &&
		    tree_read_stat(tree.text, &own))
			tree.since = own.started;
		if (process >= 0)
			close(process);
		found = look_through(&tree, proc, self, worker);
		if (found < 0)
			found = find_supervisor(&tree);
	}
	free(tree.text);
	if (proc)
		closedir(proc);
	return found;
}
