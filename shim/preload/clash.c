/* SPDX-License-Identifier: MIT */
/*
 * clash.c - would a name that an object defines for itself mean somebody else's?
 */
#include "clash.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <linux/stat.h>
#include <string.h>
#include <sys/stat.h>

#include "../kernel/sys.h"
#include "real.h"

#define BITS (8 * sizeof(void *))

#if UINTPTR_MAX > UINT32_MAX
#define REL_SYMBOL(info) ELF64_R_SYM(info)
#else
#define REL_SYMBOL(info) ELF32_R_SYM(info)
#endif

/* An object's file, mapped. */
struct object {
	const char *bytes;
	size_t size;
};

/* ---- parts of it, copied: they may lie anywhere ---- */

/* A range of the file; NULL if it is not wholly there. */
static const void *bytes_at(const struct object *o, size_t offset, size_t size)
{
	return offset <= o->size && size <= o->size - offset ? o->bytes + offset : NULL;
}

static bool copy(void *to, const void *from, size_t size)
{
	if (from)
		memcpy(to, from, size);
	return from;
}

static bool is_object(const struct object *o)
{
	const char *ident = bytes_at(o, 0, sizeof(ElfW(Ehdr)));

	return ident && memcmp(ident, ELFMAG, SELFMAG) == 0 &&
	       ident[EI_CLASS] == (BITS == 64 ? ELFCLASS64 : ELFCLASS32);
}

static bool segment(const struct object *o, unsigned i, ElfW(Phdr) * s)
{
	ElfW(Ehdr) header;

	return copy(&header, bytes_at(o, 0, sizeof header), sizeof header) &&
	       i < header.e_phnum && header.e_phentsize == sizeof *s &&
	       copy(s, bytes_at(o, header.e_phoff + i * sizeof *s, sizeof *s), sizeof *s);
}

/* What will lie at an address once it is loaded. */
static const void *loaded_at(const struct object *o, size_t address, size_t size)
{
	ElfW(Phdr) s;

	for (unsigned i = 0; segment(o, i, &s); i++)
		if (s.p_type == PT_LOAD && address >= s.p_vaddr &&
		    address - s.p_vaddr < s.p_filesz &&
		    size <= s.p_filesz - (address - s.p_vaddr))
			return bytes_at(o, s.p_offset + (address - s.p_vaddr), size);
	return NULL;
}

/* The value of an entry of its dynamic section; 0 if it has none. */
static size_t dynamic(const struct object *o, ElfW(Sxword) tag)
{
	ElfW(Dyn) entry;
	ElfW(Phdr) s;

	for (unsigned i = 0; segment(o, i, &s); i++)
		for (size_t at = 0; s.p_type == PT_DYNAMIC && at < s.p_filesz;
		     at += sizeof entry) {
			if (!copy(&entry, bytes_at(o, s.p_offset + at, sizeof entry),
				  sizeof entry) ||
			    entry.d_tag == DT_NULL)
				return 0;
			if (entry.d_tag == tag)
				return entry.d_un.d_val;
		}
	return 0;
}

static const char *text_at(const struct object *o, size_t offset)
{
	size_t size = dynamic(o, DT_STRSZ);
	const char *strings = loaded_at(o, dynamic(o, DT_STRTAB), size);

	if (!strings || offset >= size || !memchr(strings + offset, 0, size - offset))
		return NULL;
	return strings + offset;
}

/* ---- its names ---- */

/* Does it use what it defines itself before it looks elsewhere? */
static bool is_symbolic(const struct object *o)
{
	return dynamic(o, DT_FLAGS) & DF_SYMBOLIC;
}

/* The name of a symbol that it defines, and others may define too; NULL if it is none. */
static const char *own_name(const struct object *o, size_t index)
{
	size_t at = dynamic(o, DT_SYMTAB) + index * sizeof(ElfW(Sym));
	ElfW(Sym) symbol;

	if (!index || !copy(&symbol, loaded_at(o, at, sizeof symbol), sizeof symbol) ||
	    symbol.st_shndx == SHN_UNDEF || ELF64_ST_BIND(symbol.st_info) != STB_GLOBAL ||
	    ELF64_ST_VISIBILITY(symbol.st_other) != STV_DEFAULT)
		return NULL;
	return text_at(o, symbol.st_name);
}

static bool clashes(const struct object *o, size_t index, const char **name)
{
	*name = own_name(o, index);
	return *name && REAL(dlsym)(RTLD_DEFAULT, *name);
}

/* Look through a table of relocations. */
static bool look_through(const struct object *o, ElfW(Sxword) at, ElfW(Sxword) length,
			 size_t entry_size, const char **name)
{
	size_t size = dynamic(o, length), last = 0;
	const char *table = size ? loaded_at(o, dynamic(o, at), size) : NULL;

	for (size_t i = 0; table && i + entry_size <= size; i += entry_size) {
		ElfW(Rel) relocation; /* of both kinds, the beginning is the same */
		size_t index;

		memcpy(&relocation, table + i, sizeof relocation);
		index = REL_SYMBOL(relocation.r_info);
		if (index != last && clashes(o, index, name))
			return true;
		last = index;
	}
	return false;
}

static bool look_at_object(const struct object *o, const char **name)
{
	size_t plt_entry =
		dynamic(o, DT_PLTREL) == DT_RELA ? sizeof(ElfW(Rela)) : sizeof(ElfW(Rel));

	return look_through(o, DT_RELA, DT_RELASZ, sizeof(ElfW(Rela)), name) ||
	       look_through(o, DT_REL, DT_RELSZ, sizeof(ElfW(Rel)), name) ||
	       look_through(o, DT_JMPREL, DT_PLTRELSZ, plt_entry, name);
}

/* ---- its file ---- */

static bool is_loaded(const char *file)
{
	void *handle = REAL(dlopen)(file, RTLD_LAZY | RTLD_NOLOAD);

	if (handle)
		REAL(dlclose)(handle);
	return handle != NULL;
}

static bool open_object(const char *file, struct object *o)
{
	int fd = (int)SYS_CALL(SYS_openat, AT_FDCWD, file, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	struct statx st = {.stx_size = 0};
	void *bytes = MAP_FAILED;

	if (fd < 0)
		return false;
	SYS_CALL(SYS_statx, fd, "", AT_EMPTY_PATH, STATX_SIZE | STATX_TYPE, &st);
	if (S_ISREG(st.stx_mode) && st.stx_size)
		bytes = mmap(NULL, st.stx_size, PROT_READ, MAP_PRIVATE, fd, 0);
	sys_close(fd);
	*o = (struct object){bytes, st.stx_size};
	return bytes != MAP_FAILED;
}

bool clash_find(const char *file, char *name, size_t size)
{
	struct object o;
	const char *found;
	bool clash;

	if (!file || !strchr(file, '/') || is_loaded(file) || !open_object(file, &o))
		return false;
	clash = is_object(&o) && !is_symbolic(&o) && look_at_object(&o, &found);
	if (clash)
		*stpncpy(name, found, size - 1) = 0;
	munmap((void *)o.bytes, o.size);
	return clash;
}
