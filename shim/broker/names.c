/* SPDX-License-Identifier: MIT */
/*
 * names.c - which address stands for which host name
 */
#include "names.h"

#include <string.h>

/* FNV-1a: the same in every run. */
uint32_t names_begin(const struct ruleset *rs, const char *name)
{
	uint32_t hash = 0x811c9dc5;

	for (; *name != '\0'; name++)
		hash = (hash ^ (uint8_t)*name) * 0x01000193;
	return (hash ^ hash >> 16) % stand_in_room(rs);
}

static bool is_entry_of(const struct name_entry *entry, const char *name, size_t length)
{
	return atomic_load_explicit(&entry->length, memory_order_acquire) == length &&
	       memcmp(entry->text, name, length) == 0;
}

static bool is_free(const struct name_entry *entry)
{
	return atomic_load_explicit(&entry->length, memory_order_acquire) == 0;
}

/* Where a name is, or would be: the first place of its own or of nobody; -1: there is none. */
static int32_t place_of_name(const struct names *names, const struct ruleset *rs,
			     const char *name, size_t length)
{
	uint32_t room = stand_in_room(rs), at = names_begin(rs, name);

	for (uint32_t i = 0; i < room; i++) {
		const struct name_entry *entry = &names->entries[at];

		if (is_entry_of(entry, name, length) || is_free(entry))
			return (int32_t)at;
		at = at + 1 < room ? at + 1 : 0;
	}
	return -1;
}

int32_t names_find(const struct names *names, const struct ruleset *rs, const char *name)
{
	int32_t at = place_of_name(names, rs, name, strlen(name));

	return at < 0 || is_free(&names->entries[at]) ? -1 : at;
}

bool names_text(const struct names *names, uint32_t number, char name[HOST_MAX + 1])
{
	const struct name_entry *entry = &names->entries[number];
	size_t length = atomic_load_explicit(&entry->length, memory_order_acquire);

	if (length == 0 || length > HOST_MAX)
		return false;
	memcpy(name, entry->text, length);
	name[length] = '\0';
	return true;
}

int32_t names_add(struct names *names, const struct ruleset *rs, const char *name)
{
	uint32_t room = stand_in_room(rs), count = atomic_load(&names->count);
	size_t length = strlen(name);
	int32_t at = place_of_name(names, rs, name, length);

	if (at < 0 || !is_free(&names->entries[at]))
		return at;
	if (count >= room - room / 4)
		return -1;
	memcpy(names->entries[at].text, name, length + 1);
	atomic_store_explicit(&names->entries[at].length, (uint16_t)length,
			      memory_order_release);
	atomic_store(&names->count, count + 1);
	return at;
}

struct decision names_decide(const struct names *names, const struct ruleset *rs,
			     const struct endpoint *to, char name[HOST_MAX + 1])
{
	uint32_t number;

	*name = '\0';
	if (!stand_in_is(rs, to->ip))
		return decide_connect(rs, to);
	if (names && stand_in_number(rs, to->ip, &number) && names_text(names, number, name))
		return decide_connect_name(rs, name, to->port);
	*name = '\0';
	return (struct decision){.action = ACTION_DENY, .rule = BY_NAME, .peer = NO_PEER};
}
