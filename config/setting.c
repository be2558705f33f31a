/* SPDX-License-Identifier: MIT */
/*
 * setting.c - what kinds of settings may stand where in a configuration
 */
#include "setting.h"

#include <stdio.h>
#include <string.h>

const char *const kind_names[] = {
	[KIND_GROUP] = "a group, { ... }", [KIND_LIST] = "a list, ( ... )",
	[KIND_STRING] = "a text, \"...\"", [KIND_INTEGER] = "a whole number",
	[KIND_NUMBER] = "a number",        [KIND_BOOLEAN] = "true or false",
};

struct origin origin_of(const struct parser *parser, const config_setting_t *setting)
{
	return config_text_origin(parser->text, config_setting_source_line(setting));
}

/**
 * kind_of() - the kind of a setting
 */
static enum kind kind_of(const config_setting_t *setting)
{
	switch (config_setting_type(setting)) {
	case CONFIG_TYPE_GROUP:
		return KIND_GROUP;
	case CONFIG_TYPE_LIST:
		return KIND_LIST;
	case CONFIG_TYPE_STRING:
		return KIND_STRING;
	case CONFIG_TYPE_INT:
	case CONFIG_TYPE_INT64:
		return KIND_INTEGER;
	case CONFIG_TYPE_FLOAT:
		return KIND_NUMBER;
	case CONFIG_TYPE_BOOL:
		return KIND_BOOLEAN;
	default:
		return KIND_OTHER;
	}
}

bool is_kind(const config_setting_t *setting, enum kind wanted)
{
	enum kind kind = kind_of(setting);

	return kind == wanted || (wanted == KIND_NUMBER && kind == KIND_INTEGER);
}

/**
 * list_known() - the names of the settings that may stand in a group, for a message
 * @buf: REASON_MAX bytes
 * Return: @buf
 */
static const char *list_known(const struct setting_kind *known, size_t count, char *buf)
{
	size_t used = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < count && used < REASON_MAX; i++)
		used += (size_t)snprintf(buf + used, REASON_MAX - used, "%s%s",
					 i > 0 ? ", " : "", known[i].name);
	return buf;
}

/**
 * check_setting() - hold one setting of a group against the table
 */
static bool check_setting(const struct parser *parser, const config_setting_t *setting,
			  const struct setting_kind *known, size_t count)
{
	const char *name = config_setting_name(setting);
	char names[REASON_MAX];

	for (size_t i = 0; i < count; i++) {
		if (strcmp(name, known[i].name) != 0)
			continue;
		if (is_kind(setting, known[i].kind))
			return true;
		return parser_error(parser, setting, "\"%s\" must be %s", name,
				    kind_names[known[i].kind]);
	}
	return parser_error(parser, setting, "unknown setting \"%.*s\": known here are %s",
			    QUOTE_MAX, name, list_known(known, count, names));
}

bool check_group(const struct parser *parser, const config_setting_t *group,
		 const struct setting_kind *known, size_t count)
{
	bool good = true;

	for (int i = 0; i < config_setting_length(group); i++)
		good &= check_setting(parser, config_setting_get_elem(group, (unsigned int)i),
				      known, count);
	return good;
}

/* ---- settings that are words ---- */

bool read_cid(struct parser *parser, const config_setting_t *setting, uint32_t *cid)
{
	char reason[REASON_MAX];

	if (cid_check(integer(setting), cid, reason))
		return true;
	return parser_error(parser, setting, "%s", reason);
}

bool read_peer_name(struct parser *parser, const config_setting_t *setting, char **name)
{
	const char *text = text_of(setting);
	char reason[REASON_MAX];

	if (!peer_name_check(text, reason))
		return parser_error(parser, setting, "%s", reason);
	*name = memory_string(text, strlen(text));
	return true;
}

bool read_socket(struct parser *parser, const config_setting_t *setting, char **path)
{
	const char *text = text_of(setting);
	char reason[REASON_MAX];

	if (!socket_path_check(text, reason))
		return parser_error(parser, setting, "%s", reason);
	*path = memory_string(text, strlen(text));
	return true;
}
