#!/usr/bin/env python3
"""said.py FILE... - the texts in C sources: where each stands, a tab, and the text; a "+" in front where it is no message

Neighbouring strings are joined, as the compiler does it, and so are those of one call of news(), which puts a number
between; names of strings that a #define of these files gives are put in. "..." is what printf's conversions put in. What
has no two words is no message, nor is what goes on with one (", or ...", ": install ..."). Left out are texts for the
compiler (_Static_assert, asm), and what --doctor finds in order (LEVEL_OK).
"""
import re
import sys

TOKEN = re.compile(
    r"""(?P<skip>/\*.*?\*/|//[^\n]*|\s+|^[ \t]*\#[ \t]*(?:include[^\n]*|define(?:[^\\\n]|\\\n|\\.)*))|(?P<char>'(?:\\.|[^'\\])+')|"""
    r""""(?P<string>(?:\\.|[^"\\])*)"|(?P<name>[A-Za-z_]\w*)|(?P<other>.)""", re.S | re.M)
CONVERSION = re.compile(r"%[-+ #0]*(?:\d+|\*)?(?:\.(?:\d+|\*))?(?:hh|h|ll|l|z|j|t)?[diouxXeEgGcsp]")
ESCAPES = dict.fromkeys("nrt0123456789", " ")


def literal(text):
    return re.sub(r"\\(.)", lambda found: ESCAPES.get(found[1], found[1]), text)


def tokens(text):
    line = 1
    for found in TOKEN.finditer(text):
        if found.lastgroup != "skip":
            yield line, found.lastgroup, found[found.lastgroup]
        line += found[0].count("\n")


def defined(texts):
    """the strings that #define gives names, and the formats of <inttypes.h>"""
    known, wanted = {"PRIu32": "u", "PRIu64": "u"}, {}
    for text in texts:
        for found in re.finditer(r"^[ \t]*#[ \t]*define[ \t]+(\w+)[ \t]((?:[^\\\n]|\\\n|\\.)*)$", text, re.M):
            wanted[found[1]] = found[2].replace("\\\n", " ")
    for _ in range(3):
        for name, value in wanted.items():
            words = [(kind, word) for _, kind, word in tokens(value)]
            if words and all(kind == "string" or (kind == "name" and word in known) for kind, word in words):
                known[name] = "".join(literal(word) if kind == "string" else known[word] for kind, word in words)
    return known


def statements(text):
    """lists of tokens, each up to a semicolon or a brace"""
    statement = []
    for token in tokens(text):
        if token[1] == "other" and token[2] in ";{}":
            yield statement
            statement = []
        else:
            statement.append(token)


def texts(statement, known):
    """(line, text) of each run of strings"""
    names = {value for _, kind, value in statement if kind == "name"}
    if names & {"_Static_assert", "__asm__"} or ("LEVEL_OK" in names and not names & {"LEVEL_PROBLEM", "LEVEL_WARNING"}):
        return
    line, parts = 0, []
    for at, kind, value in statement + [(0, "end", "")]:
        if kind == "string" or (kind == "name" and value in known):
            line = line if parts else at
            parts.append(literal(value) if kind == "string" else known[value])
        elif parts and (kind == "end" or "news" not in names):
            yield line, "".join(parts)
            parts = []
        elif parts and value == "," and parts[-1] != " ... ":
            parts.append(" ... ")


def main():
    files = {name: open(name, encoding="utf-8").read() for name in sys.argv[1:]}
    known = defined(files.values())
    for name, text in files.items():
        for statement in statements(text):
            for line, said in texts(statement, known):
                said = " ".join(CONVERSION.sub("...", said).replace("%%", "%").removeprefix("vsockify: ").split())
                whole = re.match(r"[^,:;)]", said) and re.search(r"[A-Za-z]{2}.* [A-Za-z(-]{2}", said)
                print(f"{'' if whole else '+'}{name}:{line}\t{said.lstrip(',:; ')}")


main()
