/* SPDX-License-Identifier: MIT */
/*
 * explain.h - the answers of --explain, in words (explain.c) and as JSON (explain_json.c)
 */
#ifndef VSOCKIFY_EXPLAIN_H
#define VSOCKIFY_EXPLAIN_H

#include "answer.h"
#include "question.h"

/* The words for each enum side, and enum action. */
extern const char *const call_names[];
extern const char *const action_words[];

/* question_answer() - the answer about one of the addresses of a question */
static inline struct answer question_answer(const struct ruleset *rs,
					    const struct question *question,
					    const struct endpoint *at)
{
	return *question->taken != '\0' ? answer_for_name(rs, at, question->taken)
					: answer_for(rs, question->side, at, false);
}

/* explain_json() - write a question and its answers, as one line */
void explain_json(const struct ruleset *rs, const struct question *question);

#endif
