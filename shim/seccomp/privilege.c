/* SPDX-License-Identifier: MIT */
/*
 * privilege.c - the program's privileges, in place of the supervisor's
 */
#include "privilege.h"

#include <linux/capability.h>
#include <sys/stat.h>

#include "../kernel/proctext.h"
#include "../kernel/sys.h"

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
