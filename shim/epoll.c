/* SPDX-License-Identifier: MIT */
/*
 * epoll.c - takes registrations out and puts them back: those that are noted, and by /proc
 * those that are not
 */
#include "epoll.h"

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "hint.h"
#include "note.h"
#include "procfd.h"
#include "sys.h"

void epoll_note(int epfd, int op, int fd, const struct epoll_event *event)
{
	if (op == EPOLL_CTL_DEL)
		note_erase(epfd, fd);
	else
		note_write(epfd, fd, event);
}

/* Take one registration out; the kernel has the last word on whether it exists. */
static void take_out(int epfd, int fd, struct epoll_event event, struct carried *carried)
{
	if (carried->count == CARRIED_MAX || sys_epoll_ctl(epfd, EPOLL_CTL_DEL, fd, &event) < 0)
		return;
	carried->entries[carried->count].epfd = epfd;
	carried->entries[carried->count++].event = event;
}

static void take_out_noted(int fd, struct carried *carried)
{
	if (!hint_has_notes(fd))
		return;
	for (int i = 0; i < NOTES; i++) {
		struct epoll_event event;
		int epfd;

		if (note_read(fd, i, &epfd, &event)) {
			take_out(epfd, fd, event, carried);
			note_erase(epfd, fd);
		}
	}
}

/* ---- /proc ---- */

static unsigned digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	if (c >= 'a' && c <= 'f')
		return (unsigned)(c - 'a') + 10;
	return UINT_MAX;
}

/* The number behind @label in @line; false if there is none. */
static bool find_number(const char *line, const char *label, unsigned base, uint64_t *number)
{
	const char *at = strstr(line, label);

	if (!at)
		return false;
	at += strlen(label);
	while (*at == ' ')
		at++;
	for (*number = 0; digit_of(*at) < base; at++)
		*number = *number * base + digit_of(*at);
	return true;
}

/* One line of an epoll's fdinfo: "tfd: 5 events: 19 data: 5  pos:0 ino:..." */
static void take_out_line(int epfd, int fd, const char *line, struct carried *carried)
{
	uint64_t target, events, data;

	if (!find_number(line, "tfd:", 10, &target) || target != (uint64_t)fd ||
	    !find_number(line, "events:", 16, &events) ||
	    !find_number(line, "data:", 16, &data))
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

#define PATH_SIZE 32

/* The name of a directory and a descriptor in decimal. */
static void make_path(char path[PATH_SIZE], const char *directory, int fd)
{
	char digits[12], *at = digits + sizeof digits;

	*--at = 0;
	do
		*--at = (char)('0' + fd % 10);
	while (fd /= 10);
	stpncpy(stpncpy(path, directory, PATH_SIZE - sizeof digits), at, sizeof digits);
}

static bool is_epoll(int fd)
{
	static const char wanted[] = "anon_inode:[eventpoll]";
	char path[PATH_SIZE], link[sizeof wanted];
	long length;

	make_path(path, "/proc/self/fd/", fd);
	length = SYS_CALL(SYS_readlinkat, AT_FDCWD, path, link, sizeof link);
	return length == sizeof wanted - 1 && memcmp(link, wanted, sizeof wanted - 1) == 0;
}

struct search {
	int fd;
	struct carried *carried;
};

/* If @epfd is an epoll, read its fdinfo; a line is far shorter than the buffer. */
static bool take_out_listed(int epfd, void *argument)
{
	struct search *search = argument;
	char path[PATH_SIZE], buffer[1024];
	size_t have = 0;
	long got;
	int info;

	if (!is_epoll(epfd))
		return true;
	make_path(path, "/proc/self/fdinfo/", epfd);
	info = (int)SYS_CALL(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
	if (info < 0)
		return true;
	while (have < sizeof buffer - 1 &&
	       (got = SYS_CALL(SYS_read, info, buffer + have, sizeof buffer - 1 - have)) > 0) {
		buffer[have + (size_t)got] = 0;
		have = take_out_lines(epfd, search->fd, buffer, search->carried);
	}
	sys_close(info);
	return true;
}

void epoll_take_out(int fd, struct carried *carried)
{
	carried->count = 0;
	if (fd < 0)
		return;
	take_out_noted(fd, carried);
	if (hint_misses_notes(fd) || !hint_is_made(fd))
		procfd_each(take_out_listed, &(struct search){fd, carried});
}

void epoll_put_back(int fd, const struct carried *carried)
{
	for (unsigned i = 0; i < carried->count; i++) {
		struct epoll_event event = carried->entries[i].event;
		int epfd = carried->entries[i].epfd;

		if (sys_epoll_ctl(epfd, EPOLL_CTL_ADD, fd, &event) == 0)
			epoll_note(epfd, EPOLL_CTL_ADD, fd, &event);
	}
}
