/* SPDX-License-Identifier: MIT */
/*
 * process.c - the processes whose calls are answered: their memory and their descriptors
 */
#include "process.h"

#include <dirent.h>
#include <linux/kcmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#include "../kernel/proctext.h"
#include "../kernel/sys.h"

struct process {
	struct process *next; /* of those in the same slot */
	pid_t id;
	int pidfd;
	int info;   /* its /proc/ID/fdinfo, or -1 */
	bool fresh; /* process_fresh() */
	bool ended; /* process_has_ended() */
	bool looked_for_epolls;
	int *epolls;
	int epoll_count;
};

/* ---- which process? ---- */

#define SLOTS 1024 /* of processes by their number */

static struct process *processes[SLOTS];

static void drop_infos(struct process *process);

/* What is known of threads; those whose numbers differ by a multiple push each other out. */
static struct {
	pid_t thread, process;
} threads[4096];
#define THREADS (sizeof threads / sizeof threads[0])

static struct process *known(pid_t id)
{
	struct process *p = processes[(unsigned)id % SLOTS];

	while (p && (p->id != id || p->ended))
		p = p->next;
	return p;
}

static struct process *add(pid_t id, int pidfd)
{
	struct process *p = calloc(1, sizeof *p), **slot = &processes[(unsigned)id % SLOTS];

	if (!p)
		return NULL;
	*p = (struct process){
		.next = *slot, .id = id, .pidfd = pidfd, .info = -1, .fresh = true};
	*slot = p;
	return p;
}

void process_forget(struct process *process)
{
	struct process **at = &processes[(unsigned)process->id % SLOTS];

	while (*at != process)
		at = &(*at)->next;
	*at = process->next;
	drop_infos(process);
	sys_close(process->pidfd);
	if (process->info >= 0)
		sys_close(process->info);
	free(process->epolls);
	free(process);
}

bool process_fresh(struct process *process)
{
	bool fresh = process->fresh;

	process->fresh = false;
	return fresh;
}

pid_t process_id(const struct process *process)
{
	return process->id;
}

int process_fd(const struct process *process)
{
	return process->pidfd;
}

/* The number of the process that a thread is of; or a negated errno. */
static pid_t group_of(pid_t thread)
{
	char path[PROCTEXT_PATH], text[512];
	uint64_t group;

	proctext_path(path, "/proc/", thread, "/status");
	if (!proctext_read(path, text, sizeof text) ||
	    !proctext_labelled(text, "Tgid:", 10, &group))
		return -ESRCH;
	return (pid_t)group;
}

static int pidfd_of(pid_t id)
{
	return (int)SYS_CALL(SYS_pidfd_open, id, 0);
}

/* Is what is known of this thread true? Of a process's first thread it is while the process
 * lives, which whoever gets a descriptor of it finds out. */
static bool is_of(pid_t thread, pid_t process)
{
	return thread == process || SYS_CALL(SYS_tgkill, process, thread, 0) != -ESRCH;
}

bool process_has_ended(struct process *process)
{
	if (SYS_CALL(SYS_pidfd_send_signal, process->pidfd, 0, NULL, 0) == -ESRCH)
		process->ended = true;
	return process->ended;
}

/* A process that was seen for the first time, or whose number was given again */
static int find_anew(pid_t id, int pidfd, struct process **process)
{
	struct process *old = known(id);

	if (old && !process_has_ended(old)) {
		sys_close(pidfd);
		*process = old;
		return 0;
	}
	*process = add(id, pidfd); /* in front of an old one, which is forgotten when its end
				    * is heard of */
	if (!*process)
		sys_close(pidfd);
	return *process ? 0 : -ENOMEM;
}

int process_find(pid_t thread, struct process **process)
{
	pid_t id = threads[(unsigned)thread % THREADS].process;
	int pidfd;

	if (threads[(unsigned)thread % THREADS].thread == thread && (*process = known(id)) &&
	    is_of(thread, id))
		return 0;
	id = thread;
	pidfd = pidfd_of(id); /* of a process's first thread alone */
	if (pidfd < 0) {
		id = group_of(thread);
		pidfd = id < 0 ? id : pidfd_of(id);
	}
	if (pidfd < 0)
		return pidfd;
	threads[(unsigned)thread % THREADS].thread = thread;
	threads[(unsigned)thread % THREADS].process = id;
	return find_anew(id, pidfd, process);
}

/* ---- descriptors ---- */

int process_descriptor(struct process *process, int number)
{
	return (int)SYS_CALL(SYS_pidfd_getfd, process->pidfd, number, 0);
}

int process_is_same(struct process *process, int number, int fd)
{
	static pid_t own;
	long result;

	if (!own)
		own = getpid();
	result = SYS_CALL(SYS_kcmp, process->id, own, KCMP_FILE, number, fd);

	return result < 0 ? (int)result : result == 0;
}

/*
 * To walk through /proc to a descriptor's file, and to open it, takes longer than to read it,
 * and what is read is what lies under the number just then. So some files are kept open: those
 * that meet in one place push each other out.
 */
static struct info {
	struct process *process; /* NULL: free */
	int number;              /* of a descriptor of its */
	int fd;                  /* its file */
} infos[64];

static struct info *info_of(struct process *process, int number)
{
	return &infos[((unsigned)process->id * 7 + (unsigned)number) %
		      (sizeof infos / sizeof infos[0])];
}

static void drop_info(struct info *info)
{
	if (info->process)
		sys_close(info->fd);
	info->process = NULL;
}

