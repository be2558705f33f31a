/* SPDX-License-Identifier: MIT */
/*
 * epoll.c - a small table of noted registrations, and /proc for what it cannot hold
 *
 * A descriptor's notes are in one row, a note for each epoll it is in. A note is written by
 * claiming its key, filling it, and publishing the key; a reader that finds the key changed
 * after it has copied the note drops it. A writer that finds a note claimed (by a thread it
 * interrupted, or one that was lost in a fork) leaves it alone and sets `incomplete`, which
 * sends later conversions to /proc.
 */
#include "epoll.h"

#include <limits.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "hint.h"
#include "procfd.h"
#include "sys.h"

#define ROWS    4096
#define COLUMNS 4

#define KEY_FREE    UINT64_C(0)
#define KEY_CLAIMED UINT64_MAX

struct note {
	_Atomic uint64_t key; /* epfd + 1, fd + 1; or KEY_... */
	_Atomic uint32_t events;
	_Atomic uint64_t data;
};

static struct note table[ROWS][COLUMNS];
static _Atomic bool incomplete;
static _Atomic bool any_note; /* since the process began: most programs need not look */

static uint64_t key_of(int epfd, int fd)
{
	return (uint64_t)(uint32_t)(epfd + 1) << 32 | (uint32_t)(fd + 1);
}

static struct note *find_note(int fd, uint64_t key)
{
	struct note *row = table[(unsigned)fd % ROWS];

	for (int i = 0; i < COLUMNS; i++)
		if (atomic_load(&row[i].key) == key)
			return &row[i];
	return NULL;
}

/* Claim the note that has this key; NULL if there is none. */
static struct note *claim(int fd, uint64_t key)
{
	struct note *note;

	while ((note = find_note(fd, key))) {
		uint64_t expected = key;

		if (atomic_compare_exchange_strong(&note->key, &expected, KEY_CLAIMED))
			return note;
	}
	return NULL;
}

void epoll_note(int epfd, int op, int fd, const struct epoll_event *event)
{
	uint64_t key = key_of(epfd, fd);
	struct note *note;

	if (op == EPOLL_CTL_DEL) {
		note = find_note(fd, key);
		if (note)
			atomic_compare_exchange_strong(&note->key, &key, KEY_FREE);
		return;
	}
	atomic_store_explicit(&any_note, true, memory_order_relaxed);
	note = claim(fd, key);
	if (!note)
		note = claim(fd, KEY_FREE);
	if (!note) {
		atomic_store(&incomplete, true);
		return;
	}
	note->events = event->events;
	note->data = event->data.u64;
	atomic_store(&note->key, key);
}

void epoll_forget(int fd)
{
	struct note *row;

	if (fd < 0 || !atomic_load_explicit(&any_note, memory_order_relaxed))
		return;
	row = table[(unsigned)fd % ROWS];
	for (int i = 0; i < COLUMNS; i++) {
		uint64_t key = atomic_load_explicit(&row[i].key, memory_order_relaxed);

		if (key != KEY_FREE && key != KEY_CLAIMED &&
		    (uint32_t)key == (uint32_t)(fd + 1))
			atomic_compare_exchange_strong(&row[i].key, &key, KEY_FREE);
	}
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
	struct note *row = table[(unsigned)fd % ROWS];

	if (!atomic_load_explicit(&any_note, memory_order_relaxed))
		return;
	for (int i = 0; i < COLUMNS; i++) {
		uint64_t key = atomic_load(&row[i].key);
		struct epoll_event event = {.events = row[i].events, .data.u64 = row[i].data};

		if ((uint32_t)key != (uint32_t)(fd + 1) || key == KEY_CLAIMED ||
		    atomic_load(&row[i].key) != key)
			continue;
		take_out((int)(key >> 32) - 1, fd, event, carried);
		atomic_compare_exchange_strong(&row[i].key, &key, KEY_FREE);
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
	if (atomic_load(&incomplete) || !hint_is_made(fd))
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
