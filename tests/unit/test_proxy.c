/* SPDX-License-Identifier: MIT */
/*
 * test_proxy.c - what is said to a proxy, and what of its answers is taken
 */
#include "unit.h"

#include <errno.h>
#include <string.h>

#include "../../config/ip.h"
#include "../../shim/route/http.h"
#include "../../shim/route/socks5.h"

/* tests/fuzz/proxy.c, so that both check the same */
int fuzz_proxy(const uint8_t *data, size_t size);

#define ROUNDS 200000

#define BYTES(text) text, sizeof(text) - 1

static const struct credentials nobody = {NULL, NULL}, me = {"me", "secret"};

static struct destination address(const uint8_t v4[4], uint16_t port)
{
	struct destination to = {.port = port};

	ip_from_v4(to.ip, v4);
	return to;
}

/* ---- SOCKS5 ---- */

static bool says(enum step step, const struct destination *to, const struct credentials *own,
		 bool one_write, const char *wanted, size_t size)
{
	char out[DIALOGUE_OUT_MAX];
	struct dialogue d;

	dialogue_step(&d, step);
	return socks5_say(&d, to, own, one_write, out) == size &&
	       memcmp(out, wanted, size) == 0;
}

static void test_socks5_said(void)
{
	const struct destination v4 = address((uint8_t[]){192, 0, 2, 1}, 443),
				 v6 = {.ip = {0xfd, 0, [15] = 1}, .port = 258},
				 name = {.name = "api.example.com", .port = 443};

	CU_ASSERT(says(STEP_SOCKS5_METHOD, &v4, &nobody, false, BYTES("\5\1\0")));
	CU_ASSERT(says(STEP_SOCKS5_METHOD, &v4, &me, false, BYTES("\5\2\0\2")));
	CU_ASSERT(says(STEP_SOCKS5_USER, &v4, &me, false, BYTES("\1\2me\6secret")));
	CU_ASSERT(says(STEP_SOCKS5_REQUEST, &v4, &nobody, false,
		       BYTES("\5\1\0\1\300\0\2\1\1\273")));
	CU_ASSERT(says(STEP_SOCKS5_REQUEST, &v6, &nobody, false,
		       BYTES("\5\1\0\4\375\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\1\2")));
	CU_ASSERT(says(STEP_SOCKS5_REQUEST, &name, &nobody, false,
		       BYTES("\5\1\0\3\17api.example.com\1\273")));
	CU_ASSERT(says(STEP_SOCKS5_METHOD, &v4, &nobody, true,
		       BYTES("\5\1\0\5\1\0\1\300\0\2\1\1\273")));
	CU_ASSERT(says(STEP_SOCKS5_METHOD, &v4, &me, true,
		       BYTES("\5\1\2\1\2me\6secret\5\1\0\1\300\0\2\1\1\273")));
}

/*
 * Take what comes in two pieces, the second perhaps the end; the steps go on by themselves.
 * @taken: how many bytes of it in all
 */
static int answer(struct dialogue *d, bool user, bool one_write, const char *text, size_t size,
		  size_t cut, size_t *taken)
{
	int result = 0;

	*taken = 0;
	while (result == 0) {
		size_t there = *taken < cut ? cut : size, piece;

		d->said = true;
		result = socks5_take(d, user, one_write, text + *taken, there - *taken, &piece);
		*taken += piece;
	}
	return result;
}

static bool comes_to(bool user, const char *text, size_t size, int result, enum why why,
		     size_t taken)
{
	for (size_t cut = 0; cut < size; cut++) {
		struct dialogue d;
		size_t seen;

		dialogue_step(&d, STEP_SOCKS5_METHOD);
		if (answer(&d, user, false, text, size, cut, &seen) != result || d.why != why ||
		    seen != taken)
			return false;
	}
	return true;
}

static void test_socks5_answers(void)
{
	CU_ASSERT(comes_to(false, BYTES("\5\0\5\0\0\1\1\2\3\4\5\6banner"), 1, 0, 12));
	CU_ASSERT(comes_to(false, BYTES("\5\0\5\0\0\4\1\2\3\4\5\6\7\10\1\2\3\4\5\6\7\10\5\6b"),
			   1, 0, 24));
	CU_ASSERT(comes_to(false, BYTES("\5\0\5\0\0\3\2ab\5\6banner"), 1, 0, 11));
	CU_ASSERT(comes_to(false, BYTES("\5\0\5\0\0\3\0\5\6banner"), 1, 0, 9));
	CU_ASSERT(comes_to(true, BYTES("\5\2\1\0\5\0\0\1\1\2\3\4\5\6banner"), 1, 0, 14));
	CU_ASSERT(comes_to(true, BYTES("\5\0\5\0\0\1\1\2\3\4\5\6banner"), 1, 0, 12));
	CU_ASSERT(comes_to(false, BYTES("\5\2\1\0"), -EPROTO, WHY_NONSENSE, 2));
	CU_ASSERT(comes_to(true, BYTES("\5\1\5\0"), -EPROTO, WHY_NONSENSE, 2));
	CU_ASSERT(comes_to(true, BYTES("\5\2\1\1\5\0"), -EACCES, WHY_PASSWORD, 4));
	CU_ASSERT(comes_to(true, BYTES("\5\2\5\0"), -EPROTO, WHY_NONSENSE, 3));
	CU_ASSERT(comes_to(false, BYTES("\5\377"), -EACCES, WHY_METHOD, 2));
	CU_ASSERT(comes_to(false, BYTES("\4\0"), -EPROTO, WHY_NONSENSE, 1));
	CU_ASSERT(comes_to(false, BYTES("HTTP/1.1 400 \r\n"), -EPROTO, WHY_NONSENSE, 1));
	CU_ASSERT(comes_to(false, BYTES("\5\0\5\0\0\2\1\2"), -EPROTO, WHY_NONSENSE, 6));
	CU_ASSERT(comes_to(false, BYTES("\5\0\4\0\0\1"), -EPROTO, WHY_NONSENSE, 3));
}

