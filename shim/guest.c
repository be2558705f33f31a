/* SPDX-License-Identifier: MIT */
/*
 * guest.c - which guest has called at a socket that serves several?
 */
#include "guest.h"

#include <stdatomic.h>
#include <string.h>

#include "kernel/proctext.h"
#include "kernel/sys.h"
#include "transport/transport.h"

/* ---- what was found ---- */

/*
 * A process and its guest in one word: 22 bits number, 26 bits start, 16 bits the peer's index
 * and one. A process that has the number of one that has ended has started at another time.
 */
#define START_BITS 26
#define PEER_BITS  16
#define KNOWN_MAX  64
static _Atomic uint64_t known[KNOWN_MAX];

static uint64_t key_of(uint32_t pid, uint64_t start)
{
	return (uint64_t)pid << (START_BITS + PEER_BITS) |
	       (start & ((UINT64_C(1) << START_BITS) - 1)) << PEER_BITS;
}

/* When a process has started: the 22nd field of its line, the second of which is a name in
 * brackets, which may have blanks and brackets in it. 0 if it is not to be seen. */
static uint64_t start_of(int pid)
{
	char path[PROCTEXT_PATH], text[1024];
	const char *at;
	uint64_t start = 0;

	if (!proctext_read(proctext_path(path, "/proc/", pid, "/stat"), text, sizeof text))
		return 0;
	at = strrchr(text, ')');
	for (int field = 2; at && field < 22; field++)
		at = strchr(at + 1, ' ');
	return at && proctext_number(&at, 10, &start) ? start : 0;
}

/* ---- asking ---- */

/* Is this process behind the socket of a peer? */
static bool is_behind(const struct ruleset *rs, const struct peer *peer, int pid)
{
	struct vm_address to = {.cid = CID_ANY, .path = ruleset_string(rs, peer->socket)};
	int fd, result;

	if (peer->port_count > 0)
		return false;
	fd = transport_socket(true, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd < 0)
		return false;
	result = transport_connect(fd, to);
	if (result == 0)
		result = transport_pid(fd);
	sys_close(fd);
	return result == pid;
}

/* The one peer that the process is behind. */
static uint32_t look_for(const struct ruleset *rs, const struct rule *rule, int pid)
{
	const uint32_t *guests = ruleset_guests(rs, rule);
	uint32_t found = NO_PEER;

	for (uint32_t i = 0; i < rule->guest_count; i++) {
		if (!is_behind(rs, ruleset_peers(rs) + guests[i], pid))
			continue;
		if (found != NO_PEER)
			return NO_PEER;
		found = guests[i];
	}
	return found;
}

/* Does a rule serve the guest of a peer? */
static bool serves(const struct ruleset *rs, const struct rule *rule, uint32_t peer)
{
	for (uint32_t i = 0; i < rule->guest_count; i++)
		if (ruleset_guests(rs, rule)[i] == peer)
			return true;
	return false;
}

/* Is it a rule that has to know whose guest calls? */
static bool is_asked_for(const struct rule *rule)
{
	return rule->guest_count > 1 || (rule->guest_count == 1 && rule->restricted);
}

bool guest_matters(const struct ruleset *rs)
{
	enum { UNKNOWN, NO, YES };
	static _Atomic uint8_t answer = UNKNOWN;
	uint8_t now = atomic_load_explicit(&answer, memory_order_relaxed);

	if (now == UNKNOWN) {
		now = NO;
		for (uint32_t i = 0; i < rs->listen_count && now == NO; i++)
			now = is_asked_for(&ruleset_listen(rs)[i]) ? YES : NO;
		atomic_store_explicit(&answer, now, memory_order_relaxed);
	}
	return now == YES;
}

uint32_t guest_who(const struct ruleset *rs, const struct rule *rule, int accepted)
{
	uint64_t key, start, word;
	uint32_t peer;
	int pid;

	if (!is_asked_for(rule))
		return rule->peer;
	pid = transport_pid(accepted);
	if (pid <= 0)
		return NO_PEER;
	start = start_of(pid);
	key = key_of((uint32_t)pid, start);
	word = atomic_load_explicit(&known[pid % KNOWN_MAX], memory_order_relaxed);
	peer = (uint32_t)(word & ((1u << PEER_BITS) - 1)) - 1;
	if (start && word >> PEER_BITS == key >> PEER_BITS && peer != NO_PEER &&
	    serves(rs, rule, peer))
		return peer;
	peer = look_for(rs, rule, pid);
	if (start && peer < (1u << PEER_BITS) - 1)
		atomic_store_explicit(&known[pid % KNOWN_MAX], key | (peer + 1),
				      memory_order_relaxed);
	return peer;
}
