/* SPDX-License-Identifier: MIT */
/*
 * word.h - the words of the configuration language: numbers, CIDs, names, paths, actions,
 * addresses
 *
 * Theory of operation
 *
 * A configuration file and the command line write all of these in the same way, and both read
 * them here. Nothing in these functions knows where a text came from: each returns whether it
 * was good, and if not, puts a reason in words into a buffer, to which the caller adds the file
 * and line or the argument (builder.h).
 */
#ifndef VSOCKIFY_WORD_H
#define VSOCKIFY_WORD_H

#include <stdbool.h>
#include <stdint.h>

/* Bytes of the buffer for a reason, with the NUL. */
#define REASON_MAX 320

/* The longest name of a peer, without the NUL. */
#define PEER_NAME_MAX 48

/* Bytes of a text from outside that are repeated in a reason. */
#define QUOTE_MAX 60

/*
 * refuse() - put down a reason
 * Return: false, for the caller to return
 */
bool refuse(char reason[REASON_MAX], const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * number_parse() - read a decimal number without sign
 * Return: false if it is none; a number beyond int64_t is read as INT64_MAX
 */
bool number_parse(const char *text, int64_t *number);

/* action_parse() - read "pass" or "deny"; false (without a reason) for anything else */
bool action_parse(const char *text, uint8_t *action);

/* cid_check() - is a number a CID that can be connected to? Sets *@cid. */
bool cid_check(int64_t number, uint32_t *cid, char reason[REASON_MAX]);

/* peer_name_check() - is a text fit to be the name of a peer? */
bool peer_name_check(const char *name, char reason[REASON_MAX]);

/*
 * socket_path_check() - is a text fit to be the path of a VMM's socket?
 *
 * It must be absolute: the program may go elsewhere, and what is started by it is elsewhere.
 */
bool socket_path_check(const char *path, char reason[REASON_MAX]);

/* mode_parse() - read the mode of a socket, in octal digits: "660" */
bool mode_parse(const char *text, uint32_t *mode, char reason[REASON_MAX]);

/* group_parse() - read a group: a name in /etc/group, or a number */
bool group_parse(const char *text, uint32_t *group, char reason[REASON_MAX]);

/* address_parse() - read one address, "10.0.2.15", "fd00::1" or "[fd00::1]" */
bool address_parse(const char *text, uint8_t ip[16], char reason[REASON_MAX]);

/*
 * stand_ins_parse() - read the range of the addresses that stand for host names:
 * "198.18.0.0/15"
 * @network, @bits: as struct ruleset has them
 */
bool stand_ins_parse(const char *text, uint32_t *network, uint32_t *bits,
		     char reason[REASON_MAX]);

/* address_fits_peer() - may a peer have this address? */
bool address_fits_peer(const uint8_t ip[16], char reason[REASON_MAX]);

#endif
