/* SPDX-License-Identifier: MIT */
/*
 * plausible.c - does a CID make sense on this machine?
 *
 * Theory of operation
 *
 * The kernel picks the transport by the CID (vsock_assign_transport()): CID 1, this machine's
 * own, and on a machine that is no guest CID 2, go to the loopback transport if that is
 * loaded; CIDs up to 2 go to the host; others to guests if vhost is loaded, else to the host,
 * whose hypervisor may or may not pass them on.
 */
#include "plausible.h"

#include <stddef.h>

#include "../config/cid.h"
#include "here.h"

const char *cid_doubt(uint32_t cid, uint32_t local, unsigned int loaded)
{
	if (loaded == 0)
		return NULL; /* there is worse to say */
	if (cid == CID_LOCAL && !(loaded & TRANSPORT_LOOPBACK))
		return "it is this machine itself only where vsock_loopback is loaded; as "
		       "it is, the kernel hands it to the hypervisor: modprobe "
		       "vsock_loopback, or name the CID that is meant";
	if (cid == CID_LOCAL)
		return NULL;
	if (cid == local && cid > CID_HOST)
		return "it is the CID of this machine itself: name the other machine's, or "
		       "CID 1 if this one is meant";
	if (cid == CID_HOST && !(loaded & TRANSPORTS_TO_HOST))
		return "it is the host, which is this machine itself: name a guest's CID, "
		       "or CID 1 if this machine is meant";
	if (cid == CID_HOST || loaded & (TRANSPORT_VHOST | TRANSPORT_VMCI))
		return NULL;
	if (loaded & TRANSPORTS_TO_HOST)
		return "a guest reaches its host (CID 2), and other machines only if its "
		       "hypervisor passes connections on: make sure that it does, or let the "
		       "rule lead to CID 2";
	return "no transport that is loaded leads to guests: modprobe vhost_vsock";
}
