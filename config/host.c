/* SPDX-License-Identifier: MIT */
/*
 * host.c - host names, as programs ask for them and as rules have them
 */
#include "host.h"

#include <string.h>

/* ---- characters, whatever the locale ---- */

static char lower(char c)
{
	return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* "_" is in names of services, and in hosts' in spite of all rules. */
static bool may_be_in_label(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || c == '-' || c == '_';
}

/* ---- names ---- */

/**
 * put_lower() - copy a name in lower case, without a dot at its end
 * Return: its length; 0 if it is empty or too long
 */
static size_t put_lower(const char *name, char to[HOST_MAX + 1])
{
	size_t length = strnlen(name, HOST_MAX + 2);

	if (length > 0 && name[length - 1] == '.')
		length--;
	if (length > HOST_MAX)
		return 0;
	for (size_t i = 0; i < length; i++)
		to[i] = lower(name[i]);
	to[length] = '\0';
	return length;
}

/**
 * labels_are_good() - is it made of labels, with dots between them?
 */
static bool labels_are_good(const char *name)
{
	size_t label = 0;

	for (;; name++) {
		if (may_be_in_label(*name)) {
			label++;
			continue;
		}
		if ((*name != '.' && *name != '\0') || label == 0 || label > HOST_LABEL_MAX)
			return false;
		if (*name == '\0')
			return true;
		label = 0;
	}
}

bool host_normal(const char *name, char normal[HOST_MAX + 1])
{
	return put_lower(name, normal) > 0 && labels_are_good(normal);
}

bool host_is_number(const char *name)
{
	size_t length = strlen(name);
	const char *last = name + length;

	while (last > name && last[-1] != '.')
		last--;
	return is_digit(*last) &&
	       (strspn(last, "0123456789") == strlen(last) ||
		(last[0] == '0' && lower(last[1]) == 'x' &&
		 strspn(last + 2, "0123456789abcdefABCDEF") == strlen(last + 2)));
}

bool host_is_local(const char *name)
{
	return host_meets("localhost", name) || host_meets("*.localhost", name);
}

/* ---- patterns ---- */

/**
 * is_below() - does a name end in ".example.com", with something in front?
 */
static bool is_below(const char *name, const char *end)
{
	size_t length = strlen(name), most = strlen(end);

	return length > most && memcmp(name + length - most, end, most) == 0;
}

bool host_meets(const char *pattern, const char *name)
{
	if (pattern[0] == '*')
		return is_below(name, pattern + 1);
	return strcmp(pattern, name) == 0;
}

bool host_covers(const char *outer, const char *inner)
{
	/* "*" is in no name, so that what stands in for all names is below what they are */
	return strcmp(outer, inner) == 0 || host_meets(outer, inner);
}

/* ---- rules ---- */

/**
 * taking_rule() - the first rule that says whether a name is looked up
 * @name: in lower case; perhaps none that a host has
 * Return: NULL if none does
 */
static const struct rule *taking_rule(const struct ruleset *rs, const char *name)
{
	const struct rule *rules = ruleset_connect(rs);

	for (uint32_t i = 0; i < rs->connect_count; i++) {
		if (rule_takes_names(&rules[i]) &&
		    (rules[i].family != RULE_HOST ||
		     host_meets(ruleset_string(rs, rules[i].host), name)))
			return &rules[i];
	}
	return NULL;
}

enum taking host_taking(const struct ruleset *rs, const char *name, char normal[HOST_MAX + 1])
{
	const struct rule *rule;

	if (!rs->takes_names || put_lower(name, normal) == 0 || host_is_number(normal) ||
	    strchr(name, ':') || host_is_local(normal))
		return NAME_FREE;
	rule = taking_rule(rs, normal);
	if (!rule || rule->action == ACTION_PASS)
		return NAME_FREE;
	return labels_are_good(normal) ? NAME_TAKEN : NAME_BAD;
}

bool host_takes_all(const struct ruleset *rs)
{
	/* "*" is in no pattern but at its beginning */
	const struct rule *rule = rs->takes_names ? taking_rule(rs, "*") : NULL;

	return rule && rule->action != ACTION_PASS;
}
