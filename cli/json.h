/* SPDX-License-Identifier: MIT */
/*
 * json.h - JSON (RFC 8259) on stdout, for scripts
 *
 * Theory of operation
 *
 * Values are written as they come, with the commas between them; the caller opens and closes
 * objects and arrays in pairs. @key is the name of a value in an object, NULL in an array.
 */
#ifndef VSOCKIFY_JSON_H
#define VSOCKIFY_JSON_H

#include <stdbool.h>
#include <stdint.h>

struct json {
	bool comma; /* something stands before the next value */
};

/* json_open() - begin an object ('{') or an array ('[') */
void json_open(struct json *json, const char *key, char bracket);
/* json_close() - end it ('}' or ']') */
void json_close(struct json *json, char bracket);
/* json_string() - write a text; bytes that are no UTF-8 become U+FFFD */
void json_string(struct json *json, const char *key, const char *value);
/* json_number() - write a number */
void json_number(struct json *json, const char *key, uint32_t value);

#endif
