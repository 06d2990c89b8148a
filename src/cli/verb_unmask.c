/* `wormsign unmask`: the addresses whose infected host would open the given ports.
 *
 * The sweep goes range by range through the networks asked for, in ascending order, so that answers
 * come as they are found and progress can be shown. */
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>

#include "base/time.h"
#include "cli/verbs.h"
#include "conficker/unmask.h"

enum { UNMASK_STEP = 1 << 20 }; /* addresses between two looks at the clock */

struct unmask_settings {
    struct common_settings common;
    bool json;
    struct option_number tcp, udp, tcp2, udp2, week;
    struct option_prefixes within;
};

/* IPv4 addresses from first to last, both included. */
struct range {
    uint32_t first, last;
};

struct unmask_run {
    struct console *console;
    bool json;
    struct unmask_query query;
    uint64_t found, done, all;
};

static const struct option unmask_options[] = {
    {.name = "tcp",
     .value = "PORT",
     .help = "the TCP port that stays the same from week to week",
     .kind = OPTION_NUMBER,
     .into = offsetof(struct unmask_settings, tcp),
     .least = 1,
     .most = 65535},
    {.name = "udp",
     .value = "PORT",
     .help = "the UDP port that stays the same",
     .kind = OPTION_NUMBER,
     .into = offsetof(struct unmask_settings, udp),
     .least = 1,
     .most = 65535},
    {.name = "tcp2",
     .value = "PORT",
     .help = "the TCP port of the week; needs --week",
     .kind = OPTION_NUMBER,
     .into = offsetof(struct unmask_settings, tcp2),
     .least = 1,
     .most = 65535},
    {.name = "udp2",
     .value = "PORT",
     .help = "the UDP port of the week; needs --week",
     .kind = OPTION_NUMBER,
     .into = offsetof(struct unmask_settings, udp2),
     .least = 1,
     .most = 65535},
    {.name = "week",
     .value = "N",
     .help = "the week in which --tcp2 and --udp2 were seen",
     .kind = OPTION_NUMBER,
     .into = offsetof(struct unmask_settings, week),
     .least = 0,
     .most = UINT32_MAX},
    {.name = "within",
     .value = "NET",
     .help = "look only in this network; can be repeated, or a list with commas; default: all of "
             "IPv4",
     .kind = OPTION_PREFIXES,
     .into = offsetof(struct unmask_settings, within)},
    {.name = "json",
     .help = "a JSON object a line",
     .kind = OPTION_FLAG,
     .into = offsetof(struct unmask_settings, json)},
};

static void print_found(void *context, uint32_t ipv4)
{
    struct unmask_run *run = context;
    char address[ADDRESS_TEXT_SIZE];
    (void)address_text(address_of_v4(ipv4), address);
    run->found++;
    if (run->json) {
        (void)console_json(run->console, json_pack("{s:s, s:i, s:s}", "type", "unmask", "schema", 1,
                                                   "address", address));
        return;
    }
    (void)console_print(run->console, "%s\n", address);
    /* Answers are few and far between: each is shown as it is found. */
    (void)console_flush(run->console);
}

static int compare_ranges(const void *a, const void *b)
{
    const struct range *x = a, *y = b;
    return x->first < y->first ? -1 : x->first > y->first;
}

/* The networks as ranges, ascending and without overlap; returns how many. */
static size_t ranges_of(const struct option_prefixes *within, struct range *out)
{
    size_t count = 0;
    for (size_t i = 0; i < within->count; i++) {
        uint32_t first = address_v4(within->items[i].base);
        uint64_t size = UINT64_C(1) << (128 - within->items[i].bits);
        out[i] = (struct range){first, (uint32_t)(first + (size - 1))};
    }
    if (within->count == 0) {
        out[0] = (struct range){0, UINT32_MAX};
        return 1;
    }
    qsort(out, within->count, sizeof out[0], compare_ranges);
    /* Prefixes either hold each other or are apart, so one comparison is enough. */
    for (size_t i = 0; i < within->count; i++) {
        if (count == 0 || out[i].first > out[count - 1].last)
            out[count++] = out[i];
        else if (out[i].last > out[count - 1].last)
            out[count - 1] = out[i];
    }
    return count;
}

