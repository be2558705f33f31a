/* SPDX-License-Identifier: MIT */
/*
 * parse.c - reading a configuration file
 *
 * Theory of operation
 *
 * libconfig turns the text (config/text.c) into a tree of settings. Each kind of group (the
 * file itself, a peer, a rule, ...) has a table of the settings that may stand in it, with
 * their types, against which it is held first (config/setting.h); so who reads it then
 * finds only what he expects. Peers and rules are read one by one (config/entry.h), here all
 * that there is one of.
 */
#include "parse.h"

#include <string.h>

#include "entry.h"

#define LANGUAGE_VERSION 1

#define TIMEOUT_MIN  0.001
#define TIMEOUT_MAX  86400.0
#define BUFFER_MIN   4096
#define BUFFER_MAX   1073741824
#define MICROSECONDS 1e6

/**
 * read_groups() - read a list of groups
 * @list: the setting; may be NULL
 */
static void read_groups(struct parser *parser, const config_setting_t *list,
			void (*read_group)(struct parser *parser,
					   const config_setting_t *group))
{
	for (int i = 0; list && i < config_setting_length(list); i++) {
		const config_setting_t *element =
			config_setting_get_elem(list, (unsigned int)i);

		if (is_kind(element, KIND_GROUP))
			read_group(parser, element);
		else
			(void)parser_error(parser, element, "an element of \"%s\" must be %s",
					   config_setting_name(list), kind_names[KIND_GROUP]);
	}
}

/**
 * read_defaults() - read what becomes of a call that no rule meets
 * @group: may be NULL
 */
static void read_defaults(struct parser *parser, const config_setting_t *group)
{
	static const struct setting_kind known[] = {
		[SIDE_CONNECT] = {"connect", KIND_STRING},
		[SIDE_LISTEN] = {"listen", KIND_STRING},
	};

	if (!group || !CHECK_GROUP(parser, group, known))
		return;
	for (int side = SIDE_CONNECT; side <= SIDE_LISTEN; side++) {
		const config_setting_t *action = member(group, known[side].name);

		if (action)
			(void)read_action(parser, action, &parser->builder->defaults[side]);
	}
}

/**
 * read_timeout() - read the connect time-out, in seconds
 */
static void read_timeout(struct parser *parser, const config_setting_t *setting)
{
	double seconds = is_kind(setting, KIND_INTEGER) ? (double)integer(setting)
							: config_setting_get_float(setting);

	if (seconds >= TIMEOUT_MIN && seconds <= TIMEOUT_MAX)
		parser->builder->connect_timeout_us = (uint64_t)(seconds * MICROSECONDS + 0.5);
	else
		(void)parser_error(
			parser, setting,
			"a time-out is %g to %g seconds; leave it out for the kernel's own",
			TIMEOUT_MIN, TIMEOUT_MAX);
}

/**
 * read_buffer_size() - read the size of a socket's buffer, in bytes
 */
static void read_buffer_size(struct parser *parser, const config_setting_t *setting)
{
	int64_t size = integer(setting);

	if (size >= BUFFER_MIN && size <= BUFFER_MAX)
		parser->builder->buffer_size = (uint64_t)size;
	else
		(void)parser_error(
			parser, setting,
			"a buffer size is %d to %d bytes; leave it out for the usual one",
			BUFFER_MIN, BUFFER_MAX);
}

/**
 * read_stand_ins() - read which addresses stand for host names
 */
static void read_stand_ins(struct parser *parser, const config_setting_t *setting)
{
	char reason[REASON_MAX];

	if (!stand_ins_parse(text_of(setting), &parser->builder->stand_ins,
			     &parser->builder->stand_ins_bits, reason))
		(void)parser_error(parser, setting, "%s", reason);
}

/**
 * read_unseen() - read whether something that no rule sees may be done
 */
static void read_unseen(struct parser *parser, const config_setting_t *group, const char *name,
			uint8_t what)
{
	const config_setting_t *setting = member(group, name);

	if (!setting)
		return;
	parser->builder->unseen &= (uint8_t)~what;
	if (config_setting_get_bool(setting))
		parser->builder->unseen |= what;
}

