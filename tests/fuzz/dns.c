/* SPDX-License-Identifier: MIT */
/*
 * dns.c - a libFuzzer target: what a program may send to where a name server would be
 *
 * Whatever is taken for a query has one question, whose name fits and can be said again; and
 * each answer is one to it: byte for byte the question, and a record that ends where the answer
 * does. The unit tests run the same with random inputs (tests/unit/test_dns.c).
 */
#include <stdlib.h>
#include <string.h>

#include "../../shim/seccomp/dns.h"
#include "require.h"

int fuzz_dns(const uint8_t *data, size_t size);

/**
 * check_name() - that a name is what its labels say
 */
static void check_name(const uint8_t *labels, const char *name)
{
	const char *at = name;

	for (size_t length; (length = *labels) != 0; labels += 1 + length) {
		if (at != name)
			require(*at++ == '.');
		for (size_t i = 1; i <= length; i++, at++) {
			require(*at > ' ' && *at < 0x7f && *at != '.');
			require(*at == (char)labels[i] || *at == '?');
		}
	}
	require(*at == '\0' && (size_t)(at - name) <= HOST_MAX);
}

/**
 * check_answer() - that this is an answer to a query
 * @records: as many as it says
 * @length: of its record's data
 */
static void check_answer(const uint8_t *query, const struct dns_question *question,
			 const uint8_t *answer, size_t size, unsigned records, size_t length)
{
	size_t end = question->end;

	require(size <= DNS_ANSWER_MAX && memcmp(answer, query, 2) == 0);
	require(answer[2] & 0x80 && !(answer[2] & 0x02)); /* an answer, and whole */
	require(answer[5] == 1 && answer[7] == records && answer[9] == 0 && answer[11] == 0);
	require(memcmp(answer + DNS_HEAD, query + DNS_HEAD, end - DNS_HEAD) == 0);
	require(size == end + records * (12 + length));
	require(records == 0 || (answer[end] == 0xc0 && answer[end + 1] == DNS_HEAD &&
				 memcmp(answer + end + 2, query + end - 4, 4) == 0 &&
				 ((size_t)answer[end + 10] << 8 | answer[end + 11]) == length));
}

/**
 * check_answers() - all that there may be to a query
 */
static void check_answers(const uint8_t *query, const struct dns_question *question)
{
	static const uint8_t ip[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 198, 18, 1, 2};
	uint8_t answer[DNS_ANSWER_MAX];
	size_t begun = dns_begin(query, question, DNS_NO_NAME, answer), size;

	check_answer(query, question, answer, begun, 0, 0);
	require((answer[3] & 15) == DNS_NO_NAME);
	begun = dns_begin(query, question, DNS_FOUND, answer);
	size = dns_add_ip(answer, begun, question, ip);
	check_answer(query, question, answer, size, 1, question->type == DNS_AAAA ? 16 : 4);
	require(memcmp(answer + size - 4, ip + 12, 4) == 0);
	if (*question->name == '\0')
		return;
	begun = dns_begin(query, question, DNS_FOUND, answer);
	size = dns_add_name(answer, begun, question, question->name);
	check_answer(query, question, answer, size, 1, strlen(question->name) + 2);
	check_name(answer + begun + 12, question->name);
}

int fuzz_dns(const uint8_t *data, size_t size)
{
	struct dns_question question;
	uint8_t ip[16], *query = size ? malloc(size) : NULL; /* of its very size */

	if (!query)
		return 0;
	memcpy(query, data, size);
	if (dns_read(query, size, &question)) {
		require(question.end <= size && !(query[2] & 0xf8));
		check_name(query + DNS_HEAD, question.name);
		(void)dns_address(question.name, ip);
		check_answers(query, &question);
	}
	free(query);
	return 0;
}