static bool sweep(struct unmask_run *run, struct range range)
{
    uint64_t next = range.first;
    while (next <= range.last) {
        uint64_t last = next + UNMASK_STEP - 1 < range.last ? next + UNMASK_STEP - 1 : range.last;
        unmask_range(&run->query, (uint32_t)next, (uint32_t)last, print_found, run);
        if (run->console->write_error != 0)
            return false;
        run->done += last - next + 1;
        next = last + 1;
        console_progress(run->console,
                         "unmask: %" PRIu64 " of %" PRIu64 " million addresses, %" PRIu64 " found",
                         run->done / 1000000, run->all / 1000000, run->found);
    }
    return true;
}

/* The port as a number, 0 where it is not known; *black when no address can own it. */
static uint16_t port_of(const struct option_number *option, uint16_t *black)
{
    uint16_t port = option->given ? (uint16_t)option->value : 0;
    if (port != 0 && port_is_blacklisted(port))
        *black = port;
    return port;
}

static enum exit_code check(const struct call *call, const struct unmask_settings *s,
                            uint16_t black)
{
    char net[PREFIX_TEXT_SIZE];
    if (call->words.operand_count > 0)
        return call_is_wrong(call, "'%.100s': networks go behind --within",
                             call->words.operands[0]);
    if (!s->tcp.given && !s->udp.given && !s->tcp2.given && !s->udp2.given)
        return call_is_wrong(call, "give at least one port that was found open: --tcp P, --udp P");
    if ((s->tcp2.given || s->udp2.given) && !s->week.given)
        return call_is_wrong(call, "--tcp2 and --udp2 change every week; say which: --week N");
    if (black != 0)
        return call_is_wrong(call, "port %u is on the worm's black list: no address can own it",
                             black);
    for (size_t i = 0; i < s->within.count; i++) {
        if (!address_is_v4(s->within.items[i].base) || s->within.items[i].bits < 96)
            return call_is_wrong(call, "--within %s is IPv6, and the worm knows only IPv4",
                                 prefix_text(s->within.items[i], net));
    }
    return EXIT_DONE;
}

static enum exit_code run_unmask(const struct call *call)
{
    const struct unmask_settings *s = call->settings;
    struct range ranges[OPTION_PREFIXES_MAX];
    uint16_t black = 0;
    struct p2p_ports ports = {{port_of(&s->tcp, &black), port_of(&s->tcp2, &black)},
                              {port_of(&s->udp, &black), port_of(&s->udp2, &black)}};
    bool of_week = s->tcp2.given || s->udp2.given;
    enum exit_code code = check(call, s, black);
    if (code != EXIT_DONE)
        return code;
    struct unmask_run run = {.console = call->console,
                             .json = s->json,
                             .query = {ports, (uint32_t)s->week.value, of_week}};
    if (s->week.given && !of_week)
        console_note(call->console, "--week counts only with --tcp2 or --udp2");
    size_t count = ranges_of(&s->within, ranges);
    for (size_t i = 0; i < count; i++)
        run.all += (uint64_t)ranges[i].last - ranges[i].first + 1;
    for (size_t i = 0; i < count; i++) {
        if (!sweep(&run, ranges[i]))
            return EXIT_FAILED;
    }
    console_detail(call->console, "%" PRIu64 " of %" PRIu64 " addresses would open these ports",
                   run.found, run.all);
    return EXIT_DONE;
}

const struct verb verb_unmask = {
    .name = "unmask",
    .usage = "[--tcp PORT] [--udp PORT] [--tcp2 PORT] [--udp2 PORT] [--week N] [--within NET]...",
    .summary = "the addresses that would open these ports: who is behind the NAT",
    .about =
        "The worm's ports follow from the address that its host has itself, also behind address "
        "translation. From ports that were seen outside, this finds the addresses inside: one a "
        "line, ascending, as they are found.\n"
        "One TCP and one UDP port that stay the same leave on average 1.35 addresses of all IPv4, "
        "and of the private addresses 99.44 % are alone with theirs; all four ports and their week "
        "leave one. Both readings of the second pair are tried. Therefore published ports give "
        "away an address: keep them out of anonymous reports.\n"
        "Exit: 0 done (found or not), 2 wrong command line, 4 failed.\n",
    .examples = "wormsign unmask --tcp 59436 --udp 43492 --within 192.168.0.0/16\n"
                "wormsign unmask --tcp 59436 --udp 43492 --tcp2 39014 --udp2 27859 --week 2050\n",
    .settings_size = sizeof(struct unmask_settings),
    .options = {unmask_options, COUNT_OF(unmask_options), false},
    .run = run_unmask,
};
