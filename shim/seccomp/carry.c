/* SPDX-License-Identifier: MIT */
/*
 * carry.c - takes epoll registrations out, and puts them back
 */
#include "carry.h"

#include <linux/kcmp.h>
#include <stdio.h>
#include <sys/resource.h>

#include "../kernel/proctext.h"
#include "../kernel/sys.h"
#include "call.h"

/* ---- a number for a moment ---- */

struct borrowed {
	int number;
	int before; /* what lay under it; -1: nothing */
};

/*
 * Room for a number that the program may have raised its limit for. What can be had stays what
 * it is, since who is not privileged could not raise it again; unless it is more than the
 * machine allows by now (fs.nr_open), where it cannot be set anew.
 */
static bool raise_limit(int number)
{
	const rlim_t needed = (rlim_t)number + 1;
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) < 0)
		return false;
	files.rlim_cur = needed;
	if (files.rlim_max < needed)
		files.rlim_max = needed;
	return setrlimit(RLIMIT_NOFILE, &files) == 0 ||
	       setrlimit(RLIMIT_NOFILE, &(struct rlimit){needed, needed}) == 0;
}

/* dup3() onto a number, which may be higher than any here */
static int dup_onto(int fd, int number)
{
	int result = sys_dup3(fd, number, O_CLOEXEC);

	if (result == -EBADF && raise_limit(number))
		result = sys_dup3(fd, number, O_CLOEXEC);
	return result == -EBADF ? -EMFILE : result;
}

static int borrow(struct borrowed *b, int fd, int number)
{
	int result;

	*b = (struct borrowed){.number = number, .before = -1};
	if (fd == number)
		return 0;
	b->before = sys_fcntl(number, F_DUPFD_CLOEXEC, 0);
	result = dup_onto(fd, number);
	if (result < 0 && b->before >= 0)
		sys_close(b->before);
	return result < 0 ? result : 0;
}

static void give_back(const struct borrowed *b, int fd)
{
	if (fd == b->number)
		return;
	if (b->before < 0) {
		sys_close(b->number);
		return;
	}
	sys_dup3(b->before, b->number, O_CLOEXEC);
	sys_close(b->before);
}

/* The program's epoll of this number, here, under any number but one that is to be borrowed. */
static int get_epoll(int epoll, int but)
{
	int here = process_descriptor(call_now->process, epoll), other;

	if (here != but)
		return here;
	other = sys_fcntl(here, F_DUPFD_CLOEXEC, 0);
	sys_close(here);
	return other;
}

/* epoll_ctl() on the program's epoll of this number, of what is @fd here and @number there. */
static int control(int epoll, int operation, int fd, int number, struct epoll_event *event)
{
	int here = get_epoll(epoll, number), result;
	struct borrowed b;

	if (here < 0)
		return here;
	result = borrow(&b, fd, number);
	if (result == 0) {
		result = sys_epoll_ctl(here, operation, number, event);
		give_back(&b, fd);
	}
	sys_close(here);
	return result;
}

/* ---- what is registered? ---- */

/*
 * Which of the registrations of this number in this epoll is that of the socket which lies
 * there now? From 0; -ENOENT: none; or another negated errno.
 */
static int find(int epoll, int number)
{
	pid_t id = process_id(call_now->process);
	long result;

	for (uint32_t which = 0;; which++) {
		struct kcmp_epoll_slot slot = {(uint32_t)epoll, (uint32_t)number, which};

		result = SYS_CALL(SYS_kcmp, id, id, KCMP_EPOLL_TFD, number, &slot);
		if (result <= 0)
			return result < 0 ? (int)result : (int)which;
	}
}

/* What it was registered for: the line of that rank in the epoll's fdinfo, "tfd: 5 events: 19
 * data: 5  pos:0 ino:..." */
static int read_events(int epoll, int number, int which, struct epoll_event *event)
{
	char path[64], line[256];
	uint64_t target, events, data;
	FILE *info;
	int result = -ENOENT;

	(void)snprintf(path, sizeof path, "/proc/%d/fdinfo/%d", process_id(call_now->process),
		       epoll);
	info = fopen(path, "re");
	if (!info)
		return -errno;
	while (result < 0 && fgets(line, sizeof line, info)) {
		if (!proctext_labelled(line, "tfd:", 10, &target) ||
		    target != (uint64_t)number || which-- > 0 ||
		    !proctext_labelled(line, "events:", 16, &events) ||
		    !proctext_labelled(line, "data:", 16, &data))
			continue;
		*event = (struct epoll_event){.events = (uint32_t)events, .data.u64 = data};
		result = 0;
	}
	(void)fclose(info);
	return result;
}

/* Does this say that there is no such registration, or epoll? */
static bool is_none(int result)
{
	return result == -ENOENT || result == -EBADF || result == -EINVAL || result == -EPERM;
}

static int take_out_of(int epoll, int fd, int number, struct carried *carried)
{
	struct epoll_event event;
	int result = find(epoll, number);

	if (result < 0)
		return result == -ENOENT || result == -EBADF || result == -EINVAL ? 0 : result;
	if (carried->count == CARRIED_MAX)
		return -ENOSPC;
	result = read_events(epoll, number, result, &event);
	if (result == 0)
		result = control(epoll, EPOLL_CTL_DEL, fd, number, &event);
	if (result < 0)
		return is_none(result) ? 0 : result;
	carried->entries[carried->count].epfd = epoll;
	carried->entries[carried->count++].event = event;
	return 0;
}

int carry_take_out(int fd, struct carried *carried)
{
	int number = call_number(call_now, fd), count, result = 0;
	const int *epolls;

	carried->count = 0;
	if (number < 0)
		return 0;
	count = process_epolls(call_now->process, &epolls);
	for (int i = 0; i < count && result == 0; i++)
		result = take_out_of(epolls[i], fd, number, carried);
	return result;
}

int carry_put_back(int fd, const struct carried *carried)
{
	int number = call_number(call_now, fd), error = 0;

	for (unsigned i = 0; i < carried->count; i++) {
		struct epoll_event event = carried->entries[i].event;
		int result =
			control(carried->entries[i].epfd, EPOLL_CTL_ADD, fd, number, &event);

		if (result < 0 && result != -EEXIST && !is_none(result))
			error = error ?: result;
	}
	return error;
}

int carry_set_flags(int fd, int flags)
{
	struct borrowed b;
	int result = borrow(&b, fd, call_number(call_now, fd));

	if (result < 0)
		return result;
	result = sys_set_flags(b.number, flags);
	give_back(&b, fd);
	return result;
}
