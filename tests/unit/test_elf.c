/* SPDX-License-Identifier: MIT */
/*
 * test_elf.c - tests of shim/kernel/elf.c
 */
#include "../../shim/kernel/elf.h"

#include <elf.h>
#include <endian.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../config/memory.h"
#include "unit.h"

#define FILE_SIZE   4096
#define TEXT_AT     512 /* the interpreter */
#define NOTE_AT     600
#define DYNAMIC_AT  700
#define NAMES_AT    800
#define SECTIONS_AT 1024

#define OWN_ORDER   (BYTE_ORDER == LITTLE_ENDIAN ? ELFDATA2LSB : ELFDATA2MSB)
#define OTHER_ORDER (BYTE_ORDER == LITTLE_ENDIAN ? ELFDATA2MSB : ELFDATA2LSB)

/* What a file is to be like. */
struct wanted {
	unsigned int bits;
	uint16_t type;
	const char *interpreter; /* NULL: none */
	const char *note;        /* the owner of a note; NULL: none */
	const char *section;     /* the name of a section; NULL: none */
	uint64_t flags_1;        /* of DT_FLAGS_1; 0: none */
};

/* A file under construction. */
static union {
	unsigned char bytes[FILE_SIZE];
	Elf64_Ehdr wide;
	Elf32_Ehdr narrow;
} file;

/**
 * put_segment() - write a program header behind the file's header
 */
static void put_segment(unsigned int bits, uint32_t type, uint32_t offset, uint32_t size)
{
	if (bits == 64) {
		const Elf64_Phdr segment = {
			.p_type = type, .p_offset = offset, .p_filesz = size};

		memcpy(file.bytes + file.wide.e_phoff + file.wide.e_phnum++ * sizeof(segment),
		       &segment, sizeof(segment));
	} else {
		const Elf32_Phdr segment = {
			.p_type = type, .p_offset = offset, .p_filesz = size};

		memcpy(file.bytes + file.narrow.e_phoff +
			       file.narrow.e_phnum++ * sizeof(segment),
		       &segment, sizeof(segment));
	}
}

/**
 * put_header() - write the file's header
 */
static void put_header(const struct wanted *wanted)
{
	memset(file.bytes, 0, sizeof(file.bytes));
	memcpy(file.bytes, ELFMAG, SELFMAG);
	file.bytes[EI_CLASS] = wanted->bits == 64 ? ELFCLASS64 : ELFCLASS32;
	file.bytes[EI_DATA] = OWN_ORDER;
	if (wanted->bits == 64) {
		file.wide.e_type = wanted->type;
		file.wide.e_machine = EM_X86_64;
		file.wide.e_phoff = sizeof(Elf64_Ehdr);
		file.wide.e_phentsize = sizeof(Elf64_Phdr);
	} else {
		file.narrow.e_type = wanted->type;
		file.narrow.e_machine = EM_386;
		file.narrow.e_phoff = sizeof(Elf32_Ehdr);
		file.narrow.e_phentsize = sizeof(Elf32_Phdr);
	}
	put_segment(wanted->bits, PT_LOAD, 0, FILE_SIZE);
}

/**
 * put_note() - write a note of type 4, as Go's linker does
 */
static void put_note(unsigned int bits, const char *owner)
{
	const Elf64_Nhdr note = {
		.n_namesz = (uint32_t)strlen(owner) + 2, .n_descsz = 4, .n_type = 4};

	memcpy(file.bytes + NOTE_AT, &note, sizeof(note));
	memcpy(file.bytes + NOTE_AT + sizeof(note), owner, strlen(owner));
	put_segment(bits, PT_NOTE, NOTE_AT, 40);
}

/**
 * put_dynamic() - write a dynamic section that holds DT_FLAGS_1 alone
 */
static void put_dynamic(unsigned int bits, uint64_t flags)
{
	const Elf64_Dyn wide = {.d_tag = DT_FLAGS_1, .d_un.d_val = flags};
	const Elf32_Dyn narrow = {.d_tag = DT_FLAGS_1, .d_un.d_val = (Elf32_Word)flags};

	if (bits == 64)
		memcpy(file.bytes + DYNAMIC_AT, &wide, sizeof(wide));
	else
		memcpy(file.bytes + DYNAMIC_AT, &narrow, sizeof(narrow));
	put_segment(bits, PT_DYNAMIC, DYNAMIC_AT, 32);
}

/**
 * put_section() - write a section, and the section with its name
 */
static void put_section(unsigned int bits, const char *name)
{
	memcpy(file.bytes + NAMES_AT + 1, name, strlen(name));
	if (bits == 64) {
		const Elf64_Shdr sections[2] = {{.sh_name = 1},
						{.sh_offset = NAMES_AT, .sh_size = 100}};

		file.wide.e_shoff = SECTIONS_AT;
		file.wide.e_shnum = 2;
		file.wide.e_shentsize = sizeof(sections[0]);
		file.wide.e_shstrndx = 1;
		memcpy(file.bytes + SECTIONS_AT, sections, sizeof(sections));
	} else {
		const Elf32_Shdr sections[2] = {{.sh_name = 1},
						{.sh_offset = NAMES_AT, .sh_size = 100}};

		file.narrow.e_shoff = SECTIONS_AT;
		file.narrow.e_shnum = 2;
		file.narrow.e_shentsize = sizeof(sections[0]);
		file.narrow.e_shstrndx = 1;
		memcpy(file.bytes + SECTIONS_AT, sections, sizeof(sections));
	}
}

