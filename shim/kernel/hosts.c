/* SPDX-License-Identifier: MIT */
/*
 * hosts.c - the names that this machine knows without asking anybody
 *
 * The file is looked through as it comes, a character at a time: a line is an address, and
 * names behind it.
 */
#include "hosts.h"

#include <string.h>
#include <sys/utsname.h>

#include "sys.h"

#define HOSTS_FILE "/etc/hosts"

struct scan {
	const char *name; /* that is looked for */
	size_t matched;   /* characters of it, in this word */
	bool in_word, differs, comment, found;
	bool behind; /* the address of this line is over */
};

static char lower(char c)
{
	return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

static void end_word(struct scan *s)
{
	if (!s->in_word)
		return;
	if (s->behind && !s->differs && s->name[s->matched] == '\0')
		s->found = true;
	s->behind = true;
	s->in_word = s->differs = false;
	s->matched = 0;
}

static void take(struct scan *s, char c)
{
	if (c == '\n') {
		end_word(s);
		s->behind = s->comment = false;
	} else if (c == '#' || c == ' ' || c == '\t' || c == '\r') {
		end_word(s);
		s->comment |= c == '#';
	} else if (!s->comment) {
		s->in_word = true;
		s->differs |= lower(c) != s->name[s->matched];
		s->matched += !s->differs;
	}
}

bool hosts_text_knows(const char *text, const char *name)
{
	struct scan s = {.name = name};

	for (; *text; text++)
		take(&s, *text);
	end_word(&s);
	return s.found;
}

bool hosts_know(const char *name)
{
	struct scan s = {.name = name};
	char part[1024];
	long size;
	int fd = (int)SYS_CALL(SYS_openat, AT_FDCWD, HOSTS_FILE, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return false;
	while ((size = SYS_CALL(SYS_read, fd, part, sizeof part)) > 0 && !s.found)
		for (long i = 0; i < size; i++)
			take(&s, part[i]);
	end_word(&s);
	sys_close(fd);
	return s.found;
}

bool hosts_is_own(const char *name)
{
	struct utsname machine;
	size_t i = 0;

	if (SYS_CALL(SYS_uname, &machine) < 0)
		return false;
	while (name[i] && name[i] == lower(machine.nodename[i]))
		i++;
	return !name[i] && !machine.nodename[i];
}
