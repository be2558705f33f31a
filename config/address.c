/* SPDX-License-Identifier: MIT */
/*
 * address.c - the IP address of a machine, the CID of an IP address, and *.vsock names
 *
 * Theory of operation: see address.h. Look-ups among peers are linear and the first hit
 * wins: there are few peers, and the order in which they were configured is the one their
 * owner can see.
 *
 * ip_format() relies on inet_ntop(), which neither allocates nor locks in glibc and musl.
 */
#include "address.h"

#include <arpa/inet.h>
#include <string.h>

#define NAME_SUFFIX ".vsock"

/* The longest decimal form of a CID, with its NUL: "4294967295". */
#define CID_TEXT_MAX 11

/* fd76:736f:636b::/96: a unique local address that spells "vsock". */
static const uint8_t synthetic_v6_prefix[12] = {0xfd, 'v', 's', 'o', 'c', 'k'};

/* Names that need no configuration; a peer's name goes before them. */
static const struct {
	char name[8];
	uint32_t cid;
} builtin_names[] = {
	{"host", CID_HOST},
	{"local", CID_LOCAL},
};

#define BUILTIN_COUNT (sizeof(builtin_names) / sizeof(builtin_names[0]))

/**
 * put_low_word() - write the last four bytes of an address
 * @word: in host byte order
 */
static void put_low_word(uint8_t ip[16], uint32_t word)
{
	ip[12] = (uint8_t)(word >> 24);
	ip[13] = (uint8_t)(word >> 16);
	ip[14] = (uint8_t)(word >> 8);
	ip[15] = (uint8_t)word;
}

/**
 * get_low_word() - read the last four bytes of an address
 * Return: them, in host byte order
 */
static uint32_t get_low_word(const uint8_t ip[16])
{
	return (uint32_t)ip[12] << 24 | (uint32_t)ip[13] << 16 | (uint32_t)ip[14] << 8 | ip[15];
}

/**
 * is_entry_of() - is a peer an entry of this machine, of which there may be several?
 */
static bool is_entry_of(const struct peer *peer, struct machine machine)
{
	if (machine.socket)
		return peer->socket == machine.socket;
	return !peer->socket && peer->cid == machine.cid;
}

struct machine machine_of_peer(const struct ruleset *rs, uint32_t index)
{
	const struct peer *peer = ruleset_peers(rs) + index;

	return (struct machine){
		.socket = peer->socket,
		.cid = peer->socket ? CID_UNKNOWN : peer->cid,
		.peer = index,
	};
}

bool machine_of_peer_address(const struct ruleset *rs, const uint8_t ip[16],
			     struct machine *machine)
{
	const uint8_t(*addresses)[16] = ruleset_addresses(rs);
	const struct peer *peers = ruleset_peers(rs);

	for (uint32_t p = 0; p < rs->peer_count; p++) {
		for (uint32_t a = 0; a < peers[p].address_count; a++) {
			if (memcmp(addresses[peers[p].address_first + a], ip, 16) == 0) {
				*machine = machine_of_peer(rs, p);
				return true;
			}
		}
	}
	return false;
}

/**
 * peer_ip() - the first address of one family configured for a machine
 * Return: the address, or NULL if there is none
 */
static const uint8_t *peer_ip(const struct ruleset *rs, struct machine machine, bool v6)
{
	const uint8_t(*addresses)[16] = ruleset_addresses(rs);
	const struct peer *peers = ruleset_peers(rs);

	for (uint32_t p = 0; p < rs->peer_count; p++) {
		if (!is_entry_of(&peers[p], machine))
			continue;
		for (uint32_t a = 0; a < peers[p].address_count; a++) {
			const uint8_t *ip = addresses[peers[p].address_first + a];

			if (ip_is_v4(ip) != v6)
				return ip;
		}
	}
	return NULL;
}

void ip_of_loopback(bool v6, uint8_t ip[16])
{
	static const uint8_t v4_loopback[4] = {127, 0, 0, 1};

	if (v6) {
		memset(ip, 0, 16);
		ip[15] = 1;
	} else {
		ip_from_v4(ip, v4_loopback);
	}
}

