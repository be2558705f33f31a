/* SPDX-License-Identifier: MIT */
/*
 * real.c - finds the functions of libc that lie behind the wrapped ones
 *
 * Theory of operation
 *
 * What dlsym(RTLD_NEXT) does, with the objects' own hash tables (the GNU hash section, see
 * https://sourceware.org/gnu-gabi/program-loading-and-dynamic-linking.txt): the first object
 * behind this one, in the order in which they were loaded, that defines the name. It is
 * written out here for two reasons. It happens at every start of every program, and five calls
 * of dlsym() are a twentieth of all that a small program executes: one walk over the objects
 * costs less than one of them. And not every program has a dlsym(): before 2.34 glibc kept it
 * in a library of its own, as it did some of the functions that are looked for here.
 *
 * Nothing here is glibc's own but what is allowed to be missing.
 */
#include "real.h"

#include <elf.h>
#include <link.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "../log/log.h"

/* What to look for, its hash, and where to put it. Without a pointer, each of which the dynamic
 * linker would have to relocate. */
struct wanted {
	char name[28];
	uint32_t hash; /* for c in name: hash = hash * 33 + c, from 5381 on */
	size_t at;     /* in what the walk fills in */
};

static const struct wanted at_load[] = {
	{"accept4", 0x1cb82089, offsetof(struct real, accept4)},
	{"recvfrom", 0xff3df269, offsetof(struct real, recvfrom)},
	{"recvmsg", 0x3e09c05c, offsetof(struct real, recvmsg)},
	{"sendto", 0x1b81fa72, offsetof(struct real, sendto)},
	{"sendmsg", 0x8bc12bd6, offsetof(struct real, sendmsg)},
	{"read", 0x7c9d4d41, offsetof(struct real, read)},
	{"write", 0x10a8b550, offsetof(struct real, write)},
	{"send", 0x7c9ddb4f, offsetof(struct real, send)},
	{"readv", 0x1046f5d7, offsetof(struct real, readv)},
	{"writev", 0x25bf5fc6, offsetof(struct real, writev)},
	{"connect", 0xd3764dcf, offsetof(struct real, connect)},
	{"poll", 0x7c9c607c, offsetof(struct real, poll)},
	{"fcntl", 0x0f6cf05c, offsetof(struct real, fcntl)},
	{"execv", 0x0f663360, offsetof(struct real, execv)},
	{"execvp", 0xfc2c9fd0, offsetof(struct real, execvp)},
	{"execvpe", 0x81c09a35, offsetof(struct real, execvpe)},
	/* The last two are not in every libc. */
	{"pthread_testcancel", 0x89288632, offsetof(struct real, testcancel)},
	{"__libc_single_threaded", 0xfecaacfe, offsetof(struct real, single_threaded)},
};
#define AT_LOAD   (sizeof at_load / sizeof at_load[0])
#define NECESSARY (AT_LOAD - 2)

/* ---- what an object defines ---- */

/* An object's symbols, as its dynamic section names them. */
struct symbols {
	ElfW(Addr) base;
	const ElfW(Sym) * table;
	const char *names;
	const uint32_t *gnu_hash, *hash;
	const uint16_t *versions;
};

/* What an entry points to. glibc writes addresses there on most machines, musl leaves the
 * offsets that the file has, and so does the kernel in its vDSO. */
static const void *pointed(const struct symbols *s, const ElfW(Dyn) * entry)
{
	ElfW(Addr) value = entry->d_un.d_ptr;

	return (const void *)(value < s->base ? s->base + value : value);
}

