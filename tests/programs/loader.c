/* SPDX-License-Identifier: MIT */
/*
 * loader.c - loads an object as its arguments say, and has it connect
 *
 * loader FILE plain|deepbind|base|namespace PORT	with dlopen(), or the last two with
 *		dlmopen(); FILE is what plugin.c was made into. Prints what the connect to
 *		127.0.0.1 came to.
 */
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "error-name.h"

static void *load(const char *file, const char *how)
{
	if (strcmp(how, "plain") == 0)
		return dlopen(file, RTLD_NOW);
	if (strcmp(how, "deepbind") == 0)
		return dlopen(file, RTLD_NOW | RTLD_DEEPBIND);
	return dlmopen(strcmp(how, "base") == 0 ? LM_ID_BASE : LM_ID_NEWLM, file,
		       RTLD_NOW | RTLD_DEEPBIND);
}

int main(int argc, char **argv)
{
	struct sockaddr_in to = {.sin_family = AF_INET};
	int (*open_client)(const struct sockaddr *, socklen_t);
	int *(*location)(void);
	void *plugin;

	if (argc != 4)
		return 2;
	plugin = load(argv[1], argv[2]);
	if (!plugin) {
		puts(dlerror());
		return 1;
	}
	open_client = (int (*)(const struct sockaddr *, socklen_t))dlsym(plugin, "open_client");
	location = (int *(*)(void))dlsym(plugin, "__errno_location"); /* its own libc's */
	to.sin_port = htons((uint16_t)atoi(argv[3]));
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	puts(open_client((struct sockaddr *)&to, sizeof to) >= 0 ? "connected"
								 : error_name(*location()));
	return 0;
}