static void put_file(const struct wanted *wanted)
{
	put_header(wanted);
	if (wanted->interpreter) {
		memcpy(file.bytes + TEXT_AT, wanted->interpreter, strlen(wanted->interpreter));
		put_segment(wanted->bits, PT_INTERP, TEXT_AT,
			    (uint32_t)strlen(wanted->interpreter) + 1);
	}
	if (wanted->note)
		put_note(wanted->bits, wanted->note);
	if (wanted->flags_1)
		put_dynamic(wanted->bits, wanted->flags_1);
	if (wanted->section)
		put_section(wanted->bits, wanted->section);
}

/**
 * read_back() - write a file, and read it
 */
static struct elf_facts read_back(const struct wanted *wanted)
{
	struct elf_facts facts;

	put_file(wanted);
	CU_ASSERT_FATAL(elf_read(file.bytes, sizeof(file.bytes), &facts));
	CU_ASSERT(facts.bits == wanted->bits);
	CU_ASSERT(facts.machine == (wanted->bits == 64 ? EM_X86_64 : EM_386));
	CU_ASSERT(facts.same_order);
	return facts;
}

static void test_kinds(void)
{
	for (unsigned int bits = 32; bits <= 64; bits += 32) {
		const struct wanted dynamic = {
			.bits = bits, .type = ET_DYN, .interpreter = "/lib/ld.so"};
		const struct wanted plain = {.bits = bits, .type = ET_EXEC};
		const struct wanted pie = {.bits = bits, .type = ET_DYN, .flags_1 = DF_1_PIE};
		const struct wanted now = {.bits = bits, .type = ET_DYN, .flags_1 = DF_1_NOW};
		struct elf_facts facts = read_back(&dynamic);

		CU_ASSERT(!facts.is_static && !facts.go);
		CU_ASSERT_STRING_EQUAL(facts.interpreter, "/lib/ld.so");
		facts = read_back(&plain);
		CU_ASSERT(facts.is_static && !facts.interpreter);
		CU_ASSERT(read_back(&pie).is_static);
		CU_ASSERT(!read_back(&now).is_static); /* a dynamic linker, or a library */
	}
}

static void test_go(void)
{
	for (unsigned int bits = 32; bits <= 64; bits += 32) {
		struct wanted wanted = {.bits = bits, .type = ET_EXEC, .note = "Go"};

		CU_ASSERT(read_back(&wanted).go);
		wanted.note = "GNU";
		CU_ASSERT(!read_back(&wanted).go);
		wanted.section = ".go.buildinfo";
		CU_ASSERT(read_back(&wanted).go);
		wanted.section = ".note.go.buildid";
		CU_ASSERT(read_back(&wanted).go);
		wanted.section = ".go.build";
		CU_ASSERT(!read_back(&wanted).go);
	}
}

static void test_others(void)
{
	const struct wanted object = {.bits = 64, .type = ET_REL};
	const struct wanted program = {.bits = 64, .type = ET_EXEC};
	struct elf_facts facts;

	put_file(&object);
	CU_ASSERT(!elf_read(file.bytes, sizeof(file.bytes), &facts));
	CU_ASSERT(!elf_read("#!/bin/sh\n", 10, &facts));
	CU_ASSERT(!elf_read("", 0, &facts));
	put_file(&program);
	file.bytes[EI_DATA] = OTHER_ORDER;
	CU_ASSERT(elf_read(file.bytes, sizeof(file.bytes), &facts));
	CU_ASSERT(!facts.same_order);
	file.bytes[EI_CLASS] = ELFCLASSNONE;
	CU_ASSERT(!elf_read(file.bytes, sizeof(file.bytes), &facts));
}

/**
 * read_copy() - read the first bytes of a file from memory that ends behind them
 */
static bool read_copy(size_t size)
{
	struct elf_facts facts;
	unsigned char *copy = memory_zeroed(size > 0 ? size : 1);
	bool good;

	memcpy(copy, file.bytes, size);
	good = elf_read(copy, size, &facts);
	if (good && facts.interpreter) /* within the bytes, to its end */
		CU_ASSERT((const unsigned char *)facts.interpreter + strlen(facts.interpreter) <
			  copy + size);
	free(copy);
	return good;
}

static const struct wanted everything[2] = {
	{32, ET_DYN, "/lib/ld.so", "GNU", ".go.buildinf", DF_1_PIE},
	{64, ET_DYN, "/lib/ld.so", "GNU", ".go.buildinf", DF_1_PIE},
};

static void test_cut_off(void)
{
	for (int i = 0; i < 2; i++) {
		put_file(&everything[i]);
		for (size_t size = 0; size < 180; size++)
			CU_ASSERT(!read_copy(size));
		for (size_t size = 180; size < SECTIONS_AT + 200; size++)
			(void)read_copy(size);
		CU_ASSERT(read_copy(FILE_SIZE));
	}
}

static void test_damaged(void)
{
	for (int round = 0; round < 20000; round++) {
		struct elf_facts facts;

		put_file(&everything[round % 2]);
		for (int i = 0; i < 4; i++) {
			/* the headers, or the notes, names and sections */
			uint32_t at = random_below(2) ? 16 + random_below(300)
						      : NOTE_AT + random_below(600);

			file.bytes[at] = (unsigned char)random_below(256);
			if (random_below(3) == 0)
				memset(file.bytes + at, 0xff, 4);
		}
		if (elf_read(file.bytes, sizeof(file.bytes), &facts) && facts.interpreter)
			CU_ASSERT((const unsigned char *)facts.interpreter +
					  strlen(facts.interpreter) <
				  file.bytes + sizeof(file.bytes));
	}
}

CU_TestInfo elf_tests[] = {
	{"dynamic, static, static and position-independent", test_kinds},
	{"programs of Go", test_go},
	{"what is no program of this machine", test_others},
	{"files that are cut off", test_cut_off},
	{"files that are damaged", test_damaged},
	CU_TEST_INFO_NULL,
};
