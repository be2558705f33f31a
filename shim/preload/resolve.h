/* SPDX-License-Identifier: MIT */
/*
 * resolve.h - host names: *.vsock, those that the rules take (known.h), and machines that have
 * only a loopback interface
 *
 * Each is as the libc function it stands for. None is async-signal-safe, as none of those is.
 */
#ifndef VSOCKIFY_RESOLVE_H
#define VSOCKIFY_RESOLVE_H

#include <netdb.h>
#include <signal.h>
#include <sys/socket.h>

#ifndef __GLIBC__ /* which alone has this; programs of glibc get this object all the same */
#define GAI_WAIT   0
#define GAI_NOWAIT 1
#ifndef EAI_INPROGRESS
#define EAI_INPROGRESS (-100)
#endif
struct gaicb {
	const char *ar_name;
	const char *ar_service;
	const struct addrinfo *ar_request;
	struct addrinfo *ar_result;
	int __return;
	int reserved[5];
};
int getaddrinfo_a(int mode, struct gaicb *list[], int count, struct sigevent *event);
#endif

int resolve_addrinfo(const char *node, const char *service, const struct addrinfo *hints,
		     struct addrinfo **result);
int resolve_nameinfo(const struct sockaddr *addr, socklen_t len, char *host, socklen_t host_len,
		     char *service, socklen_t service_len, int flags);

/* resolve_host.c */
struct hostent *resolve_host(const char *name);
struct hostent *resolve_host2(const char *name, int family);
int resolve_host_r(const char *name, struct hostent *entry, char *buffer, size_t size,
		   struct hostent **result, int *error);
int resolve_host2_r(const char *name, int family, struct hostent *entry, char *buffer,
		    size_t size, struct hostent **result, int *error);
struct hostent *resolve_addr(const void *addr, socklen_t len, int family);
int resolve_addr_r(const void *addr, socklen_t len, int family, struct hostent *entry,
		   char *buffer, size_t size, struct hostent **result, int *error);

/* resolve_record.c: res_query() and its kin; @state: as in libc, a res_state */
int resolve_query(const char *name, int class, int type, unsigned char *answer, int size);
int resolve_search(const char *name, int class, int type, unsigned char *answer, int size);
int resolve_querydomain(const char *name, const char *domain, int class, int type,
			unsigned char *answer, int size);
int resolve_nquery(void *state, const char *name, int class, int type, unsigned char *answer,
		   int size);
int resolve_nsearch(void *state, const char *name, int class, int type, unsigned char *answer,
		    int size);
int resolve_nquerydomain(void *state, const char *name, const char *domain, int class, int type,
			 unsigned char *answer, int size);

/* resolve_later.c: getaddrinfo_a() */
int resolve_addrinfo_later(int mode, struct gaicb *given[], int count, struct sigevent *event);

#endif
