/* SPDX-License-Identifier: MIT */
/*
 * elf.c - what does an executable's file say about how it will run?
 *
 * Theory of operation
 *
 * The headers of both sizes are brought into one form. A program without PT_INTERP starts
 * without a dynamic linker, unless it is the dynamic linker, which may be run as a program:
 * that one is ET_DYN without DF_1_PIE.
 *
 * Go's linker leaves a note with its name, and a section, either of which may be stripped.
 */
#include "elf.h"

#include <elf.h>
#include <endian.h>
#include <string.h>

#define OWN_ORDER (BYTE_ORDER == LITTLE_ENDIAN ? ELFDATA2LSB : ELFDATA2MSB)

/* The type of the note in which Go keeps its build ID. */
#define NOTE_GO_BUILD_ID 4

struct file {
	const unsigned char *bytes;
	size_t size;
	bool wide; /* ELFCLASS64 */
};

/* A segment or a section, as far as it matters here. */
struct part {
	uint32_t name; /* of a section */
	uint32_t type;
	uint64_t offset, size; /* in the file */
};

/* A table of headers. */
struct headers {
	uint64_t offset;
	uint32_t count;
	uint32_t entry_size;
};

/**
 * bytes_at() - a range of the file
 * Return: where it is in memory; NULL if it is not wholly there
 */
static const void *bytes_at(const struct file *file, uint64_t offset, uint64_t size)
{
	if (offset > file->size || size > file->size - offset)
		return NULL;
	return file->bytes + offset;
}

/**
 * text_at() - a text in the file
 * Return: it; NULL if it does not end before the range or the file does
 */
static const char *text_at(const struct file *file, uint64_t offset, uint64_t size)
{
	const char *text = bytes_at(file, offset, size);

	return text && memchr(text, '\0', size) ? text : NULL;
}

/**
 * get_segment() - read a program header
 */
static bool get_segment(const struct file *file, const struct headers *headers, uint32_t index,
			struct part *part)
{
	uint64_t offset = headers->offset + (uint64_t)index * headers->entry_size;
	Elf64_Phdr wide;
	Elf32_Phdr narrow;
	const void *at = bytes_at(file, offset, file->wide ? sizeof(wide) : sizeof(narrow));

	if (!at)
		return false;
	if (file->wide) {
		memcpy(&wide, at, sizeof(wide));
		*part = (struct part){0, wide.p_type, wide.p_offset, wide.p_filesz};
	} else {
		memcpy(&narrow, at, sizeof(narrow));
		*part = (struct part){0, narrow.p_type, narrow.p_offset, narrow.p_filesz};
	}
	return true;
}

/**
 * get_section() - read a section header
 */
static bool get_section(const struct file *file, const struct headers *headers, uint32_t index,
			struct part *part)
{
	uint64_t offset = headers->offset + (uint64_t)index * headers->entry_size;
	Elf64_Shdr wide;
	Elf32_Shdr narrow;
	const void *at = bytes_at(file, offset, file->wide ? sizeof(wide) : sizeof(narrow));

	if (!at)
		return false;
	if (file->wide) {
		memcpy(&wide, at, sizeof(wide));
		*part = (struct part){wide.sh_name, wide.sh_type, wide.sh_offset, wide.sh_size};
	} else {
		memcpy(&narrow, at, sizeof(narrow));
		*part = (struct part){narrow.sh_name, narrow.sh_type, narrow.sh_offset,
				      narrow.sh_size};
	}
	return true;
}

/**
 * find_segment() - the first segment of a type
 */
static bool find_segment(const struct file *file, const struct headers *headers, uint32_t type,
			 struct part *part)
{
	for (uint32_t i = 0; i < headers->count; i++) {
		if (get_segment(file, headers, i, part) && part->type == type)
			return true;
	}
	return false;
}

/**
 * is_position_independent_program() - does DT_FLAGS_1 say DF_1_PIE?
 */
static bool is_position_independent_program(const struct file *file,
					    const struct headers *segments)
{
	size_t entry = file->wide ? sizeof(Elf64_Dyn) : sizeof(Elf32_Dyn);
	struct part dynamic;
	Elf64_Dyn wide;
	Elf32_Dyn narrow;

	if (!find_segment(file, segments, PT_DYNAMIC, &dynamic))
		return false;
	for (uint64_t at = 0; at + entry <= dynamic.size; at += entry) {
		const void *bytes = bytes_at(file, dynamic.offset + at, entry);

		if (!bytes)
			return false;
		if (file->wide) {
			memcpy(&wide, bytes, sizeof(wide));
		} else {
			memcpy(&narrow, bytes, sizeof(narrow));
			wide.d_tag = narrow.d_tag;
			wide.d_un.d_val = narrow.d_un.d_val;
		}
		if (wide.d_tag == DT_FLAGS_1)
			return (wide.d_un.d_val & DF_1_PIE) != 0;
	}
	return false;
}

/**
 * has_go_note() - is a note of Go's among those of a segment?
 */
