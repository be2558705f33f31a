/* SPDX-License-Identifier: MIT */
/*
 * address.h - the IP address of a machine, the CID of an IP address, and *.vsock names
 *
 * Theory of operation
 *
 * Programs want IP addresses, VM sockets have CIDs. Every CID has exactly one address of each
 * family that it is shown as, so that getpeername(), logs and access lists stay meaningful:
 *
 *   1. a peer with configured addresses: the first of that family;
 *   2. CID 1 (CID_LOCAL): 127.0.0.1 and ::1, but only where the loopback transport is
 *      loaded; elsewhere the kernel routes CID 1 to the hypervisor, which must never pass for
 *      loopback, so case 3 applies;
 *   3. any other: 240.0.0.0 + CID, for CIDs of up to 28 bits (a larger one, and CID 1 of case
 *      2, shows as 240.0.0.1, which cannot be connected to), and fd76:736f:636b:: + CID
 *      ("vsock" in ASCII follows the fd of a unique local address).
 *
 * The addresses of case 3 are *synthetic*: connecting to one works without any rule.
 *
 * A peer that has a socket (struct peer) is another kind of machine: no CID leads to it, so
 * that it has the addresses that it was given, and no other; and none of what is said here of
 * a CID is said of it, whatever CID was written beside its socket.
 *
 * All functions are pure and async-signal-safe.
 */
#ifndef VSOCKIFY_ADDRESS_H
#define VSOCKIFY_ADDRESS_H

#include "cid.h"
#include "ip.h"
#include "ruleset.h"

/*
 * ip_of_cid() - the address a CID is shown as
 * @v6: wanted family: false IPv4 (mapped form), true IPv6
 * @loopback: the loopback transport is loaded
 */
void ip_of_cid(const struct ruleset *rs, uint32_t cid, bool v6, bool loopback, uint8_t ip[16]);

/*
 * family_of_cid() - in which family a socket that serves both shows a CID
 * @v6: the family that it came by, or may have come by, as in ip_of_cid()
 * Return: that, or the other, if it has configured addresses of the other alone
 */
bool family_of_cid(const struct ruleset *rs, uint32_t cid, bool v6);

/* machine_exists() - is it anybody at all? */
static inline bool machine_exists(struct machine machine)
{
	return machine.socket != 0 || machine.cid != CID_UNKNOWN;
}

/* ip_of_loopback() - 127.0.0.1 or ::1; @v6: as in ip_of_cid() */
void ip_of_loopback(bool v6, uint8_t ip[16]);

/*
 * ip_to_reach() - the address that a name of a machine resolves to
 * @v6: wanted family, as in ip_of_cid()
 * @machine: nobody has no address
 * Return: false if none of this family leads there
 *
 * Never a loopback address, which rules and programs treat in ways of their own.
 */
bool ip_to_reach(const struct ruleset *rs, struct machine machine, bool v6, uint8_t ip[16]);

/* machine_of_peer() - the machine that a peer is */
struct machine machine_of_peer(const struct ruleset *rs, uint32_t index);

/*
 * machine_of_peer_address() - the peer that an address was configured for
 * Return: false if for none
 */
bool machine_of_peer_address(const struct ruleset *rs, const uint8_t ip[16],
			     struct machine *machine);

/*
 * synthetic_ip() - the address of case 3, whatever peers are configured
 * Return: false if it could not be connected to (240.0.0.1)
 */
bool synthetic_ip(uint32_t cid, bool v6, uint8_t ip[16]);

/*
 * cid_of_synthetic() - the CID that a synthetic address stands for
 * Return: true if @ip is synthetic, with *@cid set; *@cid is CID_UNKNOWN for those that
 * stand for no CID that can be connected to (240.0.0.0, 240.0.0.1, 255.255.255.255,
 * fd76:736f:636b:: and CIDs 0 and 0xffffffff)
 */
bool cid_of_synthetic(const uint8_t ip[16], uint32_t *cid);

/*
 * machine_of_name() - whom a name such as "3.vsock", "host.vsock", "db.vsock" stands for
 * @name: need not be lower case; one trailing dot is allowed
 * Return: true if it ends in ".vsock"; *@machine is nobody if nothing of that name is known
 *
 * A peer's name wins over the built-in ones: "host" (2) and "local" (1), then decimal CIDs.
 */
bool machine_of_name(const struct ruleset *rs, const char *name, struct machine *machine);

/*
 * name_of_machine() - the name to show for a machine: "db.vsock", "host.vsock", "7.vsock"; ""
 * for one that has a socket and no name
 * @buf, @size: where to; 64 bytes hold every name (peers' names are at most 48 bytes long)
 */
void name_of_machine(const struct ruleset *rs, struct machine machine, char *buf, size_t size);

/* machine_of_cid() - the machine that AF_VSOCK reaches by a CID */
static inline struct machine machine_of_cid(uint32_t cid)
{
	return (struct machine){.cid = cid, .peer = NO_PEER};
}

/* Longest text ip_format() makes, with the NUL: "[::ffff:255.255.255.255]" is not among them */
#define IP_TEXT_MAX 48

/*
 * ip_format() - "10.0.0.1" for IPv4-mapped addresses, "fd00::1" for others
 * @buf: at least IP_TEXT_MAX bytes
 * Return: @buf. No stdio, no locale.
 */
char *ip_format(const uint8_t ip[16], char *buf);

/* port_fold() - a 32-bit vsock port as 16 bits: itself if it fits, else in 32768..65535, so
 * that it never looks privileged or well-known */
uint16_t port_fold(uint32_t port);

#endif
