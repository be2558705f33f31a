/* SPDX-License-Identifier: MIT */
/*
 * translate.c - the IP addresses that a converted socket shows
 */
#include "translate.h"

#include <string.h>

#include "../config/address.h"
#include "state.h"
#include "sys.h"

void endpoint_of_vm(const struct ruleset *rs, const struct sockaddr_vm *vm, bool v6,
		    struct endpoint *ep)
{
	bool loopback = vm->svm_cid == VMADDR_CID_LOCAL && loopback_loaded();

	ip_of_cid(rs, vm->svm_cid, v6, loopback, ep->ip);
	ep->port = vm->svm_port == VMADDR_PORT_ANY ? 0 : port_fold(vm->svm_port);
}

bool shows_v6(const struct mark *m)
{
	return m->v6 && m->local.kind != PLACE_IPV4;
}

/* The local address of a client that did not choose one, as routing would: loopback towards
 * loopback, else this machine's own as the peer sees it. */
static void source_ip(const struct ruleset *rs, int fd, const struct mark *m, uint8_t ip[16])
{
	struct sockaddr_vm peer = {.svm_cid = CID_UNKNOWN};
	socklen_t len = sizeof peer;
	uint32_t cid;

	place_ip(&m->peer, m->v6, ip);
	if (ip_is_loopback(ip))
		return;
	sys_getpeername(fd, &peer, &len);
	cid = local_cid(rs, peer.svm_cid);
	if (cid == CID_UNKNOWN)
		place_ip(&(struct place){.kind = PLACE_NONE}, m->v6, ip);
	else
		ip_of_cid(rs, cid, !ip_is_v4(ip), cid == VMADDR_CID_LOCAL && loopback_loaded(),
			  ip);
}

void local_endpoint(const struct ruleset *rs, int fd, const struct mark *m,
		    const struct sockaddr_vm *vm, struct endpoint *ep)
{
	endpoint_of_vm(rs, vm, shows_v6(m), ep);
	if (m->local.port)
		ep->port = m->local.port;
	if (!place_is_any(&m->local))
		place_ip(&m->local, m->v6, ep->ip);
	else if (m->peer.kind != PLACE_NONE && vm->svm_cid == VMADDR_CID_ANY)
		source_ip(rs, fd, m, ep->ip);
	else if (vm->svm_cid == VMADDR_CID_ANY)
		place_ip(&m->local, m->v6, ep->ip);
}

void peer_endpoint(const struct ruleset *rs, const struct mark *m, const struct sockaddr_vm *vm,
		   struct endpoint *ep)
{
	if (m->peer.kind == PLACE_NONE && vm) {
		endpoint_of_vm(rs, vm, shows_v6(m), ep);
		return;
	}
	place_ip(&m->peer, m->v6, ep->ip);
	ep->port = m->peer.port;
}
