/* SPDX-License-Identifier: MIT */
/*
 * privilege.c - the program's privileges, in place of the supervisor's
 */
#include "privilege.h"

#include <linux/capability.h>
#include <string.h>
#include <sys/stat.h>

#include "../kernel/proctext.h"
#include "../kernel/sys.h"
#include "front.h"

#define BIT(capability) (UINT64_C(1) << (capability))

/* What concerns the network */
#define SHED (BIT(CAP_NET_BIND_SERVICE) | BIT(CAP_NET_ADMIN) | BIT(CAP_NET_RAW))

struct capabilities {
	struct __user_cap_data_struct halves[2];
};

static struct __user_cap_header_struct header_of(pid_t thread)
{
	return (struct __user_cap_header_struct){_LINUX_CAPABILITY_VERSION_3, thread};
}

/* @thread: 0: this one */
static bool read_capabilities(pid_t thread, struct capabilities *c)
{
	struct __user_cap_header_struct header = header_of(thread);

	return SYS_CALL(SYS_capget, &header, c->halves) == 0;
}

static void write_capabilities(const struct capabilities *c)
{
	struct __user_cap_header_struct header = header_of(0);

	SYS_CALL(SYS_capset, &header, c->halves);
}

static bool has(const struct capabilities *c, int capability)
{
	return c->halves[capability / 32].effective >> (capability % 32) & 1;
}

static bool may_take_up; /* the supervisor is permitted to */

void privilege_shed(void)
{
	struct capabilities c;

	if (!read_capabilities(0, &c))
		return;
	may_take_up = c.halves[0].permitted & BIT(CAP_NET_BIND_SERVICE);
	c.halves[0].effective &= ~(uint32_t)SHED;
	write_capabilities(&c);
}

/* One that cannot be looked at is elsewhere. */
bool privilege_is_elsewhere(pid_t thread)
{
	struct stat here, there;
	char path[PROCTEXT_PATH];

	proctext_path(path, "/proc/", thread, "/ns/user");
	return stat("/proc/self/ns/user", &here) < 0 || stat(path, &there) < 0 ||
	       here.st_ino != there.st_ino || here.st_dev != there.st_dev;
}

bool privilege_take_up(pid_t thread)
{
	struct capabilities its, own;

	if (!may_take_up || !read_capabilities(thread, &its) ||
	    !has(&its, CAP_NET_BIND_SERVICE) || privilege_is_elsewhere(thread) ||
	    !read_capabilities(0, &own))
		return false;
	own.halves[0].effective |= (uint32_t)BIT(CAP_NET_BIND_SERVICE);
	write_capabilities(&own);
	return true;
}

void privilege_lay_down(void)
{
	privilege_shed();
}

/* ---- files ---- */

/* What a file is made by. */
struct identity {
	uid_t user;
	gid_t group, groups[64]; /* of more, none */
	int group_count;
	mode_t mask;
};

static struct identity usual; /* the supervisor's own, while it has another */
static bool changed;

/* To files; and what the supervisor cannot do without meanwhile */
#define FILES                                                                                  \
	(BIT(CAP_CHOWN) | BIT(CAP_DAC_OVERRIDE) | BIT(CAP_DAC_READ_SEARCH) | BIT(CAP_FOWNER) | \
	 BIT(CAP_FSETID))
#define OWN (BIT(CAP_SYS_PTRACE) | BIT(CAP_SETUID) | BIT(CAP_SETGID) | BIT(CAP_SYS_RESOURCE))

/* The last of the four numbers behind a label of /proc/PID/status: that for files */
static bool read_last(const char *text, const char *label, uint32_t *number)
{
	uint64_t value = 0;

	text = strstr(text, label);
	if (!text)
		return false;
	text += strlen(label);
	for (int i = 0; i < 4; i++)
		if (!proctext_number(&text, 10, &value))
			return false;
	*number = (uint32_t)value;
	return true;
}

static bool read_groups(const char *text, struct identity *who)
{
	uint64_t group;

	text = strstr(text, "\nGroups:");
	if (!text)
		return false;
	text += sizeof "\nGroups:" - 1;
	for (who->group_count = 0; proctext_number(&text, 10, &group);)
		if (who->group_count < (int)(sizeof who->groups / sizeof *who->groups))
			who->groups[who->group_count++] = (gid_t)group;
	return true;
}

static bool read_identity(pid_t thread, struct identity *who)
{
	char path[PROCTEXT_PATH], text[4096];
	uint64_t mask;

	proctext_path(path, "/proc/", thread, "/status");
	if (!proctext_read(path, text, sizeof text) ||
	    !proctext_labelled(text, "Umask:", 8, &mask))
		return false;
	who->mask = (mode_t)mask;
	return read_last(text, "\nUid:", &who->user) &&
	       read_last(text, "\nGid:", &who->group) && read_groups(text, who);
}

static bool is_same(const struct identity *a, const struct identity *b)
{
	return a->user == b->user && a->group == b->group && a->group_count == b->group_count &&
	       memcmp(a->groups, b->groups, sizeof(gid_t) * (size_t)a->group_count) == 0;
}

/* Groups while the user is one who may; 0, or a negated errno. */
static int put_on(const struct identity *who)
{
	long result = SYS_CALL(SYS_setgroups, who->group_count, who->groups);

	if (result == 0)
		result = SYS_CALL(SYS_setresgid, -1, who->group, -1);
	if (result == 0)
		result = SYS_CALL(SYS_setresuid, -1, who->user, -1);
	return (int)result;
}

/* The right to files that this thread has, and the supervisor too */
static void limit(pid_t thread)
{
	struct capabilities its, mine;
	uint32_t files = FILES;

	if (!read_capabilities(0, &mine))
		return;
	if (privilege_is_elsewhere(thread) || !read_capabilities(thread, &its))
		files = 0;
	else
		files &= its.halves[0].effective;
	mine.halves[0].effective = mine.halves[0].permitted & (files | (uint32_t)OWN);
	mine.halves[1].effective = 0;
	write_capabilities(&mine);
}

int privilege_become(pid_t thread)
{
	struct identity its = {.mask = 0};
	int result = 0;

	if (!read_identity(getpid(), &usual) || !read_identity(thread, &its))
		return -EACCES;
	changed = !is_same(&usual, &its);
	if (changed)
		result = put_on(&its);
	if (result < 0) {
		privilege_return();
		return result;
	}
	limit(thread);
	(void)umask(its.mask);
	return 0;
}

void privilege_return(void)
{
	struct capabilities mine;

	if (!read_capabilities(0, &mine))
		return;
	mine.halves[0].effective = mine.halves[0].permitted;
	mine.halves[1].effective = mine.halves[1].permitted;
	write_capabilities(&mine);
	(void)umask(usual.mask);
	if (changed) {
		(void)put_on(&usual);
		front_watch(); /* the kernel stops that for whom changes his user */
	}
	privilege_shed();
}
