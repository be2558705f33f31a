/* SPDX-License-Identifier: MIT */
/*
 * test_preface.c - what a proxy says of its client before the client's first byte
 */
#include "unit.h"

#include <errno.h>
#include <string.h>

#include "../../cli/broker/preface.h"

/* tests/fuzz/preface.c, so that both check the same */
int fuzz_preface(const uint8_t *data, size_t size);

#define ROUNDS 20000

/* It is whole once its last byte is there, not before, whatever is behind it. */
static bool is_whole(const void *header, size_t size, struct preface *preface)
{
	uint8_t bytes[PREFACE_MAX + 8];

	memcpy(bytes, header, size);
	memcpy(bytes + size, "GET /\r\n\r", 8);
	for (size_t cut = 0; cut < size; cut++) {
		if (preface_read(bytes, cut, preface) != 0)
			return false;
	}
	for (size_t behind = 0; behind <= 8; behind++) {
		if (preface_read(bytes, size + behind, preface) != 1 || preface->size != size)
			return false;
	}
	return true;
}

/* ---- version 1 ---- */

static bool line_says(const char *line, const char *client, uint16_t port)
{
	struct preface preface;

	return is_whole(line, strlen(line), &preface) && preface.known &&
	       same_ip(preface.client.ip, client) && preface.client.port == port;
}

static bool line_says_nothing(const char *line)
{
	struct preface preface;

	return is_whole(line, strlen(line), &preface) && !preface.known;
}

static bool is_no_line(const char *line)
{
	struct preface preface;

	return preface_read(line, strlen(line), &preface) == -EPROTO && !preface.known;
}

static void test_line(void)
{
	CU_ASSERT(line_says("PROXY TCP4 203.0.113.7 192.0.2.1 51234 80\r\n", "203.0.113.7",
			    51234));
	CU_ASSERT(line_says("PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n",
			    "255.255.255.255", 65535));
	CU_ASSERT(line_says("PROXY TCP6 2001:db8::7 2001:db8::1 1 80\r\n", "2001:db8::7", 1));
	CU_ASSERT(line_says("PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
			    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n",
			    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 65535));
	CU_ASSERT(line_says("PROXY TCP6 ::ffff:203.0.113.7 ::1 7 80\r\n", "203.0.113.7", 7));
}

static void test_line_of_nobody(void)
{
	CU_ASSERT(line_says_nothing("PROXY UNKNOWN\r\n"));
	CU_ASSERT(line_says_nothing("PROXY UNKNOWN what ever 1 2\r\n"));
	CU_ASSERT(line_says_nothing("PROXY TCP4 127.0.0.1 192.0.2.1 51234 80\r\n"));
	CU_ASSERT(line_says_nothing("PROXY TCP4 0.0.0.0 192.0.2.1 51234 80\r\n"));
	CU_ASSERT(line_says_nothing("PROXY TCP6 ::1 2001:db8::1 51234 80\r\n"));
	CU_ASSERT(line_says_nothing("PROXY TCP6 ::ffff:127.0.0.1 ::1 51234 80\r\n"));
}

