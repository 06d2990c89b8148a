/* The vocabulary of filters: one row a word. */
#ifndef WORMSIGN_FILTER_FILTER_WORDS_H
#define WORMSIGN_FILTER_FILTER_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum filter_word_kind {
    WORD_PROTOCOL, /* a term of its own, or before a type: tcp, or tcp port 445 */
    WORD_SIDE,     /* src, dst: before a type, or an address */
    WORD_TYPE,     /* is followed by what it asks for */
    WORD_STATE     /* a term of its own */
};

/* How what follows a type is read. */
enum filter_value {
    VALUE_NONE,
    VALUE_HOST,
    VALUE_NET,
    VALUE_PORT,
    VALUE_PROTOCOL,
    VALUE_MAC,
    VALUE_ETHERTYPE,
    VALUE_NUMBER,  /* whole; to .most */
    VALUE_SECONDS, /* to the microsecond */
    VALUE_REAL,
    VALUE_SENSOR,
    VALUE_LAYER
};

/* Before which word this one may stand: `ether host` is another question than `host`. */
enum filter_level { LEVEL_ANY, LEVEL_IP, LEVEL_ETHER };

struct filter_word {
    const char *text;
    uint8_t kind, ask, field;
    uint8_t needs;    /* bits of enum filter_need */
    uint8_t value;    /* enum filter_value */
    uint8_t level;    /* enum filter_level: stands only behind ip and its like, or behind ether */
    bool has_sides;   /* src and dst may stand before it */
    uint64_t first;   /* what the term asks for, by its ask; of a protocol: bits of kinds */
    uint64_t last;    /* of a protocol: its number, or 0 */
    const char *want; /* types: what should follow, for people */
};

/* NULL: no word. */
const struct filter_word *filter_word(const char *text, enum filter_level level);

/* What somebody who wrote this may have meant, or NULL. */
const char *filter_word_meant(const char *text);

#endif
