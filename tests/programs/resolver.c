/* SPDX-License-Identifier: MIT */
/*
 * resolver.c - prints what the resolver's functions say, one question for each argument
 *
 * resolver QUESTION...	addr:NAME[,FLAG...]	getaddrinfo; flags 4 6 p(assive) c(anonname)
 *n(umeric) a(ddrconfig) host:NAME host2:NAME,6	gethostbyname, gethostbyname2, and their _r
 *forms, which must agree name:ADDRESS[,FLAG...]	getnameinfo; flags n(umeric) r(equired)
 *			byaddr:ADDRESS		gethostbyaddr, and its _r form
 */
#include <netdb.h>

#include "tcp.h"

static const char *ip_text(int family, const void *ip)
{
	char *text = scratch_text();

	inet_ntop(family, ip, text, INET6_ADDRSTRLEN);
	return text;
}

static const char *eai_name(int error)
{
	switch (error) {
	case EAI_NONAME:
		return "EAI_NONAME";
	case EAI_ADDRFAMILY:
		return "EAI_ADDRFAMILY";
	case EAI_AGAIN:
		return "EAI_AGAIN";
	case EAI_NODATA:
		return "EAI_NODATA";
	case EAI_FAIL:
		return "EAI_FAIL";
	case EAI_OVERFLOW:
		return "EAI_OVERFLOW";
	case EAI_SERVICE:
		return "EAI_SERVICE";
	default:
		return gai_strerror(error);
	}
}

static void ask_addrinfo(const char *name, const char *flags)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *list = NULL;
	int error;

	for (const char *flag = flags; *flag; flag++) {
		hints.ai_family = *flag == '4'   ? AF_INET
				  : *flag == '6' ? AF_INET6
						 : hints.ai_family;
		hints.ai_flags |= *flag == 'p'   ? AI_PASSIVE
				  : *flag == 'c' ? AI_CANONNAME
				  : *flag == 'n' ? AI_NUMERICHOST
				  : *flag == 'a' ? AI_ADDRCONFIG
						 : 0;
	}
	error = getaddrinfo(*name ? name : NULL, "8080", &hints, &list);
	printf("addr:%s,%s:", name, flags);
	if (error)
		printf(" %s", eai_name(error));
	for (struct addrinfo *a = list; a; a = a->ai_next) {
		const struct sockaddr_in *in = (void *)a->ai_addr;
		const struct sockaddr_in6 *in6 = (void *)a->ai_addr;

		if (a->ai_canonname)
			printf(" canonical %s", a->ai_canonname);
		printf(" %s %u",
		       a->ai_family == AF_INET ? ip_text(AF_INET, &in->sin_addr)
					       : ip_text(AF_INET6, &in6->sin6_addr),
		       ntohs(in->sin_port));
	}
	puts("");
	if (!error)
		freeaddrinfo(list);
}

static const char *host_text(const struct hostent *entry)
{
	static char texts[2][512];
	static int next;
	char *text = texts[next++ % 2];

	if (!entry) {
		snprintf(text, 512, "h_errno %d", h_errno);
		return text;
	}
	snprintf(text, 512, "%s length %d", entry->h_name, entry->h_length);
	for (char **ip = entry->h_addr_list; *ip; ip++)
		snprintf(text + strlen(text), 512 - strlen(text), " %s",
			 ip_text(entry->h_addrtype, *ip));
	return text;
}

static void ask_host(const char *name, int family)
{
	const char *text =
		host_text(family ? gethostbyname2(name, family) : gethostbyname(name));
	struct hostent entry, *found;
	char buffer[2048], tiny[8];
	int error = 0, got;

	printf("host:%s: %s\n", name, text);
	got = family ? gethostbyname2_r(name, family, &entry, buffer, sizeof buffer, &found,
					&error)
		     : gethostbyname_r(name, &entry, buffer, sizeof buffer, &found, &error);
	h_errno = error;
	if (got != 0 && found)
		complain("_r: %d, but an answer", got);
	if (strcmp(text, host_text(found)) != 0)
		complain("_r says otherwise: %s", host_text(found));
	got = gethostbyname_r(name, &entry, tiny, sizeof tiny, &found, &error);
	if (found || (strncmp(text, "h_errno", 7) != 0 && got != ERANGE))
		complain("8 bytes: %d, %s", got, host_text(found));
}

static struct address parse(const char *ip)
{
	return address_of(ip, 80);
}

static void ask_name(const char *ip, const char *flags)
{
	struct address a = parse(ip);
	char host[NI_MAXHOST] = "", service[NI_MAXSERV] = "";
	int number = NI_NUMERICSERV | (strchr(flags, 'n') ? NI_NUMERICHOST : 0) |
		     (strchr(flags, 'r') ? NI_NAMEREQD : 0);
	int error =
		getnameinfo(&a.any, a.len, host, sizeof host, service, sizeof service, number);

	printf("name:%s,%s: %s %s\n", ip, flags, error ? eai_name(error) : host, service);
	if (!error && strlen(host) > 2 &&
	    getnameinfo(&a.any, a.len, host, 3, NULL, 0, number) != EAI_OVERFLOW)
		complain("no EAI_OVERFLOW for %s", ip);
}

static void ask_byaddr(const char *ip)
{
	struct address a = parse(ip);
	bool v4 = a.any.sa_family == AF_INET;
	const void *bytes = v4 ? (const void *)&a.in.sin_addr : (const void *)&a.in6.sin6_addr;
	socklen_t len = v4 ? 4 : 16;
	const char *text = host_text(gethostbyaddr(bytes, len, a.any.sa_family));
	struct hostent entry, *found = NULL;
	char buffer[2048];
	int error = 0;

	printf("byaddr:%s: %s\n", ip, text);
	gethostbyaddr_r(bytes, len, a.any.sa_family, &entry, buffer, sizeof buffer, &found,
			&error);
	h_errno = error;
	if (strcmp(text, host_text(found)) != 0)
		complain("_r says otherwise: %s", host_text(found));
	if (gethostbyaddr_r(bytes, len, a.any.sa_family, &entry, buffer, 4, &found, &error) ==
		    0 &&
	    found)
		complain("an answer in 4 bytes");
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		char *what = argv[i], *subject = strchr(what, ':'), *flags;

		*subject++ = 0;
		flags = strchr(subject, ',');
		if (flags)
			*flags++ = 0;
		else
			flags = subject + strlen(subject);
		if (strcmp(what, "addr") == 0)
			ask_addrinfo(subject, flags);
		else if (strcmp(what, "host") == 0)
			ask_host(subject, 0);
		else if (strcmp(what, "host2") == 0)
			ask_host(subject, *flags == '6' ? AF_INET6 : AF_INET);
		else if (strcmp(what, "name") == 0)
			ask_name(subject, flags);
		else
			ask_byaddr(subject);
	}
	return test_failed;
}
