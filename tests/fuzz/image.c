/* SPDX-License-Identifier: MIT */
/*
 * image.c - a libFuzzer target: compiled rules, as bytes and as text
 *
 * Whatever is taken for a valid image can be read without a check of one's own.
 */
#include <stdlib.h>
#include <string.h>

#include "../../config/address.h"
#include "../../config/host.h"
#include "../../config/stand_in.h"

int fuzz_image(const uint8_t *data, size_t size);

/* The input as the value of VSOCKIFY_RULES. */
static char *text;

/**
 * lookup() - as getenv(), where only the first variable exists
 */
static char *lookup(const char *name)
{
	return strcmp(name, RULESET_ENV) == 0 ? text : NULL;
}

/**
 * read_rules() - read all of one side's rules
 */
static void read_rules(const struct ruleset *rs, const struct rule *rules, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		(void)strlen(ruleset_source(rs, &rules[i]));
		(void)rule_accepts(rs, &rules[i], 7);
	}
}

/**
 * read_image() - use everything that reads a valid image
 */
static void read_image(const struct ruleset *rs)
{
	static const uint16_t ports[] = {0, 1, 80, 65535};
	struct endpoint ep = {.ip = {[10] = 0xff, [11] = 0xff}};
	char name[64], host[HOST_MAX + 1];
	struct machine machine;

	for (size_t i = 0; i < sizeof(ports) / sizeof(ports[0]); i++) {
		ep.port = ports[i];
		(void)strlen(ruleset_string(rs, decide_connect(rs, &ep).path));
		(void)strlen(ruleset_string(
			rs, decide_connect_name(rs, "db.example.com", ports[i]).path));
		(void)strlen(ruleset_string(rs, decide_listen(rs, &ep, false).path));
		ep.ip[15] ^= 1;
	}
	read_rules(rs, ruleset_connect(rs), rs->connect_count);
	read_rules(rs, ruleset_listen(rs), rs->listen_count);
	if (host_taking(rs, "DB.example.com.", host) == NAME_TAKEN) {
		stand_in_ip(rs, stand_in_room(rs) - 1, false, ep.ip);
		(void)stand_in_is(rs, ep.ip);
	}
	if (machine_of_name(rs, "db.vsock", &machine))
		(void)ip_to_reach(rs, machine, false, ep.ip);
	for (uint32_t i = 0; i < rs->peer_count; i++) {
		uint32_t cid = ruleset_peers(rs)[i].cid;

		name_of_machine(rs, machine_of_cid(cid), name, sizeof(name));
		ip_of_cid(rs, cid, true, false, ep.ip);
		machine = (struct machine){ruleset_peers(rs)[i].socket, CID_UNKNOWN, i};
		name_of_machine(rs, machine, name, sizeof(name));
		(void)strlen(ruleset_string(rs, machine.socket));
	}
}

/**
 * as_bytes() - take the input for an image
 */
static void as_bytes(const uint8_t *data, size_t size)
{
	void *image = malloc(size);

	if (!image)
		return;
	memcpy(image, data, size);
	if (ruleset_valid(image, size))
		read_image(image);
	free(image);
}

/**
 * as_text() - take the input for the text of an image
 */
static void as_text(const uint8_t *data, size_t size)
{
	void *image;
	size_t announced;

	text = malloc(size + 1);
	if (!text)
		return;
	memcpy(text, data, size);
	text[size] = '\0';
	announced = ruleset_encoded_size(text);
	image = announced > 0 ? malloc(announced) : NULL;
	if (image && ruleset_decode(lookup, image, announced))
		read_image(image);
	free(image);
	free(text);
}

int fuzz_image(const uint8_t *data, size_t size)
{
	as_bytes(data, size);
	as_text(data, size);
	return 0;
}
