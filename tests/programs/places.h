/* SPDX-License-Identifier: MIT */
/*
 * places.h - pages that can be used and pages that cannot, for bad-pointers.c
 */
#ifndef TESTS_PROGRAMS_PLACES_H
#define TESTS_PROGRAMS_PLACES_H

#include <sys/mman.h>

#include "tcp.h"

#define PAGE ((size_t)4096)

/* Three pages: the first can be read and written, the second only read, the third neither. */
static char *pages;

static void make_pages(void)
{
	pages = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		     0);
	if (pages == MAP_FAILED)
		abort();
	must(mprotect(pages + PAGE, PAGE, PROT_READ));
	must(mprotect(pages + 2 * PAGE, PAGE, PROT_NONE));
}

/*
 * Where a pointer may lead. @offset says where in the pages; with @part the first bytes of
 * what is pointed at can be used, and the last cannot.
 */
static const struct place {
	const char *label;
	intptr_t at;
	bool in_pages, part;
} places[] = {
	{"NULL", 0, false, false},
	{"unmapped", 16, false, false},
	{"the last byte there is", -1, false, false},
	{"no access", 2 * PAGE + 128, true, false},
	{"read only", PAGE + 128, true, false},
	{"half of it read only", PAGE, true, true},
	{"half of it without access", 2 * PAGE, true, true},
	{"good", 128, true, false},
};

/* Where something of @size bytes stands; @like is copied there, as far as there is memory. */
static void *stand(const struct place *p, const void *like, size_t size)
{
	char *at = p->in_pages ? pages + p->at : (char *)p->at;

	if (!p->in_pages)
		return at;
	if (p->part)
		at -= size / 2;
	must(mprotect(pages, 3 * PAGE, PROT_READ | PROT_WRITE));
	memcpy(at, like, size);
	must(mprotect(pages + PAGE, PAGE, PROT_READ));
	must(mprotect(pages + 2 * PAGE, PAGE, PROT_NONE));
	return at;
}

#endif
