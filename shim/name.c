/* SPDX-License-Identifier: MIT */
/*
 * name.c - getsockname() and getpeername()
 *
 * The real call comes first, into the program's own buffer, so every error is the kernel's. If
 * the address of a VM socket came back and the socket has a mark, the answer is translated.
 */
#include "name.h"

#include <netinet/in.h>

#include "engine.h"
#include "kernel/endpoint.h"
#include "kernel/memory.h"
#include "kernel/sys.h"
#include "settle.h"
#include "share.h"
#include "translate.h"
#include "transport/transport.h"

typedef int (*name_call)(int fd, struct vm_address *name);

/*
 * The whole address, however short the program's buffer was: 1; 0 if it is none of a VM socket;
 * or a negated errno.
 */
static int whole_address(name_call call, int fd, const struct sockaddr *addr, socklen_t room,
			 socklen_t len, struct vm_address *name)
{
	if (len <= room && transport_read_name(addr, len, name) && !name->path)
		return 1;
	return call(fd, name);
}

/* May what the kernel has given be a VM socket's address? Where there was no room for the
 * family, perhaps. */
static bool may_be_given(const struct sockaddr *addr, socklen_t room)
{
	return room < sizeof addr->sa_family || transport_is_family(addr->sa_family);
}

/* 0, or a negated errno. What the kernel has written may be shorter than what it is replaced
 * by. */
static int give(const struct endpoint *ep, bool v6, struct sockaddr *addr, socklen_t room,
		socklen_t *len)
{
	socklen_t full = v6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);

	if (!memory_writable(addr, room < full ? room : full))
		return -EFAULT;
	*len = room;
	endpoint_store(ep, v6, addr, len);
	return 0;
}

int name_local(int fd, struct sockaddr *addr, socklen_t *len)
{
	const struct ruleset *rs = rules();
	struct vm_address given;
	struct endpoint ep;
	struct mark m;
	socklen_t room;
	int result, ours;

	if (settle_may_be(fd) && settle(fd, &m) == -ENGINE_LATER)
		return -ENGINE_LATER;
	room = memory_readable(len, sizeof *len) ? *len : 0;
	result = sys_getsockname(fd, addr, len);
	if (result < 0 || !may_be_given(addr, room))
		return result;
	ours = mark_names(fd, &m);
	if (ours == 1)
		ours = whole_address(transport_local, fd, addr, room, *len, &given);
	if (ours != 1)
		return ours;
	share_names(fd, &m);
	if (m.pending)
		m.local.port = settle_port(fd, &m);
	local_endpoint(rs, fd, &m, &given, &ep);
	return give(&ep, m.v6, addr, room, len);
}

int name_peer(int fd, struct sockaddr *addr, socklen_t *len)
{
	const struct ruleset *rs = rules();
	struct vm_address given;
	struct endpoint ep;
	struct mark m;
	socklen_t room;
	bool known = false;
	int result, ours;

	if (settle_may_be(fd)) {
		ours = settle(fd, &m);
		if (ours < 0 || ours == STILL_PENDING || ours == HAS_FAILED)
			return ours < 0 ? ours : -ENOTCONN;
	}
	room = memory_readable(len, sizeof *len) ? *len : 0;
	result = sys_getpeername(fd, addr, len);
	if (result != -ENOTCONN && (result < 0 || !may_be_given(addr, room)))
		return result;
	ours = mark_names(fd, &m);
	if (ours == 1 && result == 0) {
		ours = whole_address(transport_peer, fd, addr, room, *len, &given);
		known = ours == 1;
	}
	if (ours <= 0)
		return ours < 0 ? ours : result;
	if (!known && !(m.shut && m.peer.kind != PLACE_NONE))
		return result;
	if (!known && !memory_writable(len, sizeof *len))
		return -EFAULT;
	peer_endpoint(rs, &m, known ? &given : NULL, &ep);
	return give(&ep, m.v6, addr, room, len);
}
