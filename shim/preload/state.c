/* SPDX-License-Identifier: MIT */
/*
 * state.c - finds the rules at load
 *
 * The launcher hands them over compiled, in the environment. Without it (LD_PRELOAD alone, and
 * always in secure execution, where the environment is not to be trusted) the configuration
 * file is read (reader.h). Rules that cannot be had end the program before it starts: it must
 * never run with rules its owner did not write.
 */
#include "state.h"

#include <dlfcn.h>
#include <limits.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sysexits.h>

#include "../../config/address.h"
#include "../kernel/sys.h"
#include "../log/log.h"
#include "../transport/transport.h"
#include "reader.h"
#include "real.h"

_Atomic int state_now;
const struct ruleset *state_rules = &ruleset_empty;
const struct broker_environment *state_broker;

/* This thread is the one that does the work. */
static _Thread_local bool preparing __attribute__((tls_model("initial-exec")));

static _Noreturn void stop(const char *what, const char *detail)
{
	log_fatal(what, detail);
	_exit(EX_CONFIG);
}

/* The rules that the launcher left in the environment; NULL if it left none. */
static const struct ruleset *rules_from_environment(void)
{
	const char *first = secure_getenv(RULESET_ENV);
	size_t size;
	void *image;

	if (!first)
		return NULL;
	size = ruleset_encoded_size(first);
	if (!size)
		stop("the variable " RULESET_ENV " was not written by this version of vsockify",
		     ": unset it, or start the program with the vsockify that belongs to "
		     "libvsockify.so");
	image = sys_map(size);
	if (!image)
		stop("no memory for the rules", "");
	if (!ruleset_decode(secure_getenv, image, size))
		stop("the rules in " RULESET_ENV
		     " are damaged, or of another version of vsockify",
		     ": unset it, or start the program with the vsockify that belongs to "
		     "libvsockify.so");
	return image;
}

/* What the kernel left on the stack, behind the arguments; ld.so knows where. */
static char **initial_environment(void)
{
	char ***stack_end = real_find_any("__libc_stack_end");

	if (!stack_end)
		stop("cannot find the environment, where the rules are", "");
	return *stack_end + 1 + (uintptr_t) * *stack_end + 1; /* behind argc, argv and NULL */
}

/*
 * A function in the program's own .preinit_array runs before libc has set `environ`, and must
 * not find it empty: there would be no rules for the whole life of the program.
 * Return: the variable, to be emptied again when the rules are found; NULL if it was not empty
 */
static char ***fill_environment(void)
{
	/* by name, not by the linker: hardly any program gets here, and all would pay */
	char ***variable = real_find_any("environ");

	if (!variable || *variable)
		return NULL;
	*variable = initial_environment();
	return variable;
}

/* The broker that the launcher left in the environment, if these rules can need one. Another
 * launcher's is of no use: it has other rules. */
static void find_broker(const struct ruleset *rs)
{
	static struct broker_environment broker;
	const char *text;

	if (!transport_may_be_meant(rs, AF_UNIX) && !rs->takes_names)
		return;
	text = secure_getenv(BROKER_ENV);
	if (text && broker_decode(text, &broker) && broker.rules == broker_hash(rs))
		state_broker = &broker;
}

static void find_rules(void)
{
	char ***filled = NULL;
	const struct ruleset *found;

	real_init();
	log_init();
	found = rules_from_environment();
	if (!found && (filled = fill_environment())) {
		log_init();
		found = rules_from_environment();
	}
	if (!found)
		found = reader_rules();
	if (found) {
		state_rules = found;
		find_broker(found);
	}
	if (filled)
		*filled = NULL;
	log_rules(state_rules);
}

/* Do the work, or wait for the thread that does it; disturbs errno. */
static const struct ruleset *prepare(void)
{
	int expected = STATE_NEW;

	if (preparing)
		return &ruleset_empty;
	if (atomic_compare_exchange_strong(&state_now, &expected, STATE_BUSY)) {
		preparing = true;
		find_rules();
		preparing = false;
		atomic_store_explicit(&state_now, STATE_READY, memory_order_release);
	}
	while (atomic_load_explicit(&state_now, memory_order_acquire) != STATE_READY)
		sched_yield();
	return state_rules;
}

const struct ruleset *state_prepare(void)
{
	int saved = errno;
	const struct ruleset *rs = prepare();

	errno = saved;
	return rs;
}

bool state_any_rule(void)
{
	return ruleset_any(rules());
}

/* Every function of libc that is called from here on is one more for the dynamic linker to
 * look up, at every start of every program: fewer are better. */
__attribute__((constructor)) static void load(void)
{
	prepare();
}
