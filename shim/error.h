/* SPDX-License-Identifier: MIT */
/*
 * error.h - the errors of VM sockets, in TCP's words
 */
#ifndef VSOCKIFY_ERROR_H
#define VSOCKIFY_ERROR_H

#include <errno.h>

/*
 * tcp_error() - the errno that TCP gives where AF_VSOCK gives @error
 * @error: positive
 *
 * A peer without a listener answers with a reset (net/vmw_vsock/virtio_transport_common.c,
 * virtio_transport_recv_connecting()), and a CID that nobody serves is "no device"
 * (af_vsock.c, vsock_assign_transport()). A machine without AF_VSOCK, or a program that is
 * forbidden to use it, has no way to any CID.
 */
static inline int tcp_error(int error)
{
	switch (error) {
	case ECONNRESET:
		return ECONNREFUSED;
	case ENODEV:
		return EHOSTUNREACH;
	case EAFNOSUPPORT:
	case EPROTONOSUPPORT:
		return ENETUNREACH;
	default:
		return error;
	}
}

#endif