static void test_no_line(void)
{
	static const char *const others[] = {
		"GET / HTTP/1.0\r\n",
		"proxy TCP4 203.0.113.7 192.0.2.1 51234 80\r\n",
		"PROXY TCP4 203.0.113.7 192.0.2.1 51234 80\n",
		"PROXY TCP4 203.0.113.7 192.0.2.1 51234\r\n",
		"PROXY TCP4 203.0.113.7 192.0.2.1 51234 80 \r\n",
		"PROXY TCP4 203.0.113.7 192.0.2.1 51234 80 1\r\n",
		"PROXY TCP4  203.0.113.7 192.0.2.1 51234 80\r\n",
		"PROXY TCP4 203.0.113.7 192.0.2.1 51234 65536\r\n",
		"PROXY TCP4 203.0.113.7 192.0.2.1 080 80\r\n",
		"PROXY TCP4 203.0.113.7 192.0.2.1 -1 80\r\n",
		"PROXY TCP4 203.0.113.7 192.0.2.1  80\r\n",
		"PROXY TCP4 203.0.113 192.0.2.1 51234 80\r\n",
		"PROXY TCP4 203.0.113.256 192.0.2.1 51234 80\r\n",
		"PROXY TCP4 2001:db8::7 2001:db8::1 51234 80\r\n",
		"PROXY TCP6 203.0.113.7 192.0.2.1 51234 80\r\n",
		"PROXY TCP6 2001:db8::7::1 2001:db8::1 51234 80\r\n",
		"PROXY UDP4 203.0.113.7 192.0.2.1 51234 80\r\n",
		"PROXY UNKNOWNS\r\n",
		"PROXY \r\n",
		"PROXY\r\n",
		"PROXY \n",
		"PP",
		"\n",
	};
	char longest[] = "PROXY UNKNOWN ................................................"
			 ".............................................\r\n";
	char nul[] = "PROXY TCP4 203.0.113.7\0 192.0.2.1 51234 80\r\n";
	struct preface preface;

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (!is_no_line(others[i]))
			CU_FAIL(others[i]);
	}
	CU_ASSERT(preface_read(nul, sizeof(nul) - 1, &preface) == -EPROTO);
	CU_ASSERT(strlen(longest) == 109);
	CU_ASSERT(preface_read(longest, 106, &preface) == 0);
	CU_ASSERT(preface_read(longest, 107, &preface) == -EMSGSIZE);
	CU_ASSERT(preface_read(longest, 109, &preface) == -EMSGSIZE);
	longest[105] = '\r';
	longest[106] = '\n';
	CU_ASSERT(preface_read(longest, 109, &preface) == 1 && preface.size == 107);
}

/* ---- version 2 ---- */

#define BEGIN        "\r\n\r\n\0\r\nQUIT\n"
#define CLIENT4      "\xcb\x00\x71\x07\xc0\x00\x02\x01\xc8\x22\x00\x50"
#define WITH(string) (string), sizeof(string) - 1

static bool binary_says(const char *header, size_t size, const char *client, uint16_t port)
{
	struct preface preface;

	if (!is_whole(header, size, &preface))
		return false;
	return client ? preface.known && same_ip(preface.client.ip, client) &&
				preface.client.port == port
		      : !preface.known;
}

static bool is_no_binary(const char *header, size_t size)
{
	struct preface preface;

	return preface_read(header, size, &preface) == -EPROTO;
}

static void test_binary(void)
{
	CU_ASSERT(binary_says(WITH(BEGIN "\x21\x11\0\x0c" CLIENT4), "203.0.113.7", 51234));
	CU_ASSERT(binary_says(WITH(BEGIN "\x21\x21\0\x24"
					 "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x07"
					 "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01"
					 "\xc8\x22\0\x50"),
			      "2001:db8::7", 51234));
	/* records: of nobody's kind, an empty one, and AWS's */
	CU_ASSERT(binary_says(WITH(BEGIN "\x21\x11\0\x1a" CLIENT4 "\x04\0\x02\0\0\xee\0\0"
					 "\xea\0\x03"
					 "abc"),
			      "203.0.113.7", 51234));
}

static void test_binary_of_nobody(void)
{
	CU_ASSERT(binary_says(WITH(BEGIN "\x20\0\0\0"), NULL, 0));
	CU_ASSERT(binary_says(WITH(BEGIN "\x20\xff\0\x03xyz"), NULL, 0)); /* LOCAL */
	CU_ASSERT(binary_says(WITH(BEGIN "\x20\x11\0\x0c" CLIENT4), NULL, 0));
	CU_ASSERT(binary_says(WITH(BEGIN "\x21\0\0\0"), NULL, 0));
	CU_ASSERT(binary_says(WITH(BEGIN "\x21\x12\0\x0c" CLIENT4), NULL, 0)); /* UDP */
	CU_ASSERT(binary_says(WITH(BEGIN "\x21\x11\0\x0c"
					 "\x7f\0\0\x01\xc0\x00\x02\x01\xc8\x22\x00\x50"),
			      NULL, 0));
}

static void test_unix(void)
{
	char header[16 + 216] = BEGIN "\x21\x31\0\xd8/run/client.sock";

	CU_ASSERT(binary_says(header, sizeof(header), NULL, 0));
	CU_ASSERT(is_no_binary(WITH(BEGIN "\x21\x31\0\x0c" CLIENT4)));
}

