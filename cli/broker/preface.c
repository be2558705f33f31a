/* SPDX-License-Identifier: MIT */
/*
 * preface.c - what a proxy says of its client before the client's first byte
 */
#include "preface.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "../../config/ip.h"

/* ---- version 1 ---- */

#define LINE_MAX_SIZE 107
#define WORD_MAX      46 /* an IPv6 address, with the NUL */

static const char line_begin[] = "PROXY ";
#define LINE_BEGIN (sizeof(line_begin) - 1)

/**
 * take_word() - take what comes before the next blank, or before the end
 * @at, @end: what is left of the line
 * @word: filled in
 * Return: false if there is none, or too much
 */
static bool take_word(const char **at, const char *end, char word[WORD_MAX])
{
	const char *blank = memchr(*at, ' ', (size_t)(end - *at));
	size_t size = (size_t)((blank ? blank : end) - *at);

	if (size == 0 || size >= WORD_MAX || memchr(*at, '\0', size))
		return false;
	memcpy(word, *at, size);
	word[size] = '\0';
	*at += size + (blank ? 1 : 0);
	return true;
}

/**
 * take_ip() - take an address
 * @family: AF_INET or AF_INET6
 */
static bool take_ip(const char **at, const char *end, int family, uint8_t ip[16])
{
	char word[WORD_MAX];
	uint8_t bytes[16];

	if (!take_word(at, end, word) || inet_pton(family, word, bytes) != 1)
		return false;
	if (family == AF_INET)
		ip_from_v4(ip, bytes);
	else
		memcpy(ip, bytes, 16);
	return true;
}

/**
 * take_port() - take a port, written without zeros in front
 */
static bool take_port(const char **at, const char *end, uint16_t *port)
{
	char word[WORD_MAX];
	uint32_t number = 0;

	if (!take_word(at, end, word) || strlen(word) > 5 ||
	    (word[0] == '0' && word[1] != '\0'))
		return false;
	for (const char *digit = word; *digit != '\0'; digit++) {
		if (*digit < '0' || *digit > '9')
			return false;
		number = number * 10 + (uint32_t)(*digit - '0');
	}
	*port = (uint16_t)number;
	return number <= UINT16_MAX;
}

/**
 * read_words() - read what is between "PROXY " and the line's end
 */
static bool read_words(const char *at, const char *end, struct preface *preface)
{
	struct endpoint own; /* what the client connected to */
	char word[WORD_MAX];
	int family;

	if (!take_word(&at, end, word))
		return false;
	if (strcmp(word, "UNKNOWN") == 0) /* and whatever is behind it */
		return true;
	family = strcmp(word, "TCP4") == 0   ? AF_INET
		 : strcmp(word, "TCP6") == 0 ? AF_INET6
					     : AF_UNSPEC;
	preface->known = true;
	return family != AF_UNSPEC && take_ip(&at, end, family, preface->client.ip) &&
	       take_ip(&at, end, family, own.ip) &&
	       take_port(&at, end, &preface->client.port) && take_port(&at, end, &own.port) &&
	       at == end && end[-1] != ' ';
}

/**
 * read_line() - read version 1, of which the first byte is there
 */
static int read_line(const char *text, size_t size, struct preface *preface)
{
	size_t most = size < LINE_MAX_SIZE ? size : LINE_MAX_SIZE;
	const char *feed = memchr(text, '\n', most);

	if (memcmp(text, line_begin, size < LINE_BEGIN ? size : LINE_BEGIN) != 0)
		return -EPROTO;
	if (!feed)
		return size < LINE_MAX_SIZE ? 0 : -EMSGSIZE;
	preface->size = (size_t)(feed + 1 - text);
	if (preface->size < LINE_BEGIN + 2 || feed[-1] != '\r')
		return -EPROTO;
	return read_words(text + LINE_BEGIN, feed - 1, preface) ? 1 : -EPROTO;
}

/* ---- version 2 ---- */

static const uint8_t signature[12] = {0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d,
				      0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a};

#define FIXED        16 /* the signature, version and command, family and transport, length */
#define VERSION_2    2
#define LOCAL        0
#define PROXY        1
#define TCP_IPV4     0x11
#define TCP_IPV6     0x21
#define CHECKSUM     0x03 /* the kind of a record */
#define RECORD_FIXED 3    /* kind, length */

