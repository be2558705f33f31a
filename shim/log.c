/* SPDX-License-Identifier: MIT */
/*
 * log.c - puts lines together on the stack and writes each with one system call
 */
#include "log.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../config/address.h"
#include "sys.h"

struct file_id {
	uint64_t inode;
	uint32_t device_major, device_minor;
	bool open;
};

static enum { LOG_OFF, LOG_STDERR, LOG_FILE } target;
static char file_name[PATH_MAX];
static struct file_id stderr_id; /* as it was at load */

/* A line under construction; what does not fit is cut off. */
struct line {
	char text[1024];
	size_t length;
};

static void add(struct line *line, const char *text)
{
	while (*text && line->length < sizeof line->text - 1)
		line->text[line->length++] = *text++;
}

static void add_number(struct line *line, unsigned long number)
{
	char digits[24], *at = digits + sizeof digits;

	*--at = 0;
	do
		*--at = (char)('0' + number % 10);
	while (number /= 10);
	add(line, at);
}

static void add_endpoint(struct line *line, const struct endpoint *ep)
{
	char text[IP_TEXT_MAX];
	bool v6 = !ip_is_v4(ep->ip);

	add(line, v6 ? "[" : "");
	add(line, ip_format(ep->ip, text));
	add(line, v6 ? "]:" : ":");
	add_number(line, ep->port);
}

static void add_rule(struct line *line, const struct ruleset *rs, const struct rule *rule)
{
	add(line, " (");
	add(line, ruleset_source(rs, rule));
	if (rule->line) {
		add(line, ":");
		add_number(line, rule->line);
	}
	add(line, ")");
}

static struct line begin(void)
{
	struct line line = {.length = 0};

	add(&line, "vsockify[");
	add_number(&line, (unsigned long)SYS_CALL(SYS_getpid));
	add(&line, "]: ");
	return line;
}

static struct file_id identify(int fd)
{
	struct statx st = {.stx_ino = 0};
	bool open = SYS_CALL(SYS_statx, fd, "", AT_EMPTY_PATH, STATX_INO, &st) == 0;

	return (struct file_id){st.stx_ino, st.stx_dev_major, st.stx_dev_minor, open};
}

static bool stderr_is_ours(void)
{
	struct file_id now = identify(STDERR_FILENO);

	return now.open && now.inode == stderr_id.inode &&
	       now.device_major == stderr_id.device_major &&
	       now.device_minor == stderr_id.device_minor;
}

static void emit(int fd, struct line *line)
{
	line->text[line->length++] = '\n';
	SYS_CALL(SYS_write, fd, line->text, line->length);
}

static void finish(struct line *line)
{
	if (target == LOG_STDERR && stderr_is_ours())
		emit(STDERR_FILENO, line);
	if (target == LOG_FILE) {
		int fd = (int)SYS_CALL(SYS_openat, AT_FDCWD, file_name,
				       O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY,
				       0600);

		if (fd < 0)
			return;
		emit(fd, line);
		sys_close(fd);
	}
}

void log_init(void)
{
	const char *wanted = secure_getenv("VSOCKIFY_LOG");

	if (!wanted || !*wanted)
		return;
	if (strcmp(wanted, "stderr") == 0) {
		stderr_id = identify(STDERR_FILENO);
		target = stderr_id.open ? LOG_STDERR : LOG_OFF;
	} else if (*wanted == '/' && strlen(wanted) < sizeof file_name) {
		memcpy(file_name, wanted, strlen(wanted) + 1);
		target = LOG_FILE;
	} else {
		log_fatal("VSOCKIFY_LOG is neither \"stderr\" nor an absolute file name: ",
			  wanted);
	}
}

bool log_on(void)
{
	return target != LOG_OFF;
}

static void add_outcome(struct line *line, const char *call, const struct decision *d)
{
	switch (d->action) {
	case ACTION_PASS:
		add(line, " -> TCP");
		break;
	case ACTION_DENY:
		add(line, " -> denied");
		break;
	case ACTION_VSOCK:
		add(line, " -> vsock ");
		if (d->cid == VMADDR_CID_ANY)
			add(line, *call == 'c' ? "nowhere" : "any");
		else
			add_number(line, d->cid);
		add(line, ":");
		if (d->port || *call == 'c')
			add_number(line, d->port);
		else
			add(line, "(a free port)");
	}
}

void log_decision(const struct ruleset *rs, const char *call, int fd,
		  const struct endpoint *asked, const struct decision *d)
{
	struct line line;

	if (!log_on())
		return;
	line = begin();
	add(&line, call);
	add(&line, " ");
	add_endpoint(&line, asked);
	add(&line, " on descriptor ");
	add_number(&line, (unsigned long)fd);
	add_outcome(&line, call, d);
	if (d->rule >= 0)
		add_rule(&line, rs,
			 (*call == 'c' ? ruleset_connect(rs) : ruleset_listen(rs)) + d->rule);
	else
		add(&line, d->rule == BY_PEER        ? " (a peer's address)"
			   : d->rule == BY_SYNTHETIC ? " (the address of a CID)"
						     : " (no rule matches)");
	finish(&line);
}

/*
 * What it usually means if an AF_VSOCK socket cannot be made, or goes nowhere; the errnos are
 * those that a filter or the kernel gives (vsock_assign_transport()).
 */
static const char *usual_cause(int error)
{
	switch (error) {
	case EAFNOSUPPORT:
		return " (EAFNOSUPPORT: this kernel has no AF_VSOCK, or a systemd unit's "
		       "RestrictAddressFamilies= lacks it: see vsockify --doctor)";
	case EPERM:
		return " (EPERM: a seccomp profile forbids AF_VSOCK, as Docker's does: see "
		       "vsockify --doctor)";
	case EACCES:
		return " (EACCES: AppArmor or SELinux forbids it, or the vsock port is below "
		       "1024 and the program is not root)";
	case ENODEV:
		return " (ENODEV: no transport leads to this CID: is vhost_vsock loaded, or "
		       "vsock_loopback?)";
	case EADDRNOTAVAIL:
		return " (EADDRNOTAVAIL: this machine does not have that CID: CID 1 takes "
		       "vsock_loopback)";
	case EMFILE:
		return " (EMFILE: the program has no descriptor left: ulimit -n)";
	default:
		return "";
	}
}

void log_failure(const char *call, int fd, const char *what, int error)
{
	struct line line;

	if (!log_on())
		return;
	line = begin();
	add(&line, call);
	add(&line, " on descriptor ");
	add_number(&line, (unsigned long)fd);
	add(&line, ": ");
	add(&line, what);
	add(&line, ": error ");
	add_number(&line, (unsigned long)error);
	add(&line, usual_cause(error));
	finish(&line);
}

void log_refused(const struct ruleset *rs, int fd, uint32_t cid, const struct rule *rule)
{
	struct line line;

	if (!log_on())
		return;
	line = begin();
	add(&line, "accept on descriptor ");
	add_number(&line, (unsigned long)fd);
	add(&line, ": closed a connection from CID ");
	add_number(&line, cid);
	add(&line, ", which accept_from does not name");
	if (rule)
		add_rule(&line, rs, rule);
	finish(&line);
}

void log_fatal(const char *what, const char *detail)
{
	struct line line = {.length = 0};

	add(&line, "vsockify: ");
	add(&line, what);
	add(&line, detail);
	emit(STDERR_FILENO, &line);
}
