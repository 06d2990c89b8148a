/* The inside of an export, shared by export.c (what is wanted), export_pass.c (reading again) and
 * export_index.c alone. */
#ifndef WORMSIGN_ENGINE_EXPORT_INSIDE_H
#define WORMSIGN_ENGINE_EXPORT_INSIDE_H

#include "engine/export.h"
#include "evidence/verdict.h"
#include "source/capture_writer.h"

enum {
    EXPORT_NAME_SIZE = 96,
    EXPORT_INPUTS_MAX = 16, /* inputs listed of one capture; the rest is counted */
    EXPORT_LINKS_MAX = 8    /* link types of one sign */
};

/* Why a capture does not hold all that was meant to be in it. */
enum export_cut { EXPORT_WHOLE, EXPORT_CUT_PACKETS, EXPORT_CUT_BYTES, EXPORT_CUT_STOPPED };

/* One capture. */
struct export_file {
    struct export_file *next; /* of the same sign, of another link type */
    char within[ADDRESS_TEXT_SIZE], name[EXPORT_NAME_SIZE];
    uint32_t link_type;
    struct capture_writer writer;
    bool closed;
    int64_t first_us, last_us;
    uint64_t input_count;
    size_t inputs[EXPORT_INPUTS_MAX]; /* places among the hunt's inputs */
    size_t input_latest;
};

/* What is wanted: the packets of a host in a window of time, all or those behind a sign. */
struct wanted {
    struct address host;
    enum verdict_kind verdict;
    bool is_around; /* else the sign of the day is meant */
    enum sign_id sign;
    int32_t day;
    bool has_date;                      /* the sign comes on other days as well */
    int64_t lead_us, from_us, until_us; /* the lead begins, the sign begins, all ends (inclusive) */
    uint64_t lead_packets, packets;
    enum export_cut cut;
    struct export_file *files;
};

struct export
{
    struct export_wishes wishes;
    int folder;            /* a descriptor; AT_FDCWD without a folder */
    struct wanted *wanted; /* sorted by host once all are known */
    size_t count, room;
    size_t hosts;
    uint64_t hosts_left_out, signs_left_out;
    bool around_found; /* the host has a sign */
    size_t full;       /* of the wanted: no packet more will be taken */
    uint64_t bytes, files, times_left_out, links_left_out, without_packets;
    int64_t earliest_us, latest_us; /* of all that is wanted */
    enum export_cut ended;          /* why the reading ended early */
    bool failed;
    struct error error; /* of the first failure */
};

/* Keeps the first failure. Always returns false. */
bool export_fail(struct export *x, const struct error *err);

/* Puts the address into a name: IPv6 colons are '_'. Returns buffer. */
const char *export_host_name(struct address host, char buffer[static ADDRESS_TEXT_SIZE]);

/* Reads all inputs again. False when a write was refused. */
bool export_pass(struct export *x, struct hunt *h);

/* Writes index.jsonl; input_names are the hunt's. */
bool export_index(struct export *x, char *const *input_names, struct error *err);

#endif
