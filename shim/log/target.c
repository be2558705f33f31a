/* SPDX-License-Identifier: MIT */
/*
 * target.c - where the lines of the log go
 *
 * Times are UTC: localtime_r(3) takes locks and memory, and reads a file.
 */
#include "target.h"

#include <limits.h>
#include <linux/stat.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "../kernel/sys.h"
#include "output.h"

#define SYSLOG_SOCKET   "/dev/log"
#define SYSLOG_PRIORITY "<14>" /* facility user, severity informational */

int target_process;

static enum { TARGET_STDERR, TARGET_FILE, TARGET_SYSLOG } target;
static char file_name[PATH_MAX];

/* Which file a descriptor is; the time of its making tells it from one that has the inode's
 * number after it. */
struct file_id {
	uint64_t inode;
	uint32_t device_major, device_minor;
	int64_t made;
	uint32_t made_nsec;
	bool open;
};

static struct file_id stderr_id; /* as it was at load */

static struct file_id identify(int fd)
{
	struct statx st = {.stx_ino = 0};
	bool open =
		SYS_CALL(SYS_statx, fd, "", AT_EMPTY_PATH, STATX_INO | STATX_BTIME, &st) == 0;

	return (struct file_id){.inode = st.stx_ino,
				.device_major = st.stx_dev_major,
				.device_minor = st.stx_dev_minor,
				.made = st.stx_btime.tv_sec,
				.made_nsec = st.stx_btime.tv_nsec,
				.open = open};
}

static bool stderr_is_ours(void)
{
	struct file_id now = identify(STDERR_FILENO);

	return now.open && now.inode == stderr_id.inode &&
	       now.device_major == stderr_id.device_major &&
	       now.device_minor == stderr_id.device_minor && now.made == stderr_id.made &&
	       now.made_nsec == stderr_id.made_nsec;
}

/* ---- what stands in front of a line ---- */

struct date {
	int year, month, day; /* month and day from 1 */
};

/* The date in the Gregorian calendar, so many days after 1 January 1970. */
static struct date date_of(long days)
{
	static const int before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
	struct date date = {.year = 1970, .month = 12};
	bool leap;

	for (;; date.year++) {
		leap = date.year % 4 == 0 && (date.year % 100 != 0 || date.year % 400 == 0);
		if (days < 365 + leap)
			break;
		days -= 365 + leap;
	}
	while (days < before[date.month - 1] + (leap && date.month > 2))
		date.month--;
	date.day = (int)days - before[date.month - 1] - (leap && date.month > 2) + 1;
	return date;
}

/* "14:05:59" */
static void add_clock(struct line *line, long seconds)
{
	line_add_padded(line, seconds / 3600 % 24, "0");
	line_add(line, ":");
	line_add_padded(line, seconds / 60 % 60, "0");
	line_add(line, ":");
	line_add_padded(line, seconds % 60, "0");
}

/* "2026-11-22T14:05:59.012345Z", as RFC 3339 has it */
static void add_time(struct line *line, const struct timespec *now)
{
	struct date date = date_of(now->tv_sec / 86400);

	line_add_number(line, date.year);
	line_add(line, "-");
	line_add_padded(line, date.month, "0");
	line_add(line, "-");
	line_add_padded(line, date.day, "0");
	line_add(line, "T");
	add_clock(line, now->tv_sec);
	line_add(line, ".");
	for (long unit = 100000000; unit >= 1000; unit /= 10)
		line_add_number(line, now->tv_nsec / unit % 10);
	line_add(line, "Z ");
}

/* "<14>Nov 22 14:05:59", as RFC 3164 has it */
static void add_syslog_head(struct line *line, const struct timespec *now)
{
	static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
					 "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	struct date date = date_of(now->tv_sec / 86400);

	line_add(line, SYSLOG_PRIORITY);
	line_add(line, months[date.month - 1]);
	line_add(line, " ");
	line_add_padded(line, date.day, " ");
	line_add(line, " ");
	add_clock(line, now->tv_sec);
	line_add(line, " ");
}

/*
 * Put time and process in front of a line, in the room that is left for them.
 * Return: where it begins now
 */
static size_t put_head(struct line *line, bool for_syslog)
{
	struct timespec now = {.tv_sec = 0};
	struct line head;
	size_t length;

	line_begin(&head);
	SYS_CALL(SYS_clock_gettime, CLOCK_REALTIME, &now);
	if (for_syslog)
		add_syslog_head(&head, &now);
	else
		add_time(&head, &now);
	line_add(&head, "vsockify[");
	line_add_number(&head, target_process ?: SYS_CALL(SYS_getpid));
	line_add(&head, "]: ");
	length = head.end - LINE_HEAD;
	memcpy(line->text + LINE_HEAD - length, head.text + LINE_HEAD, length);
	return LINE_HEAD - length;
}

/* ---- writing ---- */

/* Lines that could not be written, in memory that the kernel empties in a forked child; NULL:
 * nobody counts. */
