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

/* ---- /proc ---- */

/* What is looked for in the epolls' fdinfo: the registrations of @fd. Those that are found are
 * taken out; or without @carried, the first one's events are told. */
struct search {
	int fd;
	struct carried *carried;
	bool found;
	uint32_t events;
};

/* One line of an epoll's fdinfo: "tfd: 5 events: 19 data: 5  pos:0 ino:..." */
static void read_line(int epfd, const char *line, struct search *search)
{
	uint64_t target, events, data;

	if (!proctext_labelled(line, "tfd:", 10, &target) || target != (uint64_t)search->fd ||
	    !proctext_labelled(line, "events:", 16, &events) ||
	    !proctext_labelled(line, "data:", 16, &data))
		return;
	search->found = true;
	search->events = (uint32_t)events;
	if (search->carried)
		take_out(epfd, search->fd,
			 (struct epoll_event){.events = (uint32_t)events, .data.u64 = data},
			 search->carried);
}

/* Read each whole line of @buffer; return how much of an unfinished one is left in it. */
static size_t read_lines(int epfd, char *buffer, struct search *search)
{
	char *line = buffer, *end;
	size_t rest;

	while ((end = strchr(line, '\n'))) {
		*end = 0;
		read_line(epfd, line, search);
		line = end + 1;
	}
	rest = strlen(line);
	memmove(buffer, line, rest);
	return rest;
}

/* Read at most @most bytes of an epoll's fdinfo; a line is far shorter than the buffer. 0, or a
 * negated errno. */
static int read_fdinfo(int epfd, size_t most, struct search *search)
{
	char path[PROCTEXT_PATH], buffer[1024];
	size_t have = 0, done = 0;
	long got = 0;
	int info;

	proctext_path(path, "/proc/self/fdinfo/", epfd, "");
	info = (int)SYS_CALL(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
	if (info < 0)
		return info == -ENOENT ? 0 : info;
	while (done < most && have < sizeof buffer - 1 && (search->carried || !search->found) &&
	       (got = SYS_CALL(SYS_read, info, buffer + have, sizeof buffer - 1 - have)) > 0) {
		buffer[have + (size_t)got] = 0;
		done += (size_t)got;
		have = read_lines(epfd, buffer, search);
	}
	sys_close(info);
	return got < 0 ? (int)got : 0;
}

static const char epolls[] = "anon_inode:[eventpoll]", rings[] = "anon_inode:[io_uring]";

/* Does it lead to a file of this name? 1, 0, or a negated errno. */
static int leads_to(int fd, const char *wanted)
{
	char path[PROCTEXT_PATH], link[sizeof epolls];
	size_t wanted_length = strlen(wanted);
	long length;

	proctext_path(path, "/proc/self/fd/", fd, "");
	length = SYS_CALL(SYS_readlinkat, AT_FDCWD, path, link, sizeof link);
	if (length < 0)
		return length == -ENOENT || length == -EACCES ? 0 : (int)length;
	return (size_t)length == wanted_length && memcmp(link, wanted, wanted_length) == 0;
}

static bool take_out_listed(int epfd, void *argument)
{
	struct search *search = argument;
	int result = leads_to(epfd, epolls);

	if (result == 1)
		result = read_fdinfo(epfd, SIZE_MAX, search);
	if (result < 0)
		search->carried->error = result;
	return !search->carried->error;
}

/* ---- notes ---- */

/*
 * A one-shot registration that has given its event has no events until it is changed, which
 * only /proc tells. Not far into a large epoll, though: that would cost more than the event.
 * (Put back it still tells of errors: EPOLL_CTL_ADD always asks for EPOLLERR and EPOLLHUP.)
 */
#define ONE_SHOT_LOOK 16384

static uint32_t events_left(int epfd, int fd, uint32_t noted)
{
	struct search search = {.fd = fd};

	if (noted & EPOLLONESHOT && read_fdinfo(epfd, ONE_SHOT_LOOK, &search) == 0 &&
	    search.found)
		return search.events;
	return noted;
}

/* Return: false if a note was not true. Then its epoll was closed, or has another number. */
static bool take_out_noted(int fd, struct carried *carried)
{
	bool all_true = true;

	if (!hint_has_notes(fd))
		return true;
	for (int i = 0; i < NOTES; i++) {
		struct epoll_event event;
		unsigned before = carried->count;
		int epfd;

		if (!note_read(fd, i, &epfd, &event))
			continue;
		event.events = events_left(epfd, fd, event.events);
		if (!take_out(epfd, fd, event, carried))
			return true;
		all_true = all_true && carried->count > before;
		note_erase(epfd, fd);
	}
	return all_true;
}

static int take_out_all(int fd, struct carried *carried)
{
	int result =
		procfd_each(take_out_listed, &(struct search){.fd = fd, .carried = carried});

	return carried->error ?: result;
}

int epoll_take_out(int fd, struct carried *carried)
{
	bool all_true;

	carried->error = 0;
	carried->count = 0;
	if (fd < 0)
		return 0;
	all_true = take_out_noted(fd, carried);
	if (!carried->error && (!all_true || hint_misses_notes(fd) || !hint_is_made(fd)))
		return take_out_all(fd, carried);
	return carried->error;
}

/* ---- io_uring ---- */

/* How long it counts that there was none: who has one makes it before the first socket. */
#define RINGLESS_MS 1000

static bool look_for_ring(int fd, void *argument)
{
	bool *found = argument;

	*found = leads_to(fd, rings) == 1;
	return !*found;
}

static bool has_ring(void)
{
	static _Atomic int64_t ringless_until;
	int64_t now = sys_now_ms();
	bool found = false;

	if (now < ringless_until)
		return false;
	procfd_each(look_for_ring, &found);
	if (!found)
		ringless_until = now + RINGLESS_MS;
	return found;
}

int epoll_take_out_late(int fd, struct carried *carried)
{
	int result = epoll_take_out(fd, carried);

	if (result == 0 && carried->count == 0 && fd >= 0 && has_ring())
		return take_out_all(fd, carried);
	return result;
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
