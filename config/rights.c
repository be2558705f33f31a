/* SPDX-License-Identifier: MIT */
/*
 * rights.c - the words for who may write to a socket: a mode and a group
 *
 * Names of groups are looked for in /etc/group alone. What else a machine may have for them
 * (nsswitch.conf) would come as more objects into a program that reads its configuration by
 * itself.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "word.h"

#define GROUP_FILE "/etc/group"

/* The number of nobody: chown(2) takes it for "leave it". */
#define GROUP_NONE UINT32_MAX

bool mode_parse(const char *text, uint32_t *mode, char reason[REASON_MAX])
{
	size_t length = strlen(text);

	if (length < 3 || length > 4 || (length == 4 && *text != '0') ||
	    strspn(text, "01234567") != length)
		return refuse(reason,
			      "\"%.*s\" is no mode of a socket: write three octal digits, such "
			      "as \"660\" for its user and group",
			      QUOTE_MAX, text);
	*mode = (uint32_t)strtoul(text, NULL, 8);
	return true;
}

/**
 * number_of_line() - the number in a line of the file of groups
 * Return: it; GROUP_NONE if the line is another group's
 */
static uint32_t number_of_line(const char *line, const char *name)
{
	size_t length = strlen(name);
	const char *field;

	if (strncmp(line, name, length) != 0 || line[length] != ':')
		return GROUP_NONE;
	field = strchr(line + length + 1, ':');
	return field ? (uint32_t)strtoul(field + 1, NULL, 10) : GROUP_NONE;
}

/**
 * number_of_name() - the number of a group
 * Return: it, or GROUP_NONE
 */
static uint32_t number_of_name(const char *name)
{
	FILE *file = fopen(GROUP_FILE, "re");
	uint32_t number = GROUP_NONE;
	char *line = NULL;
	size_t room = 0;

	if (!file)
		return GROUP_NONE;
	while (number == GROUP_NONE && getline(&line, &room, file) > 0)
		number = number_of_line(line, name);
	free(line);
	(void)fclose(file);
	return number;
}

bool group_parse(const char *text, uint32_t *group, char reason[REASON_MAX])
{
	int64_t number;

	if (!number_parse(text, &number))
		number = *text == '\0' || strchr(text, ':') ? GROUP_NONE : number_of_name(text);
	if (number >= GROUP_NONE)
		return refuse(reason,
			      "there is no group \"%.*s\" in " GROUP_FILE ": write one that is "
			      "there, or its number",
			      QUOTE_MAX, text);
	*group = (uint32_t)number;
	return true;
}