static bool has_go_note(const struct file *file, const struct part *notes)
{
	const uint64_t align = 3;
	Elf64_Nhdr note; /* Elf32_Nhdr is the same */
	uint64_t at = 0;

	while (at < notes->size && notes->size - at >= sizeof(note)) {
		const void *header = bytes_at(file, notes->offset + at, sizeof(note));
		const char *name;

		if (!header)
			return false;
		memcpy(&note, header, sizeof(note));
		name = bytes_at(file, notes->offset + at + sizeof(note), note.n_namesz);
		if (name && note.n_type == NOTE_GO_BUILD_ID &&
		    note.n_namesz == sizeof("Go") + 1 &&
		    memcmp(name, "Go\0", sizeof("Go") + 1) == 0)
			return true;
		at += sizeof(note) + ((note.n_namesz + align) & ~align) +
		      ((note.n_descsz + align) & ~align);
	}
	return false;
}

/**
 * has_go_section() - is there a section of Go's?
 * @names_index: of the section that holds the names
 */
static bool has_go_section(const struct file *file, const struct headers *sections,
			   uint32_t names_index)
{
	struct part names;
	struct part section;

	if (!get_section(file, sections, names_index, &names))
		return false;
	for (uint32_t i = 0; i < sections->count; i++) {
		const char *name;

		if (!get_section(file, sections, i, &section) || section.name >= names.size)
			continue;
		name = text_at(file, names.offset + section.name, names.size - section.name);
		if (name && (strcmp(name, ".go.buildinfo") == 0 ||
			     strcmp(name, ".note.go.buildid") == 0))
			return true;
	}
	return false;
}

/**
 * is_go() - was it made by the Go toolchain?
 */
static bool is_go(const struct file *file, const struct headers *segments,
		  const struct headers *sections, uint32_t names_index)
{
	struct part part;

	for (uint32_t i = 0; i < segments->count; i++) {
		if (get_segment(file, segments, i, &part) && part.type == PT_NOTE &&
		    has_go_note(file, &part))
			return true;
	}
	return has_go_section(file, sections, names_index);
}

/**
 * get_header() - read the file's header
 */
static bool get_header(const struct file *file, Elf64_Ehdr *header)
{
	const void *at =
		bytes_at(file, 0, file->wide ? sizeof(Elf64_Ehdr) : sizeof(Elf32_Ehdr));
	Elf32_Ehdr narrow;

	if (!at)
		return false;
	if (file->wide) {
		memcpy(header, at, sizeof(*header));
		return true;
	}
	memcpy(&narrow, at, sizeof(narrow));
	*header = (Elf64_Ehdr){
		.e_type = narrow.e_type,
		.e_machine = narrow.e_machine,
		.e_phoff = narrow.e_phoff,
		.e_phentsize = narrow.e_phentsize,
		.e_phnum = narrow.e_phnum,
		.e_shoff = narrow.e_shoff,
		.e_shentsize = narrow.e_shentsize,
		.e_shnum = narrow.e_shnum,
		.e_shstrndx = narrow.e_shstrndx,
	};
	return true;
}

bool elf_read(const void *bytes, size_t size, struct elf_facts *facts)
{
	struct file file = {.bytes = bytes, .size = size};
	struct headers segments;
	struct headers sections;
	struct part interpreter;
	struct part last;
	Elf64_Ehdr header;

	*facts = (struct elf_facts){.bits = 0};
	if (size < EI_NIDENT || memcmp(file.bytes, ELFMAG, SELFMAG) != 0)
		return false;
	file.wide = file.bytes[EI_CLASS] == ELFCLASS64;
	if (!file.wide && file.bytes[EI_CLASS] != ELFCLASS32)
		return false;
	facts->bits = file.wide ? 64 : 32;
	facts->same_order = file.bytes[EI_DATA] == OWN_ORDER;
	if (!facts->same_order)
		return true;
	if (!get_header(&file, &header) ||
	    (header.e_type != ET_EXEC && header.e_type != ET_DYN))
		return false;
	facts->machine = header.e_machine;
	segments = (struct headers){header.e_phoff, header.e_phnum, header.e_phentsize};
	sections = (struct headers){header.e_shoff, header.e_shnum, header.e_shentsize};
	if (segments.count == 0 || !get_segment(&file, &segments, segments.count - 1, &last))
		return false;
	if (find_segment(&file, &segments, PT_INTERP, &interpreter))
		facts->interpreter = text_at(&file, interpreter.offset, interpreter.size);
	else
		facts->is_static = header.e_type == ET_EXEC ||
				   is_position_independent_program(&file, &segments);
	facts->go = is_go(&file, &segments, &sections, header.e_shstrndx);
	return true;
}

const char *elf_libc(const char *linker)
{
	const char *slash = strrchr(linker, '/');
	const char *name = slash ? slash + 1 : linker;

	if (strncmp(name, "ld-musl-", 8) == 0)
		return "musl";
	return strncmp(name, "ld-linux", 8) == 0 || strncmp(name, "ld64.so", 7) == 0 ||
			       strncmp(name, "ld.so", 5) == 0
		       ? "glibc"
		       : NULL;
}
