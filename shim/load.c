/* SPDX-License-Identifier: MIT */
/*
 * load.c - do the rules hold for what a program loads?
 */
#include "load.h"

#include "log.h"
#include "real.h"

/* The mode without RTLD_DEEPBIND; of a namespace that has our functions. */
static int without_deepbind(const char *call, const char *file, int mode)
{
	if (!(mode & RTLD_DEEPBIND))
		return mode;
	log_loading(LOG_CALLS, call, file,
		    "without RTLD_DEEPBIND, so that the rules hold for it");
	return mode & ~RTLD_DEEPBIND;
}

struct load_jump load_dlopen(const char *file, int mode)
{
	return (struct load_jump){REAL(dlopen), without_deepbind("dlopen", file, mode)};
}

struct load_jump load_dlmopen(Lmid_t namespace, const char *file, int mode)
{
	struct load_jump jump = {REAL(dlmopen), mode};

	if (namespace == LM_ID_BASE)
		jump.mode = without_deepbind("dlmopen", file, mode);
	else
		log_loading(LOG_DECISIONS, "dlmopen", file,
			    "with a libc of its own: NO RULE HOLDS FOR IT");
	return jump;
}
