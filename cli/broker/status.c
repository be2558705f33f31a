/* SPDX-License-Identifier: MIT */
/*
 * status.c - the broker's own numbers
 */
#include "status.h"

#include <stdio.h>
#include <unistd.h>

#include "../../shim/kernel/sys.h"

size_t status_text(const struct kept *kept, char *text, size_t size)
{
	const struct shared *shared = kept->shared;
	int length = snprintf(
		text, size,
		"version %s, keeper %d, worker %d, for %d, %lld s old\n"
		"connections now: dialling %u, in dialogue %u, ready %u, given %u, carried %u, "
		"held %u, arriving %u, arrived %u\n"
		"so far: given %u, failed %u, workers that died %u, host names %u, handed to "
		"servers %u, turned away there %u\n",
		VSOCKIFY_VERSION, (int)getppid(), (int)getpid(), kept->handoff->program,
		(long long)((sys_now_ms() - shared->begun) / 1000),
		shared_count(shared, STATE_DIALLING), shared_count(shared, STATE_DIALOGUE),
		shared_count(shared, STATE_READY),
		shared_count(shared, STATE_GIVEN) + shared_count(shared, STATE_GIVING),
		shared_count(shared, STATE_CARRIED), shared_count(shared, STATE_HELD),
		shared_count(shared, STATE_ARRIVING), shared_count(shared, STATE_ARRIVED),
		atomic_load(&shared->given), atomic_load(&shared->failed),
		atomic_load(&shared->deaths), atomic_load(&kept->memory->names.count),
		atomic_load(&shared->arrived), atomic_load(&shared->turned_away));

	return length < 0 ? 0 : (size_t)length < size ? (size_t)length : size - 1;
}
