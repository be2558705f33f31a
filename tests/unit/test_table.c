/* SPDX-License-Identifier: MIT */
/*
 * test_table.c - the broker's connections, and when each has to be looked at
 */
#include "unit.h"

#include "../../cli/broker/table.h"

#define SIZE   100
#define ROUNDS 100000

static struct shared shared;

static void begin(struct table *t)
{
	shared = (struct shared){.begun = 0};
	CU_ASSERT_FATAL(table_init(t, SIZE, &shared));
}

static void test_slots(void)
{
	struct connection *c[SIZE], *again;
	struct table t;
	uint64_t old;

	begin(&t);
	for (int i = 0; i < SIZE; i++) {
		c[i] = table_take(&t);
		CU_ASSERT_FATAL(c[i] != NULL);
	}
	CU_ASSERT(table_take(&t) == NULL && shared_count(&shared, STATE_NEW) == SIZE);
	old = table_tag(&t, c[7], ROLE_ONWARD);
	CU_ASSERT(tag_role(old) == ROLE_ONWARD && table_tagged(&t, old) == c[7]);
	table_state(&t, c[7], STATE_READY);
	CU_ASSERT(shared_count(&shared, STATE_NEW) == SIZE - 1);
	CU_ASSERT(shared_count(&shared, STATE_READY) == 1);
	table_drop(&t, c[7]);
	CU_ASSERT(shared_count(&shared, STATE_READY) == 0 && table_tagged(&t, old) == NULL);
	again = table_take(&t);
	CU_ASSERT(again == c[7] && table_tagged(&t, old) == NULL);
	CU_ASSERT(table_tagged(&t, table_tag(&t, again, ROLE_PAIR)) == again);
	CU_ASSERT(again->program == -1 && again->onward == -1 && again->state == STATE_NEW);
}

static void test_tags(void)
{
	struct table t;

	begin(&t);
	CU_ASSERT(tag_role(tag_of_listener(6)) == ROLE_LISTENER);
	CU_ASSERT(tag_listener(tag_of_listener(6)) == 6);
	CU_ASSERT(table_tagged(&t, UINT64_MAX) == NULL);
	CU_ASSERT(table_tagged(&t, (uint64_t)SIZE << 2 | ROLE_PROGRAM) == NULL);
	CU_ASSERT(table_tagged(&t, ROLE_PROGRAM) == NULL); /* which nobody ever had */
}

/* The earliest by looking at each. */
static int64_t earliest(const struct table *t)
{
	int64_t first = INT64_MAX;

	for (uint32_t i = 0; i < SIZE; i++) {
		const struct connection *c = &t->slot[i];

		if (c->generation & 1 && c->place != NOWHERE && c->deadline < first)
			first = c->deadline;
	}
	return first;
}

/* Random changes; the first is always the earliest. */
static void test_deadlines(void)
{
	struct connection *c[SIZE] = {NULL}, *first;
	struct table t;
	int wrong = 0;

	begin(&t);
	for (int round = 0; round < ROUNDS; round++) {
		uint32_t i = random_below(SIZE);

		if (!c[i])
			c[i] = table_take(&t);
		switch (random_below(4)) {
		case 0:
			table_drop(&t, c[i]);
			c[i] = NULL;
			break;
		case 1:
			table_rest(&t, c[i]);
			break;
		default:
			table_wake(&t, c[i], random_below(1000));
		}
		first = table_first(&t);
		wrong += (first ? first->deadline : INT64_MAX) != earliest(&t);
	}
	CU_ASSERT(wrong == 0);
}

static void test_oldest(void)
{
	struct connection *one, *other, *third;
	struct table t;

	begin(&t);
	one = table_take(&t);
	other = table_take(&t);
	third = table_take(&t);
	CU_ASSERT(table_oldest(&t, STATE_HELD) == NULL);
	table_state(&t, one, STATE_HELD);
	table_state(&t, other, STATE_HELD);
	table_wake(&t, third, 1);
	table_wake(&t, one, 5);
	table_wake(&t, other, 3);
	CU_ASSERT(table_oldest(&t, STATE_HELD) == other && table_first(&t) == third);
}

CU_TestInfo table_tests[] = {
	{"slots and generations", test_slots},
	{"tags", test_tags},
	{"deadlines", test_deadlines},
	{"the oldest of a state", test_oldest},
	CU_TEST_INFO_NULL,
};
