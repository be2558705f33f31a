/* SPDX-License-Identifier: MIT */
/*
 * real.c - finds the functions of libc that lie behind the wrapped ones
 */
#include "real.h"

#include <dlfcn.h>
#include <stdlib.h>

#include "log.h"

struct real real;

void *real_find(const char *name)
{
	void *function = dlsym(RTLD_NEXT, name);

	if (!function) {
		log_fatal("libc has no function ", name);
		abort();
	}
	return function;
}

void real_init(void)
{
	real.connect = real_find("connect");
	real.accept4 = real_find("accept4");
	real.recvfrom = real_find("recvfrom");
	real.recvmsg = real_find("recvmsg");
	real.recvmmsg = real_find("recvmmsg");
	real.sendto = real_find("sendto");
	real.sendmsg = real_find("sendmsg");
	real.sendmmsg = real_find("sendmmsg");
}
