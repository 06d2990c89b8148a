/* Verdicts to people and programs: one result, many writers. A report is one file and one row in
 * the table.
 *
 * A writer sees verdicts only, writes to the stream it is given, and escapes every string: names,
 * sites and facts come from the network. Each function returns false when the stream refuses (the
 * caller reports it). */
#ifndef WORMSIGN_REPORT_REPORT_H
#define WORMSIGN_REPORT_REPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include "evidence/verdict.h"

enum { INPUT_DAMAGES_MAX = 16 }; /* damages listed of one input; the rest is counted */

struct input_damage {
    uint64_t offset;
    char reason[200];
};

/* What became of one input. */
struct input_totals {
    const char *name;   /* foreign: escape */
    const char *format; /* "pcap", "pcapng", ...; NULL: not recognised */
    uint64_t records, bytes;
    uint64_t damage_count; /* all of them */
    struct input_damage damage[INPUT_DAMAGES_MAX];
    bool interrupted; /* somebody ended the run: the rest of it was not read, and may be sound */
    uint64_t interrupted_at; /* the byte; 0: none of it was read */
};

/* All of it was read, and nothing is wrong with it. */
static inline bool input_is_sound(const struct input_totals *input)
{
    return input->format != NULL && input->damage_count == 0 && !input->interrupted;
}

/* What a scan came to, beside its verdicts. */
struct scan_totals {
    uint64_t targets;  /* hosts to ask */
    uint64_t asked;    /* of them, all that could be asked was asked */
    uint64_t sent;     /* probes: datagrams, repeated ones too, and connections begun */
    uint64_t received; /* probes on which anything came back, a refusal too */
    uint64_t refused;  /* hosts that refused on every port */
    double lost_share; /* of first datagrams, by those answered only when repeated; NAN: unknown */
    double silent_share; /* of the hosts asked, those from which nothing came */
};

/* What alone was looked at, where somebody asked for less than all. */
struct looked_at {
    int64_t since_us, until_us; /* INT64_MIN, INT64_MAX: no end */
    bool outside_known;
    uint64_t outside;   /* records that are not between them */
    const char *filter; /* its words; foreign: escape; NULL: none */
};

/* What a whole run came to: the summary. */
struct totals {
    const char *verb; /* "hunt", "scan" */
    bool complete;
    uint64_t hosts[VERDICT_KINDS]; /* home hosts by verdict */
    uint64_t outside_infected;
    bool asked_dark;       /* dark addresses were named: who touched them is told, or nobody did */
    uint64_t acknowledged; /* home hosts that somebody knows of: in no count of verdicts */
    uint64_t seen;         /* distinct addresses met */
    bool seen_is_estimate;
    size_t input_count;
    const struct input_totals *inputs;
    size_t limit_count;
    const char *const *limits_hit; /* one sentence each: which limit, how often, what it means */
    size_t note_count;
    const char *const *notes; /* advice: "most traffic is of 203.0.113.0/24: name it with --home" */
    const struct scan_totals *scan; /* a scan's, which has no inputs; else NULL */
    const struct looked_at *only;   /* NULL: all, or it is not the same of all inputs */
    double expected_false_hosts;
    double seconds;
};

/* One line of "A infected B". */
struct infection {
    struct address from, to;
    const char *from_site, *to_site; /* as their verdicts have them; NULL: none */
    int64_t when_us;
    const char *cause;
    unsigned variants;
    const char *says;
};

enum { DARK_PORTS_MAX = 16 };

struct dark_port {
    uint8_t protocol;
    uint16_t port;
    uint64_t flows;
};

/* Who touched addresses of ours that never spoke (hunt --dark). */
struct dark_visitor {
    struct address host;
    uint64_t dark;     /* addresses that never spoke, of those it touched */
    uint64_t touched;  /* addresses in the named networks */
    uint64_t answered; /* of them, those that answered it */
    uint64_t refused;  /* those that refused it by TCP; one can do both, on two ports */
    uint64_t flows;
    int64_t first_us, last_us;
    unsigned port_count; /* the commonest first */
    bool more_ports;
    struct dark_port ports[DARK_PORTS_MAX];
};

/* What became of a home host between two runs: of one that was infected or suspicious in either. */
enum change_kind {
    CHANGE_NEW,   /* it was not, and is */
    CHANGE_STILL, /* it was, and is */
    CHANGE_CURED, /* it was; asked later it was clean, or it was seen later and showed no sign */
    CHANGE_GONE,  /* it was, and was neither heard nor seen since: nobody knows */
    CHANGE_KINDS
};

enum { CHANGE_SAYS_SIZE = 1024 };

struct host_change {
    struct address host;
    const char *site; /* NULL: none */
    const char *owner;
    enum change_kind kind;
    int64_t before_run, after_run;
    const char *before_told, *after_told; /* "hunt of 2026-11-22"; NULL: not told */
    const char *before, *after;           /* verdicts; NULL: none */
    const char *says;                     /* foreign: escape */
};

/* "attacked" where only the exploit was seen, which does not say that it worked; "infected" where
 * the victim fetched the worm. */
const char *infection_word(const struct infection *i);
bool infection_is_attack(const struct infection *i);

/* "new", "still", "cured", "gone". */
const char *change_kind_text(enum change_kind kind);

struct report_format;

struct report {
    const struct report_format *format;
    FILE *out;           /* borrowed */
    bool colour;         /* text: the stream is a terminal that shows colours */
    int verbosity;       /* 0; text shows facts from 1 */
    bool each_host;      /* text: hosts that were asked and stay unknown are shown one by one */
    int width;           /* text: columns to fill, 100 where unknown */
    int64_t began_us;    /* when the run began, for formats that say so */
    const char *version; /* of the program, for formats that say so; NULL: not told */
    const char *verb;    /* that makes it, for formats that say so; NULL: not told */
    bool at_end;         /* a watch tells it at its end whom it named, each host once */
    bool days_only;      /* of all times only the day is known: no clock is to be shown */
    void *state;         /* the format's own; begin makes it, end frees it */
};

struct report_format {
    const char *id, *claim;
    bool is_one_whole; /* of no worth before its end; of the others what is there is kept */
    bool is_a_list;    /* a host stands in it once; in the others what happens is told as it does */
    bool (*begin)(struct report *r);
    bool (*host)(struct report *r, const struct verdict *v);
    bool (*edge)(struct report *r, const struct infection *i);
    /* With what else is known of that host; NULL: nothing. May be NULL itself. */
    bool (*dark)(struct report *r, const struct dark_visitor *d, const struct verdict *v);
    /* Between two runs; all of them before the first host, by kind. May be NULL itself. */
    bool (*change)(struct report *r, const struct host_change *c);
    bool (*end)(struct report *r, const struct totals *t);
};

/* All formats, ended by NULL. */
extern const struct report_format *const report_formats[];

/* The format with this id, or NULL. */
const struct report_format *report_format_named(const char *id);

#endif
