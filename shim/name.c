/* SPDX-License-Identifier: MIT */
/*
 * name.c - getsockname() and getpeername()
 *
 * The real call comes first, into the program's own buffer, so every error is the kernel's. If
 * an AF_VSOCK address came back and the socket has a mark, the answer is translated.
 */
#include "name.h"

#include <string.h>

#include "kernel/endpoint.h"
#include "kernel/sys.h"
#include "preload/state.h"
#include "share.h"
#include "translate.h"

typedef int (*name_call)(int fd, void *addr, socklen_t *len);

/* Did the kernel write an AF_VSOCK address? @room is what the program had offered. */
static bool gave_vsock(const struct sockaddr *addr, socklen_t room, socklen_t len)
{
	if (room >= sizeof addr->sa_family)
		return addr->sa_family == AF_VSOCK;
	return len == sizeof(struct sockaddr_vm); /* no family to see: perhaps */
}

/*
 * The whole address, however short the program's buffer was: 1; 0 if it is none of AF_VSOCK; or
 * a negated errno.
 */
static int whole_address(name_call call, int fd, const struct sockaddr *addr, socklen_t room,
			 struct sockaddr_vm *vm)
{
	socklen_t len = sizeof *vm;
	int result;

	if (room >= sizeof *vm) {
		memcpy(vm, addr, sizeof *vm);
		return 1;
	}
	result = call(fd, vm, &len);
	return result < 0 ? result : vm->svm_family == AF_VSOCK;
}

int name_local(int fd, struct sockaddr *addr, socklen_t *len)
{
	const struct ruleset *rs = rules();
	struct sockaddr_vm vm;
	struct endpoint ep;
	struct mark m;
	socklen_t room;
	int result, ours;

	if (!len)
		return sys_getsockname(fd, addr, len);
	room = *len;
	result = sys_getsockname(fd, addr, len);
	if (result < 0 || !gave_vsock(addr, room, *len))
		return result;
	ours = mark_names(fd, &m);
	if (ours == 1)
		ours = whole_address(sys_getsockname, fd, addr, room, &vm);
	if (ours != 1)
		return ours;
	share_names(fd, &m);
	local_endpoint(rs, fd, &m, &vm, &ep);
	*len = room;
	endpoint_store(&ep, m.v6, addr, len);
	return 0;
}

int name_peer(int fd, struct sockaddr *addr, socklen_t *len)
{
	const struct ruleset *rs = rules();
	struct sockaddr_vm vm;
	struct endpoint ep;
	struct mark m;
	socklen_t room;
	bool known = false;
	int result, ours;

	if (!len)
		return sys_getpeername(fd, addr, len);
	room = *len;
	result = sys_getpeername(fd, addr, len);
	if (result != -ENOTCONN && (result < 0 || !gave_vsock(addr, room, *len)))
		return result;
	ours = mark_names(fd, &m);
	if (ours == 1 && result == 0) {
		ours = whole_address(sys_getpeername, fd, addr, room, &vm);
		known = ours == 1;
	}
	if (ours <= 0)
		return ours < 0 ? ours : result;
	if (!known && !(m.shut && m.peer.kind != PLACE_NONE))
		return result;
	peer_endpoint(rs, &m, known ? &vm : NULL, &ep);
	*len = room;
	endpoint_store(&ep, m.v6, addr, len);
	return 0;
}
