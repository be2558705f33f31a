/* SPDX-License-Identifier: MIT */
/*
 * parcel.h - messages with descriptors, as the shim sends and gets them
 *
 * All functions are async-signal-safe, no cancellation points, and leave errno alone.
 */
#ifndef VSOCKIFY_SHIM_PARCEL_H
#define VSOCKIFY_SHIM_PARCEL_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* More descriptors than any message to the shim has, so that none that came is lost. */
#define PARCEL_MAX 4

struct parcel {
	unsigned count;
	int fd[PARCEL_MAX];
};

/* parcel_send() - send it whole, with a descriptor unless that is -1; 0, or a negated errno */
int parcel_send(int socket, const void *data, size_t size, int fd);

/*
 * parcel_wait() - wait for something to read, whatever signals come
 * Return: 0; -ETIMEDOUT after so many milliseconds; or another negated errno; -ENGINE_LATER
 */
int parcel_wait(int socket, int64_t ms);

/* parcel_take() - take what is there: how many bytes, or a negated errno. No more than @size
 * come. */
ssize_t parcel_take(int socket, void *data, size_t size, struct parcel *came);

/* parcel_drop() - close what came with it */
void parcel_drop(const struct parcel *came);

#endif
