/* SPDX-License-Identifier: MIT */
/*
 * setting.h - what kinds of settings may stand where in a configuration
 *
 * Theory of operation
 *
 * Each kind of group (the file itself, a peer, a rule, ...) has a table of the settings that
 * may stand in it, with their types. parse.c and entry.c have the tables; here a group of
 * libconfig's is held against one, so that what reads it then finds only what it expects, and
 * an unknown or mistyped setting is reported at its own line.
 */
#ifndef VSOCKIFY_SETTING_H
#define VSOCKIFY_SETTING_H

#include <libconfig.h>

#include "text.h"

/* What libconfig's types come down to here. */
enum kind {
	KIND_GROUP,
	KIND_LIST,
	KIND_STRING,
	KIND_INTEGER,
	KIND_NUMBER, /* an integer will do as well */
	KIND_BOOLEAN,
	KIND_OTHER,
};

/* The names of kinds that may be asked for: "... must be NAME". */
extern const char *const kind_names[];

/* A setting that may stand in a group. */
struct setting_kind {
	const char *name;
	enum kind kind;
};

struct parser {
	struct builder *builder;
	const struct config_text *text;
};

/* member() - a setting of a group; NULL if it is not there */
static inline config_setting_t *member(const config_setting_t *group, const char *name)
{
	return config_setting_get_member(group, name);
}

/* integer(), text_of() - the value of a setting that is an integer, or a text */
static inline int64_t integer(const config_setting_t *setting)
{
	return config_setting_get_int64(setting);
}

static inline const char *text_of(const config_setting_t *setting)
{
	return config_setting_get_string(setting);
}

/* origin_of() - where a setting was written */
struct origin origin_of(const struct parser *parser, const config_setting_t *setting);

/* parser_error() - report an error at a setting; yields false, for the caller to return */
#define parser_error(parser, setting, ...) \
	(builder_error((parser)->builder, origin_of(parser, setting), __VA_ARGS__), false)

/* is_kind() - may a setting stand where @wanted is? */
bool is_kind(const config_setting_t *setting, enum kind wanted);

/*
 * check_group() - hold a group against the table of the settings that may stand in it
 * @known: the table, of @count elements
 * Return: false after an error, which was reported
 */
bool check_group(const struct parser *parser, const config_setting_t *group,
		 const struct setting_kind *known, size_t count);

/* CHECK_GROUP() - check_group() with an array of a known size */
#define CHECK_GROUP(parser, group, known) \
	check_group(parser, group, known, sizeof(known) / sizeof((known)[0]))

/* read_cid(), read_peer_name(), read_socket() - read a setting that is a CID, the name of a
 * peer, the path of a socket; false after an error, which was reported. Texts are to be freed.
 */
bool read_cid(struct parser *parser, const config_setting_t *setting, uint32_t *cid);
bool read_peer_name(struct parser *parser, const config_setting_t *setting, char **name);
bool read_socket(struct parser *parser, const config_setting_t *setting, char **path);

#endif
