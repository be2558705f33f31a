/* SPDX-License-Identifier: MIT */
/*
 * test_plausible.c - tests of cid_doubt() in cli/plausible.c, and of what kernels do in
 * cli/kernel.c
 */
#include "../../cli/plausible.h"

#include <stddef.h>
#include <string.h>

#include "../../cli/here.h"
#include "../../cli/kernel.h"
#include "../../config/address.h"
#include "unit.h"

/**
 * doubts() - does what is said of a CID contain a text? NULL: is nothing said?
 */
static bool doubts(uint32_t cid, uint32_t local, unsigned int loaded, const char *text)
{
	const char *doubt = cid_doubt(cid, local, loaded);

	return text ? doubt && strstr(doubt, text) : !doubt;
}

static void test_guest(void)
{
	const unsigned int guest = TRANSPORT_VIRTIO;

	CU_ASSERT(doubts(2, 3, guest, NULL));
	CU_ASSERT(doubts(1, 3, guest, "modprobe vsock_loopback"));
	CU_ASSERT(doubts(1, 3, guest | TRANSPORT_LOOPBACK, NULL));
	CU_ASSERT(doubts(3, 3, guest, "of this machine itself"));
	CU_ASSERT(doubts(3, 3, guest | TRANSPORT_LOOPBACK, "of this machine itself"));
	CU_ASSERT(doubts(4, 3, guest, "reaches its host"));
	CU_ASSERT(doubts(4, CID_UNKNOWN, TRANSPORT_HYPERV, "reaches its host"));
	CU_ASSERT(doubts(4, 3, guest | TRANSPORT_VHOST, NULL)); /* it has guests of its own */
}

static void test_host(void)
{
	CU_ASSERT(doubts(3, 2, TRANSPORT_VHOST, NULL));
	CU_ASSERT(doubts(2, 2, TRANSPORT_VHOST, "is the host"));
	CU_ASSERT(doubts(1, 2, TRANSPORT_VHOST, "modprobe vsock_loopback"));
	CU_ASSERT(doubts(3, 2, TRANSPORT_VMCI, NULL));
}

static void test_neither(void)
{
	CU_ASSERT(doubts(1, CID_UNKNOWN, TRANSPORT_LOOPBACK, NULL));
	CU_ASSERT(doubts(2, CID_UNKNOWN, TRANSPORT_LOOPBACK, "is the host"));
	CU_ASSERT(doubts(3, CID_UNKNOWN, TRANSPORT_LOOPBACK, "modprobe vhost_vsock"));
	CU_ASSERT(doubts(3, CID_UNKNOWN, 0, NULL)); /* said of the transports already */
}

static void test_kernels(void)
{
	static const char *const reset[] = {"6.12.92", "6.12.95+deb12-amd64", "6.12.116-1"};
	static const char *const none[] = {
		"6.12.91", "6.12.117", "6.1.0-56-amd64",     "6.120.95",
		"6.12.x",  "6.12",     "7.2.13+deb14-amd64", ""};

	for (size_t i = 0; i < sizeof(reset) / sizeof(reset[0]); i++)
		CU_ASSERT(kernel_resets_small(reset[i]));
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		CU_ASSERT(!kernel_resets_small(none[i]));
}

static void test_old_kernels(void)
{
	static const char *const old[] = {"4.14.256-209.484.amzn2.x86_64", "5.9.16",
					  "5.4.0-1030-aws", "2.6.72"};
	static const char *const none[] = {"5.10.0-30-amd64",
					   "5.10",
					   "6.1.0-56-amd64",
					   "10.0",
					   "5.100.1",
					   "7.2.13",
					   "5",
					   "",
					   "x"};

	for (size_t i = 0; i < sizeof(old) / sizeof(old[0]); i++)
		CU_ASSERT(kernel_is_old(old[i]));
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		CU_ASSERT(!kernel_is_old(none[i]));
}

CU_TestInfo plausible_tests[] = {
	{"CIDs in a guest", test_guest},
	{"CIDs on a host", test_host},
	{"CIDs on neither", test_neither},
	{"kernels that reset under small messages", test_kernels},
	{"kernels that are too old", test_old_kernels},
	CU_TEST_INFO_NULL,
};