static void test_no_binary(void)
{
	CU_ASSERT(is_no_binary(WITH("\r\n\r\n\0\r\nQUIT\r\x21\x11\0\x0c" CLIENT4)));
	CU_ASSERT(is_no_binary(WITH(BEGIN "\x11\x11\0\x0c" CLIENT4))); /* version 1 */
	CU_ASSERT(is_no_binary(WITH(BEGIN "\x22\x11\0\x0c" CLIENT4)));
	CU_ASSERT(is_no_binary(WITH(BEGIN "\x21\x41\0\x0c" CLIENT4)));
	CU_ASSERT(is_no_binary(WITH(BEGIN "\x21\x13\0\x0c" CLIENT4)));
	CU_ASSERT(is_no_binary(WITH(BEGIN "\x21\x11\0\x0b" CLIENT4))); /* too short */
	CU_ASSERT(is_no_binary(WITH(BEGIN "\x21\x21\0\x0c" CLIENT4)));
	/* records that end behind the header, or begin there */
	CU_ASSERT(is_no_binary(WITH(BEGIN "\x21\x11\0\x0f" CLIENT4 "\x04\0\x01x")));
	CU_ASSERT(is_no_binary(WITH(BEGIN "\x21\x11\0\x0e" CLIENT4 "\x04\0\0")));
}

static void test_checksum(void)
{
	/* as another program has worked it out */
	char header[] = BEGIN "\x21\x11\0\x18" CLIENT4 "\x03\0\x04SUM."
			      "\x01\0\x02h2";
	const uint8_t sum[] = {0x21, 0x20, 0x47, 0xc8};
	const size_t at = 16 + 12 + 3;

	memcpy(header + at, sum, sizeof(sum));
	CU_ASSERT(binary_says(WITH(header), "203.0.113.7", 51234));
	for (size_t i = 16; i < sizeof(header) - 1; i++) {
		char spoilt[sizeof(header)];

		memcpy(spoilt, header, sizeof(header));
		spoilt[i] ^= 0x10;
		if (i < 28 || i >= 35)
			CU_ASSERT(is_no_binary(WITH(spoilt)));
	}
	CU_ASSERT(is_no_binary(WITH(BEGIN "\x21\x11\0\x11" CLIENT4 "\x03\0\x02\0\0")));
}

static void test_long(void)
{
	static char header[PREFACE_MAX + 8] = BEGIN "\x21\0\x0f\xf0\x04\x0f\xed";
	struct preface preface;

	CU_ASSERT(binary_says(header, PREFACE_MAX, NULL, 0));
	header[15]++; /* one more */
	CU_ASSERT(preface_read(header, 16, &preface) == -EMSGSIZE);
}

/* ---- whatever comes ---- */

static void test_anything(void)
{
	static const char *const seeds[] = {
		"PROXY TCP4 203.0.113.7 192.0.2.1 51234 80\r\nGET",
		"PROXY TCP6 2001:db8::7 2001:db8::1 51234 80\r\nGET",
	};

	for (int i = 0; i < ROUNDS; i++) {
		uint8_t bytes[128] = BEGIN "\x21\x11\0\x15" CLIENT4 "\x03\0\x04....\x01";
		size_t size = 48;

		if (random_below(2)) {
			size = strlen(seeds[i % 2]);
			memcpy(bytes, seeds[i % 2], size);
		}
		for (uint32_t changes = random_below(4); changes > 0; changes--)
			bytes[random_below((uint32_t)size)] = (uint8_t)random_below(256);
		(void)fuzz_preface(bytes, random_below((uint32_t)size) + 1);
	}
}

CU_TestInfo preface_tests[] = {
	{"a line", test_line},
	{"a line that says nothing of a client", test_line_of_nobody},
	{"what is no line", test_no_line},
	{"a binary header", test_binary},
	{"a binary header that says nothing of a client", test_binary_of_nobody},
	{"of a Unix socket's client", test_unix},
	{"what is no binary header", test_no_binary},
	{"a checksum", test_checksum},
	{"the longest", test_long},
	{"whatever comes", test_anything},
	CU_TEST_INFO_NULL,
};
