/* SPDX-License-Identifier: MIT */
/*
 * unit.h - what the unit tests share
 */
#ifndef VSOCKIFY_UNIT_H
#define VSOCKIFY_UNIT_H

#include <CUnit/CUnit.h>

#include "../../config/ruleset.h"

/* The tests of each file, ended by CU_TEST_INFO_NULL. */
extern CU_TestInfo address_tests[];
extern CU_TestInfo broker_tests[];
extern CU_TestInfo compile_tests[];
extern CU_TestInfo dialogue_tests[];
extern CU_TestInfo dns_tests[];
extern CU_TestInfo proxy_tests[];
extern CU_TestInfo via_tests[];
extern CU_TestInfo elf_tests[];
extern CU_TestInfo find_tests[];
extern CU_TestInfo image_tests[];
extern CU_TestInfo match_tests[];
extern CU_TestInfo naive_tests[];
extern CU_TestInfo names_tests[];
extern CU_TestInfo pack_tests[];
extern CU_TestInfo parse_tests[];
extern CU_TestInfo pattern_tests[];
extern CU_TestInfo preface_tests[];
extern CU_TestInfo plausible_tests[];
extern CU_TestInfo proctext_tests[];
extern CU_TestInfo socket_tests[];
extern CU_TestInfo ports_tests[];
extern CU_TestInfo spec_tests[];
extern CU_TestInfo table_tests[];
extern CU_TestInfo text_tests[];
extern CU_TestInfo tree_tests[];

/* ip() - an address in its 16-byte form; @buf is returned */
const uint8_t *ip(const char *text, uint8_t buf[16]);
/* endpoint() - an address and a port */
struct endpoint endpoint(const char *address, uint16_t port);
/* same_ip() - does @bytes hold the address written as @text? */
bool same_ip(const uint8_t bytes[16], const char *text);

/*
 * rules_of() - compile options of the command line
 * @options: "--connect 10.0.0.1:80=7" and the like, one per line
 * Return: the image, to be freed. The test ends here if there are errors.
 */
struct ruleset *rules_of(const char *options) __attribute__((returns_nonnull));
/*
 * rules_of_text() - compile the text of a configuration file
 * @text: written to a file called "conf" in scratch_dir()
 * @options: as in rules_of()
 * Return: as rules_of()
 */
struct ruleset *rules_of_text(const char *text, const char *options)
	__attribute__((returns_nonnull));
/* refuses() - compiling these options gives an error; see reported() */
bool refuses(const char *options);
/* refuses_text() - compiling this configuration gives an error */
bool refuses_text(const char *text);

/* messages() - what the last compilation reported, a line for each message */
const char *messages(void);
/* reported() - does messages() contain @text? If not, it is printed. */
bool reported(const char *text);

/* scratch_dir() - an empty directory at first; removed at the end */
const char *scratch_dir(void);
/* scratch_path() - the path of a file in it; valid until the next call */
const char *scratch_path(const char *name);
/* write_scratch() - write a file in it */
void write_scratch(const char *name, const char *text, size_t size);

/* random_below() - a pseudo-random number, the same sequence in each run */
uint32_t random_below(uint32_t limit);

/*
 * image_of_rules() - an image around given rules
 * @count: of connect rules and of listen rules each
 * Return: the image, to be freed
 */
struct ruleset *image_of_rules(const struct rule *connect, const struct rule *listen,
			       uint32_t count);

#endif