/* Each reply, and the errno that it becomes; whether the rest of it comes or not. */
static void test_replies(void)
{
	static const int errnos[] = {0,           ECONNREFUSED, EACCES,
				     ENETUNREACH, EHOSTUNREACH, ECONNREFUSED,
				     ETIMEDOUT,   EPROTO,       ENETUNREACH};

	for (unsigned reply = 1; reply < 256; reply++) {
		char text[] = {5, 0, 5, (char)reply, 0, 1, 0, 0, 0, 0, 0, 0};
		int error = reply < sizeof errnos / sizeof *errnos ? errnos[reply] : EPROTO;
		enum why why = error == EPROTO   ? WHY_NONSENSE
			       : error == EACCES ? WHY_RULES
						 : WHY_REMOTE;

		CU_ASSERT(comes_to(false, text, sizeof text, -error, why, 4));
		CU_ASSERT(comes_to(false, text, 4, -error, why, 4));
	}
}

/* The end, at each place. */
static void test_socks5_ends(void)
{
	static const char text[] = "\5\0\5\0\0\1\1\2\3\4\5\6";

	for (size_t size = 0; size < sizeof text - 1; size++) {
		bool between = size == 0 || size == 2;
		struct dialogue d;
		size_t taken;

		dialogue_step(&d, STEP_SOCKS5_METHOD);
		CU_ASSERT(answer(&d, false, false, text, size, 0, &taken) ==
			  (between ? -ECONNREFUSED : -EPROTO));
		CU_ASSERT(d.why == (between ? WHY_CLOSED : WHY_NONSENSE) && taken == size);
	}
}

/* ---- HTTP ---- */

static bool requests(const struct destination *to, const struct credentials *own,
		     const char *wanted)
{
	char out[DIALOGUE_OUT_MAX];
	size_t size = http_say(to, own, out);

	return size == strlen(wanted) && memcmp(out, wanted, size) == 0;
}

static void test_http_said(void)
{
	const struct destination v4 = address((uint8_t[]){192, 0, 2, 1}, 443),
				 v6 = {.ip = {0xfd, 0, [15] = 1}, .port = 80},
				 name = {.name = "api.example.com", .port = 443};
	const struct credentials one = {"a", "b"}, two = {"Aladdin", "open sesame"};

	CU_ASSERT(requests(&v4, &nobody,
			   "CONNECT 192.0.2.1:443 HTTP/1.1\r\nHost: 192.0.2.1:443\r\n\r\n"));
	CU_ASSERT(requests(&v6, &nobody,
			   "CONNECT [fd00::1]:80 HTTP/1.1\r\nHost: [fd00::1]:80\r\n\r\n"));
	CU_ASSERT(
		requests(&name, &two,
			 "CONNECT api.example.com:443 HTTP/1.1\r\nHost: api.example.com:443\r\n"
			 "Proxy-Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n\r\n"));
	CU_ASSERT(requests(&v4, &one,
			   "CONNECT 192.0.2.1:443 HTTP/1.1\r\nHost: 192.0.2.1:443\r\n"
			   "Proxy-Authorization: Basic YTpi\r\n\r\n"));
}

/* The longest of all has room. */
static void test_longest(void)
{
	char name[HOST_MAX + 1], user[256], password[256], out[DIALOGUE_OUT_MAX];
	const struct destination to = {.name = name, .port = 65535};
	const struct credentials own = {user, password};
	struct dialogue d;

	memset(name, 'n', sizeof name - 1);
	memset(user, 'u', 255);
	memset(password, 'p', 255);
	name[sizeof name - 1] = user[255] = password[255] = '\0';
	CU_ASSERT(destination_is_sound(&to));
	CU_ASSERT(http_say(&to, &own, out) <= sizeof out);
	dialogue_step(&d, STEP_SOCKS5_METHOD);
	CU_ASSERT(socks5_say(&d, &to, &own, true, out) == 3 + 513 + 4 + 1 + 253 + 2);
}

