/* What can be asked of a flow record by name: one row a field, with the names and widths that
 * Argus's `ra` gives them. Each field is a value of one of a few kinds; text, JSON and the order of
 * sorting are all made of the value, so they cannot differ. */
#ifndef WORMSIGN_REPORT_FLOW_FIELDS_H
#define WORMSIGN_REPORT_FLOW_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/address.h"
#include "base/reader.h"
#include "observe/flow_record.h"
#include "report/flow_names.h"

enum flow_value_kind {
    FLOW_VALUE_NONE,  /* the record does not tell */
    FLOW_VALUE_COUNT, /* number */
    FLOW_VALUE_PORT,  /* number; mask is the IP protocol */
    FLOW_VALUE_CODE,  /* number, of which people want the hexadecimal digits: mask has how many */
    FLOW_VALUE_TIME,  /* us */
    FLOW_VALUE_SPAN,  /* us, of a duration */
    FLOW_VALUE_DECIMAL,
    FLOW_VALUE_TEXT, /* our own words */
    FLOW_VALUE_ADDRESS,
    FLOW_VALUE_PREFIX, /* address and mask */
    FLOW_VALUE_MAC,    /* number */
    FLOW_VALUE_DATA    /* data, of the side whose letter is mask */
};

struct flow_value {
    enum flow_value_kind kind;
    uint8_t mask;
    union {
        uint64_t number;
        int64_t us;
        double decimal;
        const char *text;
        struct address address;
        struct reader data;
    };
    char buffer[FLOW_FLAGS_SIZE]; /* what text points to, where it is made */
};

struct flow_field {
    const char *name, *title;
    uint8_t width; /* columns in a table; 0: as long as it is */
    bool to_left;
    uint8_t side; /* 0 or 1: handed to get */
    void (*get)(const struct flow_record *r, unsigned side, struct flow_value *out);
    const char *means; /* for a list of fields */
};

extern const struct flow_field flow_fields[];
extern const size_t flow_field_count;

/* The field of this name, or NULL. */
const struct flow_field *flow_field_named(const char *name, size_t length);

/* By what a value is sorted: numbers compare as numbers, addresses as addresses, words and data by
 * their first 16 bytes; what is not known comes first. */
struct flow_rank {
    uint64_t high, low;
};
struct flow_rank flow_value_rank(const struct flow_value *v);

#endif
