/* SPDX-License-Identifier: MIT */
/*
 * explain.h - the answers of --explain, in words (explain.c) and as JSON (explain_json.c)
 */
#ifndef VSOCKIFY_EXPLAIN_H
#define VSOCKIFY_EXPLAIN_H

#include "question.h"

/* The words for each enum side, and enum action. */
extern const char *const call_names[];
extern const char *const action_words[];

/* explain_json() - write a question and its answers, as one line */
void explain_json(const struct ruleset *rs, const struct question *question);

#endif