/**
 * read_options() - read the group of options
 * @group: may be NULL
 */
static void read_options(struct parser *parser, const config_setting_t *group)
{
	static const struct setting_kind known[] = {
		{"connect_timeout", KIND_NUMBER}, {"buffer_size", KIND_INTEGER},
		{"names", KIND_BOOLEAN},          {"stand_ins", KIND_STRING},
		{"own_vsock", KIND_BOOLEAN},      {"io_uring", KIND_BOOLEAN},
		{"foreign_abi", KIND_BOOLEAN},
	};
	const config_setting_t *setting;

	if (!group || !CHECK_GROUP(parser, group, known))
		return;
	setting = member(group, "connect_timeout");
	if (setting)
		read_timeout(parser, setting);
	setting = member(group, "buffer_size");
	if (setting)
		read_buffer_size(parser, setting);
	setting = member(group, "names");
	if (setting)
		parser->builder->names = config_setting_get_bool(setting);
	setting = member(group, "stand_ins");
	if (setting)
		read_stand_ins(parser, setting);
	read_unseen(parser, group, "own_vsock", UNSEEN_VSOCK);
	read_unseen(parser, group, "io_uring", UNSEEN_IO_URING);
	read_unseen(parser, group, "foreign_abi", UNSEEN_ABI32);
}

/**
 * read_version() - check that the file is in a language known here
 */
static bool read_version(struct parser *parser, const config_setting_t *root)
{
	const config_setting_t *version = member(root, "version");

	if (!version) {
		builder_error(parser->builder, config_text_origin(parser->text, 1),
			      "there is no \"version = %d;\", which a configuration must have",
			      LANGUAGE_VERSION);
		return false;
	}
	if (!is_kind(version, KIND_INTEGER) || integer(version) != LANGUAGE_VERSION)
		return parser_error(
			parser, version,
			"this vsockify knows only version %d of the language: write "
			"\"version = %d;\"",
			LANGUAGE_VERSION, LANGUAGE_VERSION);
	return true;
}

/**
 * read_root() - read the file as a whole
 */
static void read_root(struct parser *parser, const config_setting_t *root)
{
	static const struct setting_kind known[] = {
		{"version", KIND_INTEGER}, {"peers", KIND_LIST},    {"connect", KIND_LIST},
		{"listen", KIND_LIST},     {"default", KIND_GROUP}, {"options", KIND_GROUP},
	};

	/* A file of another version may well have other settings. */
	if (!read_version(parser, root) || !CHECK_GROUP(parser, root, known))
		return;
	read_groups(parser, member(root, "peers"), read_peer);
	read_groups(parser, member(root, "connect"), read_connect_rule);
	read_groups(parser, member(root, "listen"), read_listen_rule);
	read_defaults(parser, member(root, "default"));
	read_options(parser, member(root, "options"));
}

/**
 * report_syntax() - report what libconfig could not read
 */
static void report_syntax(const struct parser *parser, const config_t *config)
{
	const char *what = config_error_text(config);
	struct origin origin =
		config_text_origin(parser->text, (unsigned int)config_error_line(config));

	if (strcmp(what, "syntax error") == 0)
		builder_error(
			parser->builder, origin,
			"syntax error: look here and just before for a missing \";\", \",\", "
			"\"=\", quote or bracket, or a \",\" too many in front of a bracket");
	else if (strcmp(what, "duplicate setting name") == 0)
		builder_error(
			parser->builder, origin,
			"this setting stands here for the second time in its group: remove "
			"one of the two");
	else
		builder_error(parser->builder, origin, "%s", what);
}

void parse_file(struct builder *builder, const char *path)
{
	struct config_text text = {.bytes = {0}};
	struct parser parser = {.builder = builder, .text = &text};
	config_t config;

	config_init(&config);
	if (config_text_read(builder, path, &text)) {
		if (config_read_string(&config, text.bytes.items))
			read_root(&parser, config_root_setting(&config));
		else
			report_syntax(&parser, &config);
	}
	config_destroy(&config);
	config_text_free(&text);
}
