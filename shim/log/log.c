/* SPDX-License-Identifier: MIT */
/*
 * log.c - one line for each decision, for people who ask "why?"
 */
#include "log.h"

#include <stdlib.h>
#include <string.h>

#include "../../config/cid.h"
#include "../kernel/sys.h"
#include "errname.h"
#include "line.h"
#include "summary.h"
#include "target.h"

unsigned log_what;
int (*log_number)(int fd);

static int shown(int fd)
{
	return log_number ? log_number(fd) : fd;
}

/* The bit of a word of VSOCKIFY_LOG_WHAT, of this length; 0 if there is no such word. */
static unsigned kind_of(const char *word, size_t length)
{
	static const struct {
		char name[12];
		unsigned kinds;
	} known[] = {{"decisions", LOG_DECISIONS},
		     {"calls", LOG_DECISIONS | LOG_CALLS},
		     {"summary", LOG_SUMMARY}};

	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (strlen(known[i].name) == length && !memcmp(known[i].name, word, length))
			return known[i].kinds;
	return 0;
}

/* The bits of "decisions,summary"; what is no word is reported. */
static unsigned kinds_of(const char *words)
{
	unsigned kinds = 0, kind;
	size_t length;

	for (;; words += length + 1) {
		length = strcspn(words, ",");
		kind = kind_of(words, length);
		if (!kind)
			log_fatal("VSOCKIFY_LOG_WHAT is not made of \"decisions\", \"calls\" "
				  "and \"summary\", with commas between them: ",
				  words);
		kinds |= kind;
		if (!words[length])
			return kinds;
	}
}

void log_init(void)
{
	const char *where = secure_getenv("VSOCKIFY_LOG"), *what;

	if (!where || !*where || !target_choose(where))
		return;
	what = secure_getenv("VSOCKIFY_LOG_WHAT");
	log_what = what && *what ? kinds_of(what) : LOG_DECISIONS;
}

void log_rules(const struct ruleset *rs)
{
	if (log_what & LOG_SUMMARY && !summary_init(rs))
		log_fatal("no memory for the summary", "");
}

static void add_outcome(struct line *line, const char *call, const struct ruleset *rs,
			const struct decision *d)
{
	switch (d->action) {
	case ACTION_PASS:
		line_add(line, " -> TCP");
		break;
	case ACTION_DENY:
		line_add(line, " -> denied");
		if (d->bare && !d->path)
			line_add(line, ", for the peer has no socket for this port");
		break;
	case ACTION_VSOCK:
		line_add(line, " -> vsock ");
		if (d->path)
			line_add(line, ruleset_string(rs, d->path));
		else if (d->cid == CID_ANY)
			line_add(line, *call == 'c' ? "nowhere" : "any");
		else
			line_add_number(line, d->cid);
		line_add(line, ":");
		if (d->port || *call == 'c')
			line_add_number(line, d->port);
		else
			line_add(line, "(a free port)");
		if (d->via)
			line_add(line, ", a proxy");
	}
}

void log_decision(const struct ruleset *rs, const char *call, int fd,
		  const struct endpoint *asked, const char *name, const struct decision *d)
{
	struct line line;

	if (log_what & LOG_SUMMARY)
		summary_decision(rs, *call == 'c', d);
	if (!(log_what & LOG_DECISIONS))
		return;
	line_begin(&line);
	line_add(&line, call);
	line_add(&line, " ");
	line_add_endpoint(&line, asked);
	if (*name) {
		line_add(&line, " (");
		line_add(&line, name);
		line_add(&line, ")");
	}
	line_add(&line, " on descriptor ");
	line_add_number(&line, shown(fd));
	add_outcome(&line, call, rs, d);
	line_add_rule(&line, rs, *call == 'c' ? ruleset_connect(rs) : ruleset_listen(rs),
		      d->rule);
	target_write(&line);
}

static void begin_about(struct line *line, const char *call, int fd, const char *what)
{
	line_begin(line);
	line_add(line, call);
	line_add(line, " on descriptor ");
	line_add_number(line, shown(fd));
	line_add(line, ": ");
	line_add(line, what);
}

void log_progress(const char *call, int fd, const char *what)
{
	struct line line;

	if (!(log_what & LOG_DECISIONS))
		return;
	begin_about(&line, call, fd, what);
	target_write(&line);
}

void log_failure(const char *call, int fd, const char *what, int error, const char *cause)
{
	struct line line;

	summary_count(COUNT_ERRORS);
	if (!(log_what & LOG_DECISIONS))
		return;
	begin_about(&line, call, fd, what);
	line_add(&line, ": error ");
	line_add_number(&line, error);
	line_add(&line, " (");
	line_add_error(&line, error);
	if (!*cause)
		cause = errname_cause(error);
	line_add(&line, *cause ? ": " : "");
	line_add(&line, cause);
	line_add(&line, ")");
	target_write(&line);
}

void log_other_version(int fd, int error)
{
	log_failure(
		"a call", fd,
		"the socket was converted by another version of vsockify, in another program",
		error, "start both with the same one");
}

void log_refused(const struct ruleset *rs, int fd, uint32_t cid, uint32_t peer,
		 const struct rule *rule)
{
	struct line line;

	summary_count(COUNT_TURNED_AWAY);
	if (!(log_what & LOG_DECISIONS))
		return;
	line_begin(&line);
	line_add(&line, "accept on descriptor ");
	line_add_number(&line, shown(fd));
	line_add(&line, ": closed a connection from ");
	if (cid != CID_ANY) {
		line_add(&line, "CID ");
		line_add_number(&line, cid);
	} else {
		line_add(&line, peer == NO_PEER
					? "a guest that cannot be told"
					: ruleset_string(rs, ruleset_peers(rs)[peer].name));
	}
	line_add(&line, ", which accept_from does not name");
	if (rule)
		line_add_rule(&line, rs, rule, 0);
	target_write(&line);
}

void log_loading(unsigned kind, const char *call, const char *file, const char *how)
{
	struct line line;

	if (!(log_what & kind))
		return;
	line_begin(&line);
	line_add(&line, call);
	line_add(&line, "(");
	line_add(&line, file ? file : "");
	line_add(&line, "): ");
	line_add(&line, how);
	target_write(&line);
}

void log_fatal(const char *what, const char *detail)
{
	struct line line;

	line_begin(&line);
	line_add(&line, "vsockify: ");
	line_add(&line, what);
	line_add(&line, detail);
	target_write_fatal(&line);
}
