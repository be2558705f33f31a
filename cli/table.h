/* SPDX-License-Identifier: MIT */
/*
 * table.h - texts in columns
 *
 * A table is filled cell by cell, row after row; its columns are as wide as their widest cell.
 */
#ifndef VSOCKIFY_TABLE_H
#define VSOCKIFY_TABLE_H

#include "../config/memory.h"

#define TABLE_COLUMNS_MAX 4

struct table {
	size_t columns;    /* at most TABLE_COLUMNS_MAX */
	struct list cells; /* of char * */
};

/* add_cell() - add a cell behind the last */
void add_cell(struct table *table, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* print_table() - print a table on stdout, and empty it */
void print_table(struct table *table);

#endif
