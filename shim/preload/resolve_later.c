/* SPDX-License-Identifier: MIT */
/*
 * resolve_later.c - getaddrinfo_a(): names that are looked up in the background
 *
 * Theory of operation
 *
 * libc's threads call its own getaddrinfo(), behind our back. So names that are answered here
 * (known.h) are answered at once, which takes no longer than to begin with them, and libc gets
 * the others. To libc a request that it does not know is one that is done: gai_suspend(),
 * gai_error() and gai_cancel() need no help. If the program is to be told when all are done and
 * none is left for libc, libc gets a number to look up, and tells it then.
 */
#include <errno.h>
#include <netdb.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "../known.h"
#include "real.h"
#include "resolve.h"

#define REQUESTS_MAX 64 /* in one call, of which some are answered here */
#define TOLD_MAX     8

/* Is it answered here? */
static bool is_known(const struct gaicb *request)
{
	struct known_host host;

	return request && request->ar_name &&
	       known_name(request->ar_name, AF_UNSPEC, &host) != KNOWN_NOT;
}

static void answer(struct gaicb *request)
{
	request->ar_result = NULL;
	request->__return = resolve_addrinfo(request->ar_name, request->ar_service,
					     request->ar_request, &request->ar_result);
}

/* Something for libc to be done with: 0, or an error. Each is used again when it is done. */
static int tell(struct sigevent *event)
{
	static struct gaicb told[TOLD_MAX];
	static _Atomic int used[TOLD_MAX];
	static const struct addrinfo numeric = {.ai_flags = AI_NUMERICHOST};
	struct gaicb *list[1];
	int result;

	for (int i = 0; i < TOLD_MAX; i++) {
		if (atomic_exchange(&used[i], true))
			continue;
		if (told[i].ar_name && told[i].__return == EAI_INPROGRESS) {
			atomic_store(&used[i], false);
			continue;
		}
		if (told[i].ar_result)
			freeaddrinfo(told[i].ar_result);
		told[i] = (struct gaicb){.ar_name = "127.0.0.1", .ar_request = &numeric};
		list[0] = &told[i];
		result = REAL(getaddrinfo_a)(GAI_NOWAIT, list, 1, event);
		atomic_store(&used[i], false);
		return result;
	}
	return EAI_AGAIN;
}

/* Answer those that can be, and leave the others in @list; how many. */
static int answer_known(struct gaicb *list[], struct gaicb *given[], int count)
{
	int left = 0;

	for (int i = 0; i < count; i++) {
		if (is_known(given[i]))
			answer(given[i]);
		else if (given[i])
			list[left++] = given[i];
	}
	return left;
}

static int count_known(struct gaicb *given[], int count)
{
	int known = 0;

	for (int i = 0; i < count; i++)
		known += is_known(given[i]);
	return known;
}

int resolve_addrinfo_later(int mode, struct gaicb *given[], int count, struct sigevent *event)
{
	struct gaicb *list[REQUESTS_MAX];
	int known;

	if ((mode != GAI_WAIT && mode != GAI_NOWAIT) || count <= 0 ||
	    (known = count_known(given, count)) == 0)
		return REAL(getaddrinfo_a)(mode, given, count, event);
	if (count - known > REQUESTS_MAX)
		return EAI_MEMORY;
	count = answer_known(list, given, count);
	if (count > 0)
		return REAL(getaddrinfo_a)(mode, list, count, event);
	if (mode == GAI_NOWAIT && event && event->sigev_notify != SIGEV_NONE)
		return tell(event);
	return 0;
}