void ip_of_cid(const struct ruleset *rs, uint32_t cid, bool v6, bool loopback, uint8_t ip[16])
{
	const uint8_t *configured = peer_ip(rs, machine_of_cid(cid), v6);

	if (configured)
		memcpy(ip, configured, 16);
	else if (cid == CID_LOCAL && loopback)
		ip_of_loopback(v6, ip);
	else
		(void)synthetic_ip(cid, v6, ip);
}

bool family_of_cid(const struct ruleset *rs, uint32_t cid, bool v6)
{
	struct machine machine = machine_of_cid(cid);

	return !peer_ip(rs, machine, v6) && peer_ip(rs, machine, !v6) ? !v6 : v6;
}

/* 240.0.0.0/4 leaves 28 bits for the CID. */
#define SYNTHETIC_V4          0xf0000000u
#define SYNTHETIC_V4_CID_BITS 0x0fffffffu

/**
 * fits_synthetic_v4() - can 240.0.0.0 + CID be connected to?
 *
 * 240.0.0.1 is what all CIDs without an address of their own share, and 255.255.255.255 is
 * the broadcast address.
 */
static bool fits_synthetic_v4(uint32_t cid)
{
	return cid > CID_LOCAL && cid < SYNTHETIC_V4_CID_BITS;
}

bool synthetic_ip(uint32_t cid, bool v6, uint8_t ip[16])
{
	bool fits = fits_synthetic_v4(cid);

	if (v6) {
		memcpy(ip, synthetic_v6_prefix, sizeof(synthetic_v6_prefix));
		put_low_word(ip, cid);
		return cid != CID_HYPERVISOR && cid != CID_UNKNOWN;
	}
	memcpy(ip, ip_mapped_prefix, sizeof(ip_mapped_prefix));
	put_low_word(ip, SYNTHETIC_V4 + (fits ? cid : CID_LOCAL));
	return fits;
}

bool cid_of_synthetic(const uint8_t ip[16], uint32_t *cid)
{
	uint32_t word = get_low_word(ip);

	if (ip_is_v4(ip)) {
		if ((word & ~SYNTHETIC_V4_CID_BITS) != SYNTHETIC_V4)
			return false;
		word &= SYNTHETIC_V4_CID_BITS;
		*cid = fits_synthetic_v4(word) ? word : CID_UNKNOWN;
		return true;
	}
	if (memcmp(ip, synthetic_v6_prefix, sizeof(synthetic_v6_prefix)) != 0)
		return false;
	*cid = word == CID_HYPERVISOR ? CID_UNKNOWN : word;
	return true;
}

bool ip_to_reach(const struct ruleset *rs, struct machine machine, bool v6, uint8_t ip[16])
{
	const uint8_t *configured;
	uint32_t stands_for;

	if (machine.socket) {
		configured = peer_ip(rs, machine, v6);
		if (configured)
			memcpy(ip, configured, 16);
		return configured != NULL;
	}
	if (machine.cid == CID_UNKNOWN)
		return false;
	ip_of_cid(rs, machine.cid, v6, false, ip);
	return !cid_of_synthetic(ip, &stands_for) || stands_for != CID_UNKNOWN;
}

/**
 * lower() - ASCII lower case, whatever the locale
 */