static bool read_dynamic(const struct dl_phdr_info *object, struct symbols *s)
{
	const ElfW(Dyn) *entry = NULL;

	*s = (struct symbols){.base = object->dlpi_addr};
	for (int i = 0; i < object->dlpi_phnum; i++)
		if (object->dlpi_phdr[i].p_type == PT_DYNAMIC)
			entry = (const ElfW(Dyn) *)(s->base + object->dlpi_phdr[i].p_vaddr);
	for (; entry && entry->d_tag != DT_NULL; entry++) {
		if (entry->d_tag == DT_SYMTAB)
			s->table = pointed(s, entry);
		else if (entry->d_tag == DT_STRTAB)
			s->names = pointed(s, entry);
		else if (entry->d_tag == DT_GNU_HASH)
			s->gnu_hash = pointed(s, entry);
		else if (entry->d_tag == DT_HASH)
			s->hash = pointed(s, entry);
		else if (entry->d_tag == DT_VERSYM)
			s->versions = pointed(s, entry);
	}
	return s->table && s->names && (s->gnu_hash || s->hash);
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

#define VERSION_HIDDEN 0x8000 /* kept for programs that were linked with it */

/* Is this symbol a definition of the name, the one that is for everybody? */
static bool defines(const struct symbols *s, uint32_t i, const char *name)
{
	return s->table[i].st_shndx != SHN_UNDEF &&
	       ELF64_ST_TYPE(s->table[i].st_info) != STT_GNU_IFUNC &&
	       !(s->versions && s->versions[i] & VERSION_HIDDEN) &&
	       same_name(s->names + s->table[i].st_name, name);
}

/* Look at all symbols, in an object that has only a hash table of the older kind, which says
 * how many they are. 0, or the index. */
static uint32_t find_among_all(const struct symbols *s, const char *name)
{
	for (uint32_t i = 1; i < s->hash[1]; i++)
		if (defines(s, i, name))
			return i;
	return 0;
}

/* 0, or the index of the symbol. */
static uint32_t find_symbol(const struct symbols *s, const struct wanted *w)
{
	uint32_t buckets, first, i;
	const uint32_t *bucket, *chain;

	if (!s->gnu_hash)
		return find_among_all(s, w->name);
	buckets = s->gnu_hash[0];
	first = s->gnu_hash[1];
	bucket = s->gnu_hash + 4 + s->gnu_hash[2] * (sizeof(ElfW(Addr)) / 4);
	chain = bucket + buckets;
	i = buckets ? bucket[w->hash % buckets] : 0;
	if (i < first || !i)
		return 0;
	for (;; i++) {
		if ((chain[i - first] | 1) == (w->hash | 1) && defines(s, i, w->name))
			return i;
		if (chain[i - first] & 1) /* the last of its bucket */
			return 0;
	}
}

/* Where it lies. (No function that is looked for here is an indirect one, STT_GNU_IFUNC, in any
 * libc: those are the ones that count bytes.) */
static void *address_of(const struct symbols *s, uint32_t i)
{
	return (void *)(s->base + s->table[i].st_value);
}

/* ---- a walk over the objects ---- */

struct walk {
	const struct wanted *wanted;
	void *found; /* struct real, or one pointer */
	unsigned count;
	uint32_t missing; /* a bit for each that has not been found */
	bool begun;       /* the objects that count have been reached */
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

static void put(void *found, const struct wanted *w, void *function)
{
	*(void **)((char *)found + w->at) = function;
}

static int look_into(struct dl_phdr_info *object, size_t size, void *argument)
{
	struct walk *walk = argument;
	struct symbols symbols;

	(void)size;
	if (!walk->begun) {
		walk->begun = is_us(object);
		return 0;
	}
	if (!read_dynamic(object, &symbols))
		return 0;
	for (unsigned i = 0; i < walk->count; i++) {
		const struct wanted *w = &walk->wanted[i];
		uint32_t bit = 1u << i, symbol;

		if (!(walk->missing & bit))
			continue;
		symbol = find_symbol(&symbols, w);
		if (!symbol)
			continue;
		put(walk->found, w, address_of(&symbols, symbol));
		walk->missing &= ~bit;
	}
	return walk->missing == 0;
}

/* Look a name up: in all objects from the first on, or in those behind this one. */
static void *find(const char *name, bool from_first)
{
	void *function = NULL;
	struct wanted wanted = {.hash = 5381};
	struct walk walk = {&wanted, &function, 1, 1, from_first};

	for (size_t i = 0; name[i] && i < sizeof wanted.name - 1; i++) {
		wanted.name[i] = name[i];
		wanted.hash = wanted.hash * 33 + (unsigned char)name[i];
	}
	dl_iterate_phdr(look_into, &walk);
	return function;
}

void *real_find(const char *name)
{
	void *function = find(name, false);

	if (!function) {
		log_fatal("this libc is none that libvsockify.so goes with (vsockify --engine "
			  "seccomp needs none): it has no function ",
			  name);
		abort();
	}
	return function;
}

void *real_find_of_two(const char *name, const char *other)
{
	void *function = find(name, false);

	return function ? function : real_find(other);
}

void *real_find_any(const char *name)
{
	return find(name, true);
}

static int name_of_us(struct dl_phdr_info *object, size_t size, void *argument)
{
	(void)size;
	if (!is_us(object))
		return 0;
	*(const char **)argument = object->dlpi_name;
	return 1;
}

const char *real_own_file(void)
{
	const char *name = NULL;

	dl_iterate_phdr(name_of_us, &name);
	return name;
}

#ifdef __i386__
/* What a canary leads to there, in position-independent code; libc has it in no shared object.
 */
extern _Noreturn void __stack_chk_fail(void);
_Noreturn void __stack_chk_fail_local(void);
__attribute__((visibility("hidden"))) _Noreturn void __stack_chk_fail_local(void)
{
	__stack_chk_fail();
}
#endif

static void no_cancellation(void)
{
}

static const char may_have_threads;

void real_init(void)
{
	struct walk walk = {at_load, &real, AT_LOAD, (1u << AT_LOAD) - 1, false};

	dl_iterate_phdr(look_into, &walk);
	for (unsigned i = 0; walk.missing && i < NECESSARY; i++)
		if (walk.missing & 1u << i)
			put(&real, &at_load[i], real_find(at_load[i].name));
	if (!real.testcancel) /* libpthread has it, and was not loaded */
		real.testcancel = no_cancellation;
	if (!real.single_threaded)
		real.single_threaded = &may_have_threads;
}
