/* SPDX-License-Identifier: MIT */
/*
 * test_dns.c - tests of shim/seccomp/dns.c
 */
#include <string.h>

#include "../../shim/seccomp/dns.h"
#include "unit.h"

#define ROUNDS 20000

int fuzz_dns(const uint8_t *data, size_t size);

/* A query: bytes, and how many there are */
struct query {
	uint8_t bytes[600];
	size_t size;
};

/**
 * ask() - a query as programs send it
 * @labels: as they stand in the message, but for the end
 */
static struct query ask(const char *labels, size_t size, uint16_t type)
{
	struct query q = {.bytes = {0x12, 0x34, 0x01, 0x10, 0, 1, 0, 0, 0, 0, 0, 1}};

	memcpy(q.bytes + DNS_HEAD, labels, size);
	q.size = DNS_HEAD + size + 1;
	q.bytes[q.size++] = (uint8_t)(type >> 8);
	q.bytes[q.size++] = (uint8_t)type;
	q.bytes[q.size++] = 0;
	q.bytes[q.size++] = DNS_IN;
	return q;
}
#define ASK(labels, type) ask(labels, sizeof(labels) - 1, type)

/**
 * reads() - is a query read, and its name this?
 */
static bool reads(const struct query *q, const char *name)
{
	struct dns_question question;

	return dns_read(q->bytes, q->size, &question) && strcmp(question.name, name) == 0;
}

static void test_questions(void)
{
	struct query q = ASK("\3WWW\7example\3org", DNS_A), other = q;
	struct dns_question question;

	CU_ASSERT(reads(&q, "WWW.example.org"));
	CU_ASSERT(dns_read(q.bytes, q.size, &question) && question.type == DNS_A &&
		  question.class == DNS_IN && question.end == q.size);
	memcpy(q.bytes + q.size, "\0\0\51\4\320\0\0\0\0\0\0", 11); /* EDNS */
	q.size += 11;
	CU_ASSERT(dns_read(q.bytes, q.size, &question) && question.end == q.size - 11);
	for (size_t size = 0; size < other.size; size++)
		CU_ASSERT(!dns_read(other.bytes, size, &question));
	q = ASK("", DNS_A);
	CU_ASSERT(reads(&q, ""));
	q = ASK("\4a.b\0\2\xc3\xa4", DNS_A);
	CU_ASSERT(reads(&q, "a?b?.??"));
}

/* What is no query: an answer, another operation, no question or two, an answer in it, labels
 * that are none, and names that are too long. */
static void test_none(void)
{
	static const struct {
		unsigned at;
		uint8_t value;
	} wrong[] = {{2, 0x81}, {2, 0x29}, {5, 0},     {5, 2},     {4, 1},
		     {7, 1},    {6, 1},    {12, 0xc0}, {12, 0x40}, {12, 63}};
	struct query q;
	char labels[256];

	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		q = ASK("\3www\4test", DNS_A);
		q.bytes[wrong[i].at] = wrong[i].value;
		CU_ASSERT(!reads(&q, "www.test"));
	}
	for (size_t at = 0; at < sizeof labels; at += 64) {
		labels[at] = 63;
		memset(labels + at + 1, 'a', 63);
	}
	labels[192] = 61;
	q = ask(labels, 192 + 62, DNS_A); /* 253 with the dots */
	CU_ASSERT(dns_read(q.bytes, q.size, &(struct dns_question){.end = 0}));
	labels[192] = 62;
	q = ask(labels, 192 + 63, DNS_A);
	CU_ASSERT(!dns_read(q.bytes, q.size, &(struct dns_question){.end = 0}));
}

