/* SPDX-License-Identifier: MIT */
/*
 * vsock_here.c - can AF_VSOCK sockets be made here, and if not, what forbids it?
 *
 * Theory of operation
 *
 * A socket is made, and what the kernel answers is one errno, behind which there are several
 * reasons. Whether the kernel has AF_VSOCK at all shows elsewhere, too, whoever may use it: if
 * it does, somebody forbids it, and who is guessed from what this process is confined by, the
 * filter before the security module. A unit of systemd's is named, since there is the line to
 * change.
 */
#include "vsock_here.h"

#include <errno.h>
#include <string.h>

#include "here.h"
#include "kernel.h"

/**
 * find_forbidder() - say who forbids AF_VSOCK sockets, as far as it shows
 * @error: what socket() failed with
 */
static void find_forbidder(struct findings *findings, int error)
{
	char confinement[128];
	char unit[128];

	here_confinement(confinement, sizeof(confinement));
	here_unit(unit, sizeof(unit));
	if (here_seccomp() && *unit != '\0')
		find(findings, findings->without_vsock, "vsock-filtered-by-unit",
		     "restrictions",
		     "a seccomp filter forbids AF_VSOCK (%s), most likely that of %s: add "
		     "AF_VSOCK to its RestrictAddressFamilies= (systemctl edit %s)",
		     strerror(error), unit, unit);
	else if (here_seccomp())
		find(findings, findings->without_vsock, "vsock-filtered", "restrictions",
		     "a seccomp filter forbids AF_VSOCK (%s): in a container, start it with a "
		     "profile that allows it (Docker: --security-opt seccomp=FILE); in a "
		     "systemd unit, add AF_VSOCK to RestrictAddressFamilies=",
		     strerror(error));
	else if (*confinement != '\0')
		find(findings, findings->without_vsock, "vsock-confined", "restrictions",
		     "AF_VSOCK is refused (%s) under the profile %s: allow it there "
		     "(AppArmor: \"network vsock,\")",
		     strerror(error), confinement);
	else
		find(findings, findings->without_vsock, "vsock-refused", "restrictions",
		     "AF_VSOCK is refused (%s) by something that does not show: look for a "
		     "security module's message in the kernel's log",
		     strerror(error));
}

void look_at_sockets(struct findings *findings)
{
	int error = here_socket_error();
	bool present = error == 0 || here_kernel_has_vsock();
	const char *id, *doubt = kernel_doubt(&id);

	if (present)
		find(findings, LEVEL_OK, "vsock-present", "kernel", "it has AF_VSOCK");
	else if (error == EAFNOSUPPORT && here_seccomp())
		find(findings, LEVEL_WARNING, "vsock-hidden", "kernel",
		     "AF_VSOCK is not loaded, or it is hidden by a filter: modprobe vsock");
	else
		find(findings, findings->without_vsock, "vsock-absent", "kernel",
		     "it has no AF_VSOCK (%s): modprobe vsock, or use a kernel with "
		     "CONFIG_VSOCKETS",
		     strerror(error));
	if (error == 0)
		find(findings, LEVEL_OK, "vsock-allowed", "restrictions",
		     "AF_VSOCK sockets can be made here");
	else if (present || here_seccomp())
		find_forbidder(findings, error);
	if (present && doubt)
		find(findings, LEVEL_WARNING, id, "kernel", "%s", doubt);
}
