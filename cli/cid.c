/* SPDX-License-Identifier: MIT */
/*
 * cid.c - vsockify --cid: which machine is this?
 *
 * Theory of operation
 *
 * The number alone goes to stdout, for scripts. What it means goes to stderr, and only when a
 * person is likely to look: if stdout is a terminal, or with -v. Without a CID nothing is
 * printed on stdout, and what to do about it on stderr.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <unistd.h>

#include "../config/address.h"
#include "../config/load.h"
#include "cli.h"
#include "error.h"
#include "here.h"

/* What a machine needs to have a CID. */
#define HOW_TO_GET_ONE                                                                  \
	"\n  a host of virtual machines: modprobe vhost_vsock"                          \
	"\n  a guest: needs a vsock device (QEMU: -device vhost-vsock-pci,guest-cid=3)" \
	"\n  a machine that talks to itself: modprobe vsock_loopback"                   \
	"\n  a container: must be given " VSOCK_DEVICE " (docker: --device " VSOCK_DEVICE ")"

/**
 * explain_error() - say why the CID could not be asked for, and what to do about it
 * @error: an errno
 * Return: an exit status
 */
static int explain_error(int error)
{
	switch (error) {
	case EACCES:
	case EPERM:
		cli_error("may not read " VSOCK_DEVICE ": %s\n"
			  "  as root: chmod a+r " VSOCK_DEVICE "; to keep it, a udev rule: "
			  "KERNEL==\"vsock\", MODE=\"0666\"",
			  strerror(error));
		return EX_NOPERM;
	case ENOENT:
	case ENODEV:
	case ENXIO:
		cli_error("this machine has no VM sockets: " VSOCK_DEVICE ": %s" HOW_TO_GET_ONE,
			  strerror(error));
		return EX_UNAVAILABLE;
	default:
		cli_error(VSOCK_DEVICE ": %s", strerror(error));
		return EX_OSERR;
	}
}

/**
 * print_meaning() - say on stderr what a CID means
 */
static void print_meaning(uint32_t cid)
{
	if (cid == CID_LOCAL)
		cli_error("this machine reaches only itself (loopback): "
			  "it is no guest, and no host of guests");
	else if (cid == CID_HOST)
		cli_error("this machine is a host: its guests reach it as CID 2 (host.vsock)");
	else
		cli_error("this machine is a guest: its host reaches it as CID %" PRIu32
			  " (%" PRIu32 ".vsock)",
			  cid, cid);
}

int cid_print(bool verbose)
{
	uint32_t cid;
	int error = read_local_cid(&cid);

	if (error)
		return explain_error(error);
	cid = here_cid(cid);
	if (cid == CID_UNKNOWN) {
		cli_error("this machine has no CID: no transport of VM sockets is "
			  "loaded" HOW_TO_GET_ONE);
		return EX_UNAVAILABLE;
	}
	if (printf("%" PRIu32 "\n", cid) < 0 || fflush(stdout) != 0) {
		cli_error("cannot write the CID: %s", strerror(errno));
		return EX_IOERR;
	}
	if (verbose || isatty(STDOUT_FILENO))
		print_meaning(cid);
	return EX_OK;
}