static void drop_infos(struct process *process)
{
	for (size_t i = 0; i < sizeof infos / sizeof infos[0]; i++)
		if (infos[i].process == process)
			drop_info(&infos[i]);
}

/* A file in /proc/ID/fdinfo. Of the folder a descriptor is kept, too. */
static int open_info(struct process *process, int number)
{
	char path[PROCTEXT_PATH];

	if (process->info < 0) {
		proctext_path(path, "/proc/", process->id, "/fdinfo");
		process->info = (int)SYS_CALL(SYS_openat, AT_FDCWD, path,
					      O_PATH | O_DIRECTORY | O_CLOEXEC);
	}
	if (process->info < 0)
		return process->info;
	proctext_path(path, "", number, "");
	return (int)SYS_CALL(SYS_openat, process->info, path, O_RDONLY | O_CLOEXEC);
}

/* Its text, from its beginning; how much, or a negated errno. */
static int read_info(struct process *process, int number, char *text, size_t size)
{
	struct info *info = info_of(process, number);
	int result;

	if (info->process != process || info->number != number) {
		drop_info(info);
		result = open_info(process, number);
		if (result < 0)
			return result;
		*info = (struct info){process, number, result};
	}
	result = (int)SYS_CALL(SYS_pread64, info->fd, text, size, 0);
	if (result < 0)
		drop_info(info);
	return result;
}

int process_look(struct process *process, int number, struct descriptor *is)
{
	char text[256];
	int length = read_info(process, number, text, sizeof text - 1);
	uint64_t flags;

	if (length < 0)
		return length == -ENOENT ? -EBADF : length;
	text[length] = 0;
	if (!proctext_labelled(text, "flags:", 8, &flags) ||
	    !proctext_labelled(text, "ino:", 10, &is->inode))
		return -EIO;
	is->close_on_exec = flags & O_CLOEXEC;
	return 0;
}

int process_each(struct process *process, bool (*visit)(int number, void *argument),
		 void *argument)
{
	char path[PROCTEXT_PATH];
	struct dirent *entry;
	DIR *folder;
	bool go_on = true;
	const char *name;
	uint64_t number;

	proctext_path(path, "/proc/", process->id, "/fd");
	folder = opendir(path);
	if (!folder)
		return -errno;
	while (go_on && (entry = readdir(folder))) {
		name = entry->d_name;
		if (proctext_number(&name, 10, &number))
			go_on = visit((int)number, argument);
	}
	closedir(folder);
	return 0;
}

/* ---- signals ---- */

/* Raised by what a thread itself does; and those that glibc has for itself */
#define BIT(signal) (UINT64_C(1) << ((signal)-1))
#define OF_NO_ACCOUNT                                                                          \
	(BIT(SIGSEGV) | BIT(SIGBUS) | BIT(SIGFPE) | BIT(SIGILL) | BIT(SIGTRAP) | BIT(SIGSYS) | \
	 BIT(SIGABRT) | BIT(32) | BIT(33))

bool process_handles_signals(struct process *process)
{
	char path[PROCTEXT_PATH], text[2048];
	uint64_t caught;

	proctext_path(path, "/proc/", process->id, "/status");
	return proctext_read(path, text, sizeof text) &&
	       proctext_labelled(text, "SigCgt:", 16, &caught) && caught & ~OF_NO_ACCOUNT;
}

/* ---- memory ---- */

static int whole(long result, size_t size)
{
	if (result < 0)
		return (int)result;
	return (size_t)result == size ? 0 : -EFAULT;
}

int process_read(pid_t thread, uint64_t at, void *to, size_t size)
{
	struct iovec here = {to, size}, there = {(void *)(uintptr_t)at, size};

	return whole(SYS_CALL(SYS_process_vm_readv, thread, &here, 1, &there, 1, 0), size);
}

int process_write(pid_t thread, uint64_t at, const void *from, size_t size)
{
	struct iovec here = {(void *)from, size}, there = {(void *)(uintptr_t)at, size};

	return whole(SYS_CALL(SYS_process_vm_writev, thread, &here, 1, &there, 1, 0), size);
}

/* ---- epolls ---- */

static bool any_epoll;
static int64_t last_epoll_ms; /* when one was last asked for */

/* By then what was asked for has been made. */
#define MADE_MS 100

void process_made_epoll(struct process *process)
{
	any_epoll = true;
	last_epoll_ms = sys_now_ms();
	if (process)
		process->looked_for_epolls = false;
}

static bool note_epoll(int number, void *argument)
{
	static const char wanted[] = "anon_inode:[eventpoll]";
	struct process *process = argument;
	char path[64], link[sizeof wanted];
	int *more;

	(void)snprintf(path, sizeof path, "/proc/%d/fd/%d", process->id, number);
	if (SYS_CALL(SYS_readlinkat, AT_FDCWD, path, link, sizeof link) !=
		    (long)sizeof wanted - 1 ||
	    memcmp(link, wanted, sizeof wanted - 1) != 0)
		return true;
	more = realloc(process->epolls, (size_t)(process->epoll_count + 1) * sizeof *more);
	if (!more)
		return false;
	process->epolls = more;
	more[process->epoll_count++] = number;
	return true;
}

int process_epolls(struct process *process, const int **numbers)
{
	if (!any_epoll)
		return 0;
	if (!process->looked_for_epolls) {
		process->epoll_count = 0;
		if (process_each(process, note_epoll, process) == 0)
			process->looked_for_epolls = sys_now_ms() - last_epoll_ms > MADE_MS;
	}
	*numbers = process->epolls;
	return process->epoll_count;
}
