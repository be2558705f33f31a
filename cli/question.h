/* SPDX-License-Identifier: MIT */
/*
 * question.h - which addresses does --explain ask about?
 */
#ifndef VSOCKIFY_QUESTION_H
#define VSOCKIFY_QUESTION_H

#include "../config/memory.h"
#include "../config/pattern.h"
#include "../config/ruleset.h"

struct question {
	enum side side;
	const char *text;         /* as it was asked */
	char *host;               /* the part before the port; freed with question_free() */
	bool is_name;             /* the host is no address, and was looked up */
	char taken[HOST_MAX + 1]; /* the host's normal form, if the rules take it; else empty */
	bool is_hosts; /* the rules would take it, but this machine knows it by itself */
	struct list endpoints; /* of struct endpoint: those that the host stands for */
	char error[REASON_MAX];
};

/*
 * question_read() - find out what is asked
 * @text: "10.0.2.15:80", "[fd00::1]:80", "db.vsock:80", "www.example.org:80"; what listens
 *	may also be "*:80" or "80", which stand for the two wildcard addresses
 * Return: false if it makes no sense or a name is not known; @question->error says why
 *
 * Names that end in .vsock are looked up among the rules' peers, as the shim does; those that
 * the rules take have an address that stands for them; all others are getaddrinfo()'s.
 */
bool question_read(const struct ruleset *rs, enum side side, const char *text,
		   struct question *question);

/* question_free() - free what question_read() made, also after an error */
void question_free(struct question *question);

#endif
