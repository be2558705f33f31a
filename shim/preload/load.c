/* SPDX-License-Identifier: MIT */
/*
 * load.c - do the rules hold for what a program loads?
 */
#include "load.h"

#include "../log/line.h"
#include "../log/log.h"
#include "clash.h"
#include "real.h"
#include "state.h"

/* In place of libc's function: fail, with a reason that dlerror() gives. */
static void *refuse(const char *file, int mode)
{
	char name[128];
	struct line line;

	if (!clash_find(file, name, sizeof name))
		return REAL(dlopen)(file, mode & ~RTLD_DEEPBIND);
	line_begin(&line);
	line_add(&line,
		 "vsockify lets no object have RTLD_DEEPBIND, since no rule would hold for "
		 "it, and without it ");
	line_add(&line, name);
	line_add(&line, "() of this one would be another's: ");
	line_add(&line, file);
	line.text[line.end] = 0;
	return REAL(dlopen)(line.text + LINE_HEAD, mode); /* which is not there */
}

static void *refuse_in(Lmid_t namespace, const char *file, int mode)
{
	(void)namespace;
	return refuse(file, mode);
}

/* What becomes of a mode in the namespace that has our functions. */
static struct load_jump jump_to(void *function, void *refusal, const char *call,
				const char *file, int mode)
{
	char name[128];

	if (!(mode & RTLD_DEEPBIND))
		return (struct load_jump){function, mode};
	if (!clash_find(file, name, sizeof name)) {
		log_loading(LOG_CALLS, call, file,
			    "loaded without RTLD_DEEPBIND, so that the rules hold for it");
		return (struct load_jump){function, mode & ~RTLD_DEEPBIND};
	}
	if (state_any_rule()) {
		log_loading(LOG_DECISIONS, call, file,
			    "refused: it needs RTLD_DEEPBIND, and then no rule holds for it");
		return (struct load_jump){refusal, mode};
	}
	log_loading(LOG_DECISIONS, call, file,
		    "loaded with RTLD_DEEPBIND: NO ADDRESS OF VM SOCKETS IS KNOWN TO IT");
	return (struct load_jump){function, mode};
}

struct load_jump load_dlopen(const char *file, int mode)
{
	return jump_to(REAL(dlopen), refuse, "dlopen", file, mode);
}

struct load_jump load_dlmopen(Lmid_t namespace, const char *file, int mode)
{
	if (namespace == LM_ID_BASE)
		return jump_to(REAL(dlmopen), refuse_in, "dlmopen", file, mode);
	log_loading(LOG_DECISIONS, "dlmopen", file,
		    "loaded with a libc of its own: NO RULE HOLDS FOR IT");
	return (struct load_jump){REAL(dlmopen), mode};
}
