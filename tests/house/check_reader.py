"""Foreign bytes come in through the bounded reader only (style 8): outside base/ nobody turns the
bytes of a buffer into numbers, lays a struct over them, or walks on from where a reader stands. A
line with a reason why it is no foreign byte, `/* reader: REASON */`, is let through."""
import re

from rules import code_of, grep, is_c, text_of

POINTER = r"\s*(?:const\s*)?\*+\s*(?:const\s*)?\)\s*[\w&(]"  # the rest of a cast, and what it is of
BEFORE_VALUE = r"(?:^|[=(,;{!&|<>+?:]|return)\s*"  # so that * is no multiplication
WORDS = {
    r"\b(?:ntoh(?:s|l|ll)|hton(?:s|l|ll)|[bl]e(?:16|32|64)toh|hto[bl]e(?:16|32|64)|swab"
    r"|bswap_(?:16|32|64))\b": "byte order outside base/",
    rf"\(\s*(?:const\s+)?(?:struct|union)\s+\w+{POINTER}": "a cast to a struct",
    rf"\(\s*(?:const\s+)?u?int(?:16|32|64)_t{POINTER}": "a cast to wider numbers",
}
READER = {
    r"(?:\.|->)next\s*(?:\+|-(?!>)|\[)": "arithmetic on where a reader stands",
    rf"{BEFORE_VALUE}\*\s*\w+(?:\.|->)next\b(?!\s*(?:->|=(?!=)))": "a look past the reader",
    r"\bmem(?:cpy|move|cmp|chr|mem)\s*\([^;]*(?:\.|->)next\s*[,)]": "bytes without read_bytes",
}
REASON = re.compile(r"/\* reader: \w.{9,}\*/")


def complaints(root, files):
    found = []
    for path in files:
        if not path.startswith("src/") or path.startswith("src/base/") or not is_c(path):
            continue
        text = text_of(root, path)
        lines = text.splitlines()
        # In cli/ next may well be an argument's index; elsewhere it is a reader's or a list's.
        patterns = WORDS if path.startswith("src/cli/") and "reader" not in text else WORDS | READER
        found += grep(
            path, code_of(text), patterns, lambda number: REASON.search(lines[number - 1])
        )
    return found


def _in_source(code):
    return {"src/source/a.c": f"void f(struct reader *r, const uint8_t *b)\n{{\n    {code}\n}}\n"}


BAD = {
    what: _in_source(code)
    for what, code in {
        "ntohs": "g(ntohs(x));",
        "be32toh": "x = be32toh(y);",
        "bswap_32": "x = bswap_32(y);",
        "a struct laid over bytes": "const struct header *h = (const struct header *)b;",
        "a struct laid over an offset": "h = (struct header *)(b + 4);",
        "a number laid over bytes": "x = *(const uint32_t *)b;",
        "arithmetic on a reader": "g(r->next + 4);",
        "an index into a reader": "x = r->next[3];",
        "a step of a reader": "r->next++;",
        "a look at a reader's byte": "if (*r->next == 3) return;",
        "bytes copied out of a reader": "memcpy(out, r->next, 4);",
        "a search in a reader": "p = memchr(r->next, 0, r->left);",
        "an exemption without a reason": "x = r->next[3]; /* reader: */",
    }.items()
}
GOOD = {
    "the reader's own functions": _in_source(
        "uint16_t x = read_be16(r); memcpy(out, read_bytes(r, 4), 4);"
    ),
    "a number that is turned": _in_source("if (x > 0xffff) x = __builtin_bswap32(x);"),
    "linked lists": _in_source("for (p = list->next; p; p = p->next->next) *p->next = x;"),
    "base/": {"src/base/reader.h": "x = __builtin_bswap16(r->next[0]);\n"},
    "an index into arguments": {"src/cli/a.c": "x = words[p->next++];\n"},
    "words in comments and strings": _in_source('/* ntohs(r->next[1]) */ g("ntohs(r->next[1])");'),
    "an exemption with a reason": _in_source(
        "x = r->next[3]; /* reader: our own table of ports */"
    ),
}
