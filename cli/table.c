/* SPDX-License-Identifier: MIT */
/*
 * table.c - texts in columns
 */
#include "table.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "error.h"

#define COLUMN_GAP 2

void add_cell(struct table *table, const char *format, ...)
{
	char **cell = list_add(&table->cells, sizeof(*cell));
	va_list arguments;

	va_start(arguments, format);
	if (vasprintf(cell, format, arguments) < 0) {
		cli_error("out of memory");
		exit(EX_OSERR);
	}
	va_end(arguments);
}

/**
 * measure_columns() - the widths of the columns' widest cells, and of the gaps behind them
 */
static void measure_columns(const struct table *table, size_t widths[TABLE_COLUMNS_MAX])
{
	char *const *cells = table->cells.items;
	size_t column = 0;

	memset(widths, 0, TABLE_COLUMNS_MAX * sizeof(*widths));
	for (size_t i = 0; i < table->cells.count; i++) {
		if (strlen(cells[i]) + COLUMN_GAP > widths[column])
			widths[column] = strlen(cells[i]) + COLUMN_GAP;
		column = column + 1 < table->columns ? column + 1 : 0;
	}
}

void print_table(struct table *table)
{
	char **cells = table->cells.items;
	size_t widths[TABLE_COLUMNS_MAX];
	size_t column = 0;

	measure_columns(table, widths);
	for (size_t i = 0; i < table->cells.count; i++) {
		bool last = column + 1 == table->columns;

		if (last)
			(void)puts(cells[i]);
		else
			(void)printf("%-*s", (int)widths[column], cells[i]);
		free(cells[i]);
		column = last ? 0 : column + 1;
	}
	list_free(&table->cells);
}
