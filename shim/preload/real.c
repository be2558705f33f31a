/* SPDX-License-Identifier: MIT */
/*
 * real.c - finds the functions of libc that lie behind the wrapped ones
 *
 * Theory of operation
 *
 * What dlsym(RTLD_NEXT) does, with the objects' own hash tables (the GNU hash section, see
 * https://sourceware.org/gnu-gabi/program-loading-and-dynamic-linking.txt): the first object
 * behind this one, in the order in which they were loaded, that defines the name. It is
 * written out here because it happens at every start of every program, and five calls of
 * dlsym() are a twentieth of all that a small program executes: one walk over the objects
 * costs less than one of them. dlsym() itself serves where time does not matter.
 */
#include "real.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "../log/log.h"

void *real_find(const char *name)
{
	void *function = dlsym(RTLD_NEXT, name);

	if (!function) {
		log_fatal("this libc is older than glibc 2.34, it has no function ", name);
		abort();
	}
	return function;
}

/* What to look for, its hash (a wrong one would cost a call of dlsym()), and where to put it.
 */
static const struct wanted {
	const char *name;
	uint32_t hash; /* for c in name: hash = hash * 33 + c, from 5381 on */
	void **function;
} wanted[] = {
	{"accept4", 0x1cb82089, (void **)&real.accept4},
	{"recvfrom", 0xff3df269, (void **)&real.recvfrom},
	{"recvmsg", 0x3e09c05c, (void **)&real.recvmsg},
	{"sendto", 0x1b81fa72, (void **)&real.sendto},
	{"sendmsg", 0x8bc12bd6, (void **)&real.sendmsg},
	{"read", 0x7c9d4d41, (void **)&real.read},
	{"write", 0x10a8b550, (void **)&real.write},
	{"send", 0x7c9ddb4f, (void **)&real.send},
	{"readv", 0x1046f5d7, (void **)&real.readv},
	{"writev", 0x25bf5fc6, (void **)&real.writev},
	{"__libc_single_threaded", 0xfecaacfe, (void **)&real.single_threaded},
};
#define WANTED (sizeof wanted / sizeof wanted[0])

/* An object's symbols, as its dynamic section names them. */
struct symbols {
	ElfW(Addr) base;
	const ElfW(Sym) * table;
	const char *names;
	const uint32_t *hash;
};

static bool have_all(const struct symbols *s)
{
	return s->table && s->names && s->hash;
}

static bool read_dynamic(const struct dl_phdr_info *object, struct symbols *symbols)
{
	const ElfW(Dyn) *entry = NULL;

	*symbols = (struct symbols){.base = object->dlpi_addr};
	for (int i = 0; i < object->dlpi_phnum; i++)
		if (object->dlpi_phdr[i].p_type == PT_DYNAMIC)
			entry = (const ElfW(Dyn) *)(object->dlpi_addr +
						    object->dlpi_phdr[i].p_vaddr);
	for (; entry && entry->d_tag != DT_NULL && !have_all(symbols); entry++) {
		if (entry->d_tag == DT_SYMTAB)
			symbols->table = (const ElfW(Sym) *)entry->d_un.d_ptr;
		else if (entry->d_tag == DT_STRTAB)
			symbols->names = (const char *)entry->d_un.d_ptr;
		else if (entry->d_tag == DT_GNU_HASH)
			symbols->hash = (const uint32_t *)entry->d_un.d_ptr;
	}
	/* The kernel's vDSO is listed too, and its pointers are not relocated. */
	return symbols->table && symbols->names && (ElfW(Addr))symbols->table >= symbols->base;
}

/* strcmp() would have to be looked up first. */
static bool same_name(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}

/* The wanted symbol, if the object defines it. */
static const ElfW(Sym) * find_symbol(const struct symbols *s, const struct wanted *w)
{
	uint32_t buckets = s->hash[0], first = s->hash[1], filter_words = s->hash[2];
	const uint32_t *bucket = s->hash + 4 + filter_words * (sizeof(ElfW(Addr)) / 4);
	const uint32_t *chain = bucket + buckets;
	uint32_t hash = w->hash, i = buckets ? bucket[hash % buckets] : 0;

	if (i < first || !i)
		return NULL;
	for (;; i++) {
		const ElfW(Sym) *symbol = &s->table[i];

		if ((chain[i - first] | 1) == (hash | 1) && symbol->st_shndx != SHN_UNDEF &&
		    same_name(s->names + symbol->st_name, w->name))
			return symbol;
		if (chain[i - first] & 1) /* the last of its bucket */
			return NULL;
	}
}

struct walk {
	bool passed_us;
	bool unusual; /* an object that only the dynamic linker should look into */
	unsigned missing;
	bool found[WANTED];
};

static bool is_us(const struct dl_phdr_info *object)
{
	for (int i = 0; i < object->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &object->dlpi_phdr[i];

		if (segment->p_type == PT_LOAD &&
		    (uintptr_t)&real - (object->dlpi_addr + segment->p_vaddr) <
			    segment->p_memsz)
			return true;
	}
	return false;
}

static int look_into(struct dl_phdr_info *object, size_t size, void *argument)
{
	struct walk *walk = argument;
	struct symbols symbols;

	(void)size;
	if (!walk->passed_us) {
		walk->passed_us = is_us(object);
		return 0;
	}
	if (!read_dynamic(object, &symbols))
		return 0;
	if (!symbols.hash) { /* it has a hash table of the older kind */
		walk->unusual = true;
		return 1;
	}
	for (unsigned i = 0; i < WANTED; i++) {
		const ElfW(Sym) *symbol =
			walk->found[i] ? NULL : find_symbol(&symbols, &wanted[i]);

		if (!symbol)
			continue;
		if (ELF64_ST_TYPE(symbol->st_info) == STT_GNU_IFUNC) {
			walk->unusual = true; /* the function is yet to be chosen */
			return 1;
		}
		*wanted[i].function = (void *)(symbols.base + symbol->st_value);
		walk->found[i] = true;
		walk->missing--;
	}
	return walk->missing == 0;
}

void real_init(void)
{
	struct walk walk = {.missing = WANTED};

	dl_iterate_phdr(look_into, &walk);
	for (unsigned i = 0; (walk.missing || walk.unusual) && i < WANTED; i++)
		*wanted[i].function = real_find(wanted[i].name);
}