static struct lost {
	_Atomic unsigned long unsaid; /* since the last line that could */
	_Atomic unsigned long all;
} * lost;

static atomic_bool cut; /* the last line was written in part: its end is missing */

static void lost_init(void)
{
	lost = sys_map(sizeof *lost);
	if (lost)
		SYS_CALL(SYS_madvise, lost, sizeof *lost, MADV_WIPEONFORK);
}

/* Write a line from @start on; 0, or a negated errno: -EAGAIN if it would have to wait. */
static int write_to(long (*output)(int, const char *, size_t), int fd, struct line *line,
		    size_t start)
{
	size_t size;
	long result;

	if (atomic_load(&cut))
		line->text[--start] = '\n';
	line->text[line->end] = '\n';
	size = line->end + 1 - start;
	result = output(fd, line->text + start, size);
	if (result < 0)
		return (int)result;
	atomic_store(&cut, (size_t)result < size);
	return (size_t)result < size ? -EAGAIN : 0;
}

static int write_to_stderr(struct line *line)
{
	return write_to(output_shared, STDERR_FILENO, line, put_head(line, false));
}

/* Opened non-blocking, in case it is a pipe. */
static int write_to_file(struct line *line)
{
	int result, fd = (int)SYS_CALL(SYS_openat, AT_FDCWD, file_name,
				       O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY |
					       O_NONBLOCK,
				       0600);

	if (fd < 0)
		return fd;
	result = write_to(output_quietly, fd, line, put_head(line, false));
	sys_close(fd);
	return result;
}

static int send_to_syslog(struct line *line)
{
	static const struct sockaddr_un to = {AF_UNIX, SYSLOG_SOCKET};
	size_t start = put_head(line, true);
	int fd = sys_socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	long result;

	if (fd < 0)
		return fd;
	result = SYS_CALL(SYS_sendto, fd, line->text + start, line->end - start,
			  MSG_NOSIGNAL | MSG_DONTWAIT, &to, sizeof to);
	sys_close(fd);
	return result < 0 ? (int)result : 0;
}

/* Say once in each process that lines go to standard error in place of what was chosen. */
static void complain(int error)
{
	static _Atomic int said; /* no byte: hint.c */
	struct line line;

	if (atomic_exchange(&said, 1))
		return;
	line_begin(&line);
	line_add(&line, "cannot log to ");
	line_add(&line, target == TARGET_FILE ? file_name : SYSLOG_SOCKET);
	line_add(&line, ": ");
	line_add_error(&line, error);
	line_add(&line, ": what cannot be written there goes to standard error");
	write_to_stderr(&line);
}

/* Write a line where it belongs: 0; 1 if there is no such place any more; or a negated errno.
 */
static int deliver(struct line *line)
{
	int result = 1;

	if (target == TARGET_FILE)
		result = write_to_file(line);
	else if (target == TARGET_SYSLOG)
		result = send_to_syslog(line);
	if (result == 0 || result == -EAGAIN)
		return result;
	if (!stderr_is_ours())
		return 1;
	if (result < 0)
		complain(-result);
	return write_to_stderr(line);
}

/* Before a line that comes after some that were lost: say so. */
static int say_lost(void)
{
	unsigned long count = lost ? atomic_exchange(&lost->unsaid, 0) : 0;
	struct line line;
	int result;

	if (!count)
		return 0;
	line_begin(&line);
	line_add_number(&line, (int64_t)count);
	line_add(&line, " lines lost: they could not be written without waiting for a reader");
	result = deliver(&line);
	if (result < 0)
		atomic_fetch_add(&lost->unsaid, count);
	return result;
}

void target_write(struct line *line)
{
	if ((say_lost() < 0 || deliver(line) < 0) && lost) {
		atomic_fetch_add(&lost->unsaid, 1);
		atomic_fetch_add(&lost->all, 1);
	}
}

unsigned long target_lost(void)
{
	return lost ? atomic_load(&lost->all) : 0;
}

void target_write_fatal(struct line *line)
{
	write_to(output_shared, STDERR_FILENO, line, LINE_HEAD);
}

bool target_choose(const char *name)
{
	size_t length = strlen(name);
	struct line line;

	stderr_id = identify(STDERR_FILENO);
	lost_init();
	if (strcmp(name, "stderr") == 0) {
		target = TARGET_STDERR;
		return stderr_id.open;
	}
	if (strcmp(name, "syslog") == 0) {
		target = TARGET_SYSLOG;
		return true;
	}
	if (*name == '/' && length < sizeof file_name) {
		memcpy(file_name, name, length + 1);
		target = TARGET_FILE;
		return true;
	}
	line_begin(&line);
	line_add(&line, "vsockify: VSOCKIFY_LOG is neither \"stderr\" nor \"syslog\" nor an "
			"absolute file name: ");
	line_add(&line, name);
	target_write_fatal(&line);
	return false;
}