static char lower(char c)
{
	return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

/**
 * same_name() - compare as DNS does, without regard to case
 * @a, @length: not NUL-terminated
 * @b: NUL-terminated
 */
static bool same_name(const char *a, size_t length, const char *b)
{
	for (size_t i = 0; i < length; i++) {
		if (b[i] == '\0' || lower(a[i]) != lower(b[i]))
			return false;
	}
	return b[length] == '\0';
}

/**
 * cid_of_digits() - the CID written as a canonical decimal number
 * Return: the CID; CID_UNKNOWN if it is no number, has leading zeros, or is no CID that can
 * be connected to
 */
static uint32_t cid_of_digits(const char *text, size_t length)
{
	uint64_t value = 0;

	if (length == 0 || length >= CID_TEXT_MAX || text[0] == '0')
		return CID_UNKNOWN;
	for (size_t i = 0; i < length; i++) {
		if (text[i] < '0' || text[i] > '9')
			return CID_UNKNOWN;
		value = value * 10 + (uint64_t)(text[i] - '0');
	}
	return value < CID_UNKNOWN ? (uint32_t)value : CID_UNKNOWN;
}

/**
 * machine_of_label() - whom a name without its ".vsock" stands for
 * @length: above 0
 */
static struct machine machine_of_label(const struct ruleset *rs, const char *label,
				       size_t length)
{
	const struct peer *peers = ruleset_peers(rs);

	for (uint32_t p = 0; p < rs->peer_count; p++) {
		if (same_name(label, length, ruleset_string(rs, peers[p].name)))
			return machine_of_peer(rs, p);
	}
	for (size_t i = 0; i < BUILTIN_COUNT; i++) {
		if (same_name(label, length, builtin_names[i].name))
			return machine_of_cid(builtin_names[i].cid);
	}
	return machine_of_cid(cid_of_digits(label, length));
}

bool machine_of_name(const struct ruleset *rs, const char *name, struct machine *machine)
{
	const size_t suffix = sizeof(NAME_SUFFIX) - 1;
	size_t length = strlen(name);

	if (length > 0 && name[length - 1] == '.')
		length--;
	if (length < suffix || !same_name(name + length - suffix, suffix, NAME_SUFFIX))
		return false;
	length -= suffix;
	*machine =
		length > 0 ? machine_of_label(rs, name, length) : machine_of_cid(CID_UNKNOWN);
	return true;
}

/**
 * digits_of_cid() - a CID in decimal
 * @buf: CID_TEXT_MAX bytes, filled from their end
 * Return: the start of the text within @buf
 */
static const char *digits_of_cid(uint32_t cid, char *buf)
{
	char *at = buf + CID_TEXT_MAX - 1;

	*at = '\0';
	do {
		*--at = (char)('0' + cid % 10);
		cid /= 10;
	} while (cid > 0);
	return at;
}

/**
 * label_of_machine() - the name to show for a machine, without its ".vsock"
 * @buf: CID_TEXT_MAX bytes
 * Return: it; NULL if there is none
 *
 * A built-in name that a peer has taken would lead back to the wrong machine.
 */
static const char *label_of_machine(const struct ruleset *rs, struct machine machine, char *buf)
{
	const struct peer *peers = ruleset_peers(rs);

	for (uint32_t p = 0; p < rs->peer_count; p++) {
		const char *name = ruleset_string(rs, peers[p].name);

		if (name[0] != '\0' && is_entry_of(&peers[p], machine))
			return name;
	}
	if (machine.socket)
		return NULL;
	for (size_t i = 0; i < BUILTIN_COUNT; i++) {
		const char *name = builtin_names[i].name;

		if (builtin_names[i].cid == machine.cid &&
		    machine_of_label(rs, name, strlen(name)).cid == machine.cid)
			return name;
	}
	return digits_of_cid(machine.cid, buf);
}

void name_of_machine(const struct ruleset *rs, struct machine machine, char *buf, size_t size)
{
	char digits[CID_TEXT_MAX];
	const char *parts[] = {label_of_machine(rs, machine, digits), NAME_SUFFIX};
	size_t used = 0;

	if (size == 0)
		return;
	for (size_t i = 0; parts[0] && i < 2; i++) {
		for (const char *c = parts[i]; *c != '\0' && used < size - 1; c++)
			buf[used++] = *c;
	}
	buf[used] = '\0';
}

char *ip_format(const uint8_t ip[16], char *buf)
{
	if (ip_is_v4(ip))
		inet_ntop(AF_INET, ip + 12, buf, IP_TEXT_MAX);
	else
		inet_ntop(AF_INET6, ip, buf, IP_TEXT_MAX);
	return buf;
}

uint16_t port_fold(uint32_t port)
{
	if (port <= UINT16_MAX)
		return (uint16_t)port;
	return (uint16_t)(0x8000u | (port & 0x7fffu));
}