static void test_answers(void)
{
	static const char v4[] = "\x12\x34\x81\x90\0\1\0\1\0\0\0\0\1a\4TEST\0\0\1\0\1"
				 "\xc0\x0c\0\1\0\1\0\0\0\74\0\4\xc6\x12\1\2",
			  name[] = "\x12\x34\x81\x90\0\1\0\1\0\0\0\0\1a\4TEST\0\0\14\0\1"
				   "\xc0\x0c\0\14\0\1\0\0\0\74\0\12\3www\4test",
			  none[] = "\x12\x34\x81\x93\0\1\0\0\0\0\0\0\1a\4TEST\0\0\34\0\1";
	struct query q = ASK("\1a\4TEST", DNS_A);
	struct dns_question question;
	uint8_t answer[DNS_ANSWER_MAX], buf[16];
	size_t size;

	CU_ASSERT(dns_read(q.bytes, q.size, &question));
	size = dns_begin(q.bytes, &question, DNS_FOUND, answer);
	size = dns_add_ip(answer, size, &question, ip("198.18.1.2", buf));
	CU_ASSERT(size == sizeof v4 - 1 && memcmp(answer, v4, size) == 0);
	q = ASK("\1a\4TEST", DNS_PTR);
	CU_ASSERT(dns_read(q.bytes, q.size, &question));
	size = dns_begin(q.bytes, &question, DNS_FOUND, answer);
	size = dns_add_name(answer, size, &question, "www.test");
	CU_ASSERT(size == sizeof name && memcmp(answer, name, size) == 0);
	q = ASK("\1a\4TEST", DNS_AAAA);
	CU_ASSERT(dns_read(q.bytes, q.size, &question));
	size = dns_begin(q.bytes, &question, DNS_NO_NAME, answer);
	CU_ASSERT(size == sizeof none - 1 && memcmp(answer, none, size) == 0);
	size = dns_begin(q.bytes, &question, DNS_FOUND, answer);
	size = dns_add_ip(answer, size, &question, ip("fd76:736f:636b:1::7", buf));
	CU_ASSERT(size == sizeof none - 1 + 12 + 16 &&
		  same_ip(answer + size - 16, "fd76:736f:636b:1::7"));
}

static void test_addresses(void)
{
	static const struct {
		const char *name;
		const char *address; /* NULL: none */
	} cases[] = {
		{"2.1.18.198.in-addr.arpa", "198.18.1.2"},
		{"255.0.0.240.IN-ADDR.ARPA", "240.0.0.255"},
		{"7.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.1.0.0.0.b.6.3.6.F.6.3.7.6.7.d.f.ip6.arpa",
		 "fd76:736f:636b:1::7"},
		{"256.1.18.198.in-addr.arpa", NULL},
		{"0002.1.18.198.in-addr.arpa", NULL},
		{"1.18.198.in-addr.arpa", NULL},
		{"1.2.1.18.198.in-addr.arpa", NULL},
		{".1.18.198.in-addr.arpa", NULL},
		{"2.1.18.198.in-addr.arp", NULL},
		{"2.1.18.198.in-addr.arpaa", NULL},
		{"2.1.18.198", NULL},
		{"f.ip6.arpa", NULL},
		{"in-addr.arpa", NULL},
		{"www.example.org", NULL},
		{"", NULL},
	};
	uint8_t address[16];

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		bool is = dns_address(cases[i].name, address);

		CU_ASSERT(is == (cases[i].address != NULL));
		CU_ASSERT(!is || same_ip(address, cases[i].address));
	}
}

static void test_random(void)
{
	for (int i = 0; i < ROUNDS; i++) {
		struct query q = ASK("\3www\7example\3org", DNS_A);
		uint32_t changes = random_below(8);

		q.size -= random_below(4) ? 0 : random_below((uint32_t)q.size);
		while (changes-- > 0)
			q.bytes[random_below(40)] = (uint8_t)random_below(256);
		fuzz_dns(q.bytes, q.size);
	}
	CU_PASS("queries of anybody's");
}

CU_TestInfo dns_tests[] = {
	{"questions", test_questions},   {"no questions", test_none},
	{"answers", test_answers},       {"names of addresses", test_addresses},
	{"random queries", test_random}, CU_TEST_INFO_NULL,
};
