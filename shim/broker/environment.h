/* SPDX-License-Identifier: MIT */
/*
 * environment.h - where the broker of this program is, and how they know each other
 *
 * Theory of operation
 *
 * The launcher writes VSOCKIFY_BROKER, and hands the same to the broker:
 *
 *   VERSION:TOKEN:SECRET:RULES:NAME:PATH
 *
 * TOKEN is what a program shows the broker, SECRET what the broker shows the program: 16 random
 * bytes each. RULES is a hash of the compiled rules: who has other ones has another broker, or
 * none. NAME is the broker's abstract Unix name, without the NUL in front; PATH the same socket
 * for who is in another network namespace, or nothing.
 *
 * Pure functions, without allocation, async-signal-safe.
 */
#ifndef VSOCKIFY_BROKER_ENVIRONMENT_H
#define VSOCKIFY_BROKER_ENVIRONMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "../../config/ruleset.h"

#define BROKER_ENV "VSOCKIFY_BROKER"

#define BROKER_SECRET_SIZE 16
#define BROKER_NAME_MAX    64  /* of letters, digits, '/', '-' and '.'; not empty */
#define BROKER_PATH_MAX    107 /* what the kernel takes; absolute, or empty: none */

struct broker_environment {
	uint8_t token[BROKER_SECRET_SIZE];  /* the program's */
	uint8_t secret[BROKER_SECRET_SIZE]; /* the broker's */
	uint64_t rules;                     /* broker_hash() */
	char name[BROKER_NAME_MAX + 1];
	char path[BROKER_PATH_MAX + 1];
};

/* What a supervisor's socket is called, abstractly, by which the broker finds it (tree.h):
 * NAME, and its pid */
#define BROKER_OF_SUPERVISOR "%s/%d"

#define BROKER_TEXT_MAX 320 /* of the variable's value, with the NUL */

/* broker_hash() - of the rules; not 0 */
uint64_t broker_hash(const struct ruleset *rs);

/* broker_encode() - the variable's value */
void broker_encode(const struct broker_environment *environment, char text[BROKER_TEXT_MAX]);

/*
 * broker_decode() - read it
 * @text: of unknown origin
 * Return: false if it is none, or of another version
 */
bool broker_decode(const char *text, struct broker_environment *environment);

/* broker_same_secret() - in a time that does not tell how much of it is right */
static inline bool broker_same_secret(const uint8_t one[BROKER_SECRET_SIZE],
				      const uint8_t other[BROKER_SECRET_SIZE])
{
	volatile uint8_t differs = 0;

	for (int i = 0; i < BROKER_SECRET_SIZE; i++)
		differs = differs | (one[i] ^ other[i]);
	return differs == 0;
}

#endif