static bool responds(const char *text, int result, enum why why, size_t taken)
{
	for (size_t cut = 0; cut < strlen(text); cut++) {
		size_t first = 0, second = 0;
		struct dialogue d;
		int seen = 0;

		dialogue_step(&d, STEP_HTTP);
		if (cut > 0)
			seen = http_take(&d, text, cut, &first);
		if (seen == 0)
			seen = http_take(&d, text + first, strlen(text) - first, &second);
		if (seen != result || d.why != why || first + second != taken)
			return false;
	}
	return true;
}

static void test_http_answers(void)
{
	CU_ASSERT(responds("HTTP/1.1 200 Connection established\r\n\r\nbanner\r\n\r\n", 1, 0,
			   39));
	CU_ASSERT(responds("HTTP/1.0 200 OK\r\nA: b\r\nContent-Length: 5\r\n\r\nbanner", 1, 0,
			   44));
	CU_ASSERT(responds("HTTP/1.1 200\n\nbanner", 1, 0, 14));
	CU_ASSERT(responds("HTTP/1.1 299 \r\n\n\n", 1, 0, 16));
	CU_ASSERT(responds("HTTP/1.1 407 Proxy", -EACCES, WHY_PASSWORD, 12));
	CU_ASSERT(responds("HTTP/1.1 403 Forbidden", -EACCES, WHY_RULES, 12));
	CU_ASSERT(responds("HTTP/1.1 503 No", -ECONNREFUSED, WHY_REMOTE, 12));
	CU_ASSERT(responds("HTTP/1.1 504 No", -ETIMEDOUT, WHY_REMOTE, 12));
	CU_ASSERT(responds("HTTP/1.1 404 No", -EHOSTUNREACH, WHY_REMOTE, 12));
	CU_ASSERT(responds("HTTP/1.1 100 Continue\r\n", -EPROTO, WHY_NONSENSE, 12));
	CU_ASSERT(responds("HTTP/1.1 405 No", -EPROTO, WHY_NONSENSE, 12));
	CU_ASSERT(responds("HTTP/2.0 200 OK", -EPROTO, WHY_NONSENSE, 6));
	CU_ASSERT(responds("SSH-2.0-OpenSSH", -EPROTO, WHY_NONSENSE, 1));
	CU_ASSERT(responds("HTTP/1.1 20x OK", -EPROTO, WHY_NONSENSE, 12));
}

/* A head that does not end. */
static void test_endless(void)
{
	char text[9000];
	struct dialogue d;
	size_t taken;

	memset(text, 'x', sizeof text);
	memcpy(text, "HTTP/1.1 200", 12);
	dialogue_step(&d, STEP_HTTP);
	CU_ASSERT(http_take(&d, text, sizeof text, &taken) == -EPROTO && taken == 8192);
	dialogue_step(&d, STEP_HTTP);
	CU_ASSERT(http_take(&d, text, 8191, &taken) == 0 && taken == 8191);
	CU_ASSERT(http_take(&d, text, 0, &taken) == -EPROTO && d.why == WHY_NONSENSE);
}

/* ---- both ---- */

/* A name comes from a program, and may say no more than a name. */
static void test_names(void)
{
	static const char *const bad[] = {"",    "a b",   "a\r\nb", "a:80",
					  "a/b", "[::1]", "a@b",    "\xc3\xa4"};
	struct destination to = {.name = "xn--4ca.example_1.com."};
	char longest[HOST_MAX + 2];

	CU_ASSERT(destination_is_sound(&to));
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		to.name = bad[i];
		CU_ASSERT(!destination_is_sound(&to));
	}
	memset(longest, 'a', sizeof longest - 1);
	longest[sizeof longest - 1] = '\0';
	to.name = longest;
	CU_ASSERT(!destination_is_sound(&to));
}

static void test_random(void)
{
	static const char socks[] = "\5\0\5\0\0\1\1\2\3\4\5\6",
			  web[] = "HTTP/1.1 200 OK\r\n\r\n";
	uint8_t input[80];

	for (int i = 0; i < ROUNDS; i++) {
		size_t size = 8 + random_below(sizeof input - 7);
		const char *begin = random_below(2) ? socks : web;
		size_t length = begin == web ? sizeof web - 1 : sizeof socks - 1;

		for (size_t at = 0; at < size; at++)
			input[at] = (uint8_t)random_below(256);
		length = random_below((uint32_t)length + 1);
		for (size_t at = 0; at < length && at + 8 < size; at++)
			input[8 + at] = (uint8_t)begin[at];
		fuzz_proxy(input, size);
	}
	CU_PASS("answers of anybody's");
}

CU_TestInfo proxy_tests[] = {
	{"what is said by SOCKS5", test_socks5_said},
	{"answers, cut anywhere", test_socks5_answers},
	{"replies", test_replies},
	{"ends", test_socks5_ends},
	{"what is said by HTTP", test_http_said},
	{"the longest", test_longest},
	{"heads, cut anywhere", test_http_answers},
	{"a head that does not end", test_endless},
	{"names", test_names},
	{"random answers", test_random},
	CU_TEST_INFO_NULL,
};
