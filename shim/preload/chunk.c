/* SPDX-License-Identifier: MIT */
/*
 * chunk.c - maps memory for something about each descriptor
 */
#include "chunk.h"

#include "../kernel/sys.h"

void *chunk_make(struct chunks *chunks, int fd, size_t size)
{
	void *mine = chunk_of(chunks, fd), *theirs = NULL;

	if (mine)
		return mine;
	mine = sys_map(size * CHUNK_FDS);
	if (!mine)
		return NULL;
	/* or the first byte written takes 2 MiB, where the machine is set up so */
	SYS_CALL(SYS_madvise, mine, size * CHUNK_FDS, MADV_NOHUGEPAGE);
	if (atomic_compare_exchange_strong(&chunks->of[fd / CHUNK_FDS], &theirs, mine))
		return mine;
	SYS_CALL(SYS_munmap, mine, size * CHUNK_FDS);
	return theirs;
}