/* How long the two addresses of a family are, with their ports. */
static const size_t addresses_size[] = {0, 12, 36, 216};
#define FAMILIES   4
#define TRANSPORTS 3

/**
 * crc32c() - go on with a checksum
 */
static uint32_t crc32c(uint32_t crc, const uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		crc ^= bytes[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc & 1 ? crc >> 1 ^ UINT32_C(0x82f63b78) : crc >> 1;
	}
	return crc;
}

/**
 * checksum_holds() - is it that of the header, with zeros in its own place?
 * @at: where it stands
 */
static bool checksum_holds(const uint8_t *header, size_t size, size_t at)
{
	static const uint8_t zeros[4];
	uint32_t crc = crc32c(UINT32_MAX, header, at), said;

	crc = crc32c(crc, zeros, sizeof(zeros));
	crc = ~crc32c(crc, header + at + sizeof(zeros), size - at - sizeof(zeros));
	memcpy(&said, header + at, sizeof(said));
	return ntohl(said) == crc;
}

/**
 * records_valid() - do the records end where the header does, and does a checksum hold?
 * @at: where they begin
 */
static bool records_valid(const uint8_t *header, size_t size, size_t at)
{
	while (at < size) {
		size_t length;

		if (size - at < RECORD_FIXED)
			return false;
		length = (size_t)header[at + 1] << 8 | header[at + 2];
		if (length > size - at - RECORD_FIXED)
			return false;
		if (header[at] == CHECKSUM &&
		    (length != 4 || !checksum_holds(header, size, at + RECORD_FIXED)))
			return false;
		at += RECORD_FIXED + length;
	}
	return true;
}

/**
 * read_client() - read who the client of a PROXY header is, if that is said
 */
static void read_client(const uint8_t *header, struct preface *preface)
{
	uint8_t kind = header[13];
	const uint8_t *addresses = header + FIXED, *port = addresses;

	if (kind != TCP_IPV4 && kind != TCP_IPV6)
		return;
	preface->known = true;
	if (kind == TCP_IPV4) {
		ip_from_v4(preface->client.ip, addresses);
		port += 8;
	} else {
		memcpy(preface->client.ip, addresses, 16);
		port += 32;
	}
	preface->client.port = (uint16_t)(port[0] << 8 | port[1]);
}

/**
 * is_other() - is this no header of version 2, as far as it goes?
 *
 * What is LOCAL may have any family.
 */
static bool is_other(const uint8_t *header, size_t size)
{
	if (memcmp(header, signature, size < sizeof(signature) ? size : sizeof(signature)) != 0)
		return true;
	if (size > 12 && (header[12] >> 4 != VERSION_2 || (header[12] & 0xf) > PROXY))
		return true;
	return size > 13 && (header[12] & 0xf) == PROXY &&
	       (header[13] >> 4 >= FAMILIES || (header[13] & 0xf) >= TRANSPORTS);
}

/**
 * read_binary() - read version 2, of which the first byte is there
 */
static int read_binary(const uint8_t *header, size_t size, struct preface *preface)
{
	size_t addresses;

	if (is_other(header, size))
		return -EPROTO;
	if (size < FIXED)
		return 0;
	preface->size = FIXED + ((size_t)header[14] << 8 | header[15]);
	if (preface->size > PREFACE_MAX)
		return -EMSGSIZE;
	if (size < preface->size)
		return 0;
	if ((header[12] & 0xf) == LOCAL)
		return 1; /* whatever is behind it */
	addresses = FIXED + addresses_size[header[13] >> 4];
	if (preface->size < addresses || !records_valid(header, preface->size, addresses))
		return -EPROTO;
	read_client(header, preface);
	return 1;
}

int preface_read(const void *bytes, size_t size, struct preface *preface)
{
	const uint8_t *first = bytes;
	int result;

	*preface = (struct preface){.size = 0};
	if (size == 0)
		return 0;
	result = *first == signature[0] ? read_binary(bytes, size, preface)
					: read_line(bytes, size, preface);
	preface->known = preface->known && result == 1 && !ip_is_loopback(preface->client.ip) &&
			 !ip_is_unspecified(preface->client.ip);
	return result;
}
