/* SPDX-License-Identifier: MIT */
/*
 * epoll.c - takes registrations out and puts them back: those that are noted, and by /proc
 * those that are not
 */
#include "epoll.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "../kernel/proctext.h"
#include "../kernel/sys.h"
#include "hint.h"
#include "note.h"
#include "procfd.h"

void epoll_note(int epfd, int op, int fd, const struct epoll_event *event)
{
	if (op == EPOLL_CTL_DEL)
		note_erase(epfd, fd);
	else
		note_write(epfd, fd, event);
}

/* Does epoll_ctl() say that the registration, or the epoll, does not exist? */
static bool is_gone(int result)
{
	return result == -ENOENT || result == -EBADF || result == -EINVAL;
}

/*
 * Take one registration out; the kernel has the last word on whether it exists.
 * Return: false if it may, and could not be taken out: see @carried->error
 */
static bool take_out(int epfd, int fd, struct epoll_event event, struct carried *carried)
{
	int result = carried->count == CARRIED_MAX
			     ? -ENOSPC
			     : sys_epoll_ctl(epfd, EPOLL_CTL_DEL, fd, &event);

	if (result < 0) {
		carried->error = is_gone(result) ? carried->error : result;
		return is_gone(result);
	}
	carried->entries[carried->count].epfd = epfd;
	carried->entries[carried->count++].event = event;
	return true;
}

static void take_out_noted(int fd, struct carried *carried)
{
	if (!hint_has_notes(fd))
		return;
	for (int i = 0; i < NOTES; i++) {
		struct epoll_event event;
		int epfd;

		if (!note_read(fd, i, &epfd, &event))
			continue;
		if (!take_out(epfd, fd, event, carried))
			return;
		note_erase(epfd, fd);
	}
}

/* ---- /proc ---- */

/* One line of an epoll's fdinfo: "tfd: 5 events: 19 data: 5  pos:0 ino:..." */
static void take_out_line(int epfd, int fd, const char *line, struct carried *carried)
{
	uint64_t target, events, data;

	if (!proctext_labelled(line, "tfd:", 10, &target) || target != (uint64_t)fd ||
	    !proctext_labelled(line, "events:", 16, &events) ||
	    !proctext_labelled(line, "data:", 16, &data))
		return;
	take_out(epfd, fd, (struct epoll_event){.events = (uint32_t)events, .data.u64 = data},
		 carried);
}

/* Take each whole line out of @buffer; return how much of an unfinished one is left in it. */
static size_t take_out_lines(int epfd, int fd, char *buffer, struct carried *carried)
{
	char *line = buffer, *end;
	size_t rest;

	while ((end = strchr(line, '\n'))) {
		*end = 0;
		take_out_line(epfd, fd, line, carried);
		line = end + 1;
	}
	rest = strlen(line);
	memmove(buffer, line, rest);
	return rest;
}

/* 1, 0, or a negated errno */
static int is_epoll(int fd)
{
	static const char wanted[] = "anon_inode:[eventpoll]";
	char path[PROCTEXT_PATH], link[sizeof wanted];
	long length;

	proctext_path(path, "/proc/self/fd/", fd, "");
	length = SYS_CALL(SYS_readlinkat, AT_FDCWD, path, link, sizeof link);
	if (length < 0)
		return length == -ENOENT || length == -EACCES ? 0 : (int)length;
	return length == sizeof wanted - 1 && memcmp(link, wanted, sizeof wanted - 1) == 0;
}

struct search {
	int fd;
	struct carried *carried;
};

/* Read an epoll's fdinfo; a line is far shorter than the buffer. 0, or a negated errno. */
static int take_out_all(int epfd, struct search *search)
{
	char path[PROCTEXT_PATH], buffer[1024];
	size_t have = 0;
	long got = 0;
	int info;

	proctext_path(path, "/proc/self/fdinfo/", epfd, "");
	info = (int)SYS_CALL(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
	if (info < 0)
		return info == -ENOENT ? 0 : info;
	while (have < sizeof buffer - 1 &&
	       (got = SYS_CALL(SYS_read, info, buffer + have, sizeof buffer - 1 - have)) > 0) {
		buffer[have + (size_t)got] = 0;
		have = take_out_lines(epfd, search->fd, buffer, search->carried);
	}
	sys_close(info);
	return got < 0 ? (int)got : 0;
}

static bool take_out_listed(int epfd, void *argument)
{
	struct search *search = argument;
	int result = is_epoll(epfd);

	if (result == 1)
		result = take_out_all(epfd, search);
	if (result < 0)
		search->carried->error = result;
	return !search->carried->error;
}

int epoll_take_out(int fd, struct carried *carried)
{
	int result = 0;

	carried->error = 0;
	carried->count = 0;
	if (fd < 0)
		return 0;
	take_out_noted(fd, carried);
	if (!carried->error && (hint_misses_notes(fd) || !hint_is_made(fd)))
		result = procfd_each(take_out_listed, &(struct search){fd, carried});
	return carried->error ?: result;
}

/*
 * Make one registration. Where memory is short it may be there the next moment, hence twice;
 * somebody may have made it meanwhile, or closed the epoll.
 */
static int put_back(int epfd, int fd, struct epoll_event *event)
{
	int result = sys_epoll_ctl(epfd, EPOLL_CTL_ADD, fd, event);

	if (result < 0 && result != -EEXIST && !is_gone(result))
		result = sys_epoll_ctl(epfd, EPOLL_CTL_ADD, fd, event);
	if (result == 0)
		epoll_note(epfd, EPOLL_CTL_ADD, fd, event);
	return result == -EEXIST || is_gone(result) ? 0 : result;
}

int epoll_put_back(int fd, const struct carried *carried)
{
	int error = 0;

	for (unsigned i = 0; i < carried->count; i++) {
		struct epoll_event event = carried->entries[i].event;
		int result = put_back(carried->entries[i].epfd, fd, &event);

		error = error ?: result;
	}
	return error;
}
