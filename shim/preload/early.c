/* SPDX-License-Identifier: MIT */
/*
 * early.c - calls that carry data before the shim has been loaded
 *
 * Another library's constructor may come first. Everybody else asks for the rules, which loads
 * the shim; calls that carry data are made without a look, through pointers that lead here at
 * first.
 */
#include "real.h"
#include "state.h"

static ssize_t early_read(int fd, void *data, size_t size)
{
	rules();
	return real.read(fd, data, size);
}

static ssize_t early_write(int fd, const void *data, size_t size)
{
	rules();
	return real.write(fd, data, size);
}

static ssize_t early_send(int fd, const void *data, size_t size, int flags)
{
	rules();
	return real.send(fd, data, size, flags);
}

static ssize_t early_readv(int fd, const struct iovec *parts, int count)
{
	rules();
	return real.readv(fd, parts, count);
}

static ssize_t early_writev(int fd, const struct iovec *parts, int count)
{
	rules();
	return real.writev(fd, parts, count);
}

struct real real = {
	.read = early_read,
	.write = early_write,
	.send = early_send,
	.readv = early_readv,
	.writev = early_writev,
};
