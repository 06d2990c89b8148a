/* `wormsign ports`: the four P2P ports of addresses in a week, as conficker/ports.h computes them.
 *
 * Targets on the command line are all read before the first line is printed, and then printed one
 * address at a time: a whole /8 needs no more memory than one address. */
#include <jansson.h>
#include <string.h>

#include "base/time.h"
#include "cli/lines.h"
#include "scan/target.h"
#include "cli/verbs.h"
#include "conficker/ports.h"

enum { PORTS_LINE_MAX = 2 * TARGET_TEXT_SIZE };

struct ports_settings {
    struct common_settings common;
    bool json;
    struct option_number week;
    struct option_day date;
    struct option_texts lists;
};

struct ports_run {
    struct console *console;
    bool json;
    uint32_t week;
};

static const struct option ports_options[] = {
    {.name = "week",
     .value = "N",
     .help = "the week number, as the worm counts; 2050 began on 2009-04-20",
     .kind = OPTION_NUMBER,
     .into = offsetof(struct ports_settings, week),
     .least = 0,
     .most = UINT32_MAX},
    {.name = "date",
     .value = "DATE",
     .help = "the week that holds this UTC date, as in 2009-04-21; default: today",
     .kind = OPTION_DAY,
     .into = offsetof(struct ports_settings, date)},
    {.name = "json",
     .help = "a JSON object a line",
     .kind = OPTION_FLAG,
     .into = offsetof(struct ports_settings, json)},
    {.short_name = "iL",
     .value = "FILE",
     .help =
         "read targets from FILE (-: stdin), one a line, each with its own week behind it if it "
         "has one; can be repeated",
     .kind = OPTION_TEXTS,
     .into = offsetof(struct ports_settings, lists)},
};

static bool same_ports(struct p2p_ports a, struct p2p_ports b)
{
    return a.tcp[0] == b.tcp[0] && a.tcp[1] == b.tcp[1] && a.udp[0] == b.udp[0] &&
           a.udp[1] == b.udp[1];
}

static bool print_json(const struct ports_run *run, const char *address, uint32_t week,
                       struct p2p_ports ours, struct p2p_ports theirs)
{
    json_t *line = json_pack("{s:s, s:i, s:s, s:I, s:[i,i], s:[i,i]}", "type", "ports", "schema", 1,
                             "address", address, "week", (json_int_t)week, "tcp", ours.tcp[0],
                             ours.tcp[1], "udp", ours.udp[0], ours.udp[1]);
    if (line != NULL && !same_ports(ours, theirs))
        (void)json_object_set_new(line, "sri",
                                  json_pack("{s:[i,i], s:[i,i]}", "tcp", theirs.tcp[0],
                                            theirs.tcp[1], "udp", theirs.udp[0], theirs.udp[1]));
    return console_json(run->console, line);
}

static bool print_one(const struct ports_run *run, uint32_t ipv4, uint32_t week)
{
    char address[ADDRESS_TEXT_SIZE];
    struct p2p_ports ours = ports_predicted_for(ipv4, week, READING_NMAP);
    struct p2p_ports theirs = ports_predicted_for(ipv4, week, READING_SRI);
    (void)address_text(address_of_v4(ipv4), address);
    if (run->json)
        return print_json(run, address, week, ours, theirs);
    if (!same_ports(ours, theirs))
        console_note(run->console,
                     "%s in week %u: by SRI's reading the ports are %u %u %u %u (TCP 1, UDP 1, TCP "
                     "2, UDP 2)",
                     address, week, theirs.tcp[0], theirs.udp[0], theirs.tcp[1], theirs.udp[1]);
    return console_print(run->console, "%s\t%u\t%u\t%u\t%u\t%u\n", address, week, ours.tcp[0],
                         ours.udp[0], ours.tcp[1], ours.udp[1]);
}

static void print_target(const struct ports_run *run, const struct target *target, uint32_t week)
{
    for (uint64_t i = 0; i < target->size; i++) {
        if (!print_one(run, target_at(target, i), week))
            return;
    }
}

static bool week_parse(const char *text, uint32_t *out, struct error *err)
{
    uint64_t value = 0;
    size_t length = strlen(text);
    struct reader r = reader_over(text, length);
    while (r.left > 0) {
        uint8_t digit = read_u8(&r);
        if (digit < '0' || digit > '9' || length > 10)
            return fail(err, ERROR_USAGE, "'%.100s' is not a week number", text);
        value = value * 10 + (uint64_t)(digit - '0');
    }
    if (value > UINT32_MAX)
        return fail(err, ERROR_USAGE, "'%.100s' is more than the largest week, %u", text,
                    UINT32_MAX);
    *out = (uint32_t)value;
    return true;
}

/* A line of a list: TARGET, or TARGET WEEK. */
static bool print_line(void *context, uint64_t number, struct reader line, struct error *err)
{
    (void)number;
    const struct ports_run *run = context;
    char word[TARGET_TEXT_SIZE], week_word[32], more[2];
    bool too_long;
    struct target target;
    uint32_t week = run->week;
    if (!line_word(&line, word, sizeof word, &too_long))
        return fail(err, ERROR_FORMAT, "begins with no address");
    if (!target_parse(word, &target, err))
        return false;
    bool has_week = line_word(&line, week_word, sizeof week_word, &too_long);
    if (too_long || (has_week && !week_parse(week_word, &week, err)))
        return too_long ? fail(err, ERROR_FORMAT, "the week is not a number") : false;
    if (line_word(&line, more, sizeof more, &too_long) || too_long)
        return fail(err, ERROR_FORMAT, "more than an address and a week");
    print_target(run, &target, week);
    return true;
}

static uint32_t week_wanted(const struct call *call, const struct ports_settings *settings)
{
    if (settings->week.given)
        return (uint32_t)settings->week.value;
    return week_of(settings->date.given ? settings->date.value * US_PER_DAY : call->now_us);
}

static enum exit_code run_ports(const struct call *call)
{
    const struct ports_settings *settings = call->settings;
    struct ports_run run = {call->console, settings->json, week_wanted(call, settings)};
    char monday[DATE_TEXT_SIZE];
    struct target target;
    struct error err;
    if (settings->week.given && settings->date.given)
        return call_is_wrong(call, "--week and --date both name the week; give one of them");
    if (settings->date.given && settings->date.value * US_PER_DAY < week_start_us(0))
        return call_is_wrong(call, "--date is before 1970-01-05, where the worm's weeks begin");
    if (call->words.operand_count == 0 && settings->lists.count == 0)
        return call_is_wrong(call, "give an address, or a list of them with -iL FILE");
    for (size_t i = 0; i < call->words.operand_count; i++) {
        if (!target_parse(call->words.operands[i], &target, &err))
            return call_is_wrong(call, "%s", err.text);
    }
    console_detail(call->console, "week %u begins on Monday %s", run.week,
                   date_text(day_of(week_start_us(run.week)), monday));
    for (size_t i = 0; i < call->words.operand_count; i++) {
        if (target_parse(call->words.operands[i], &target, &err))
            print_target(&run, &target, run.week);
    }
    return lines_each(call, &settings->lists, PORTS_LINE_MAX, print_line, &run);
}

const struct verb verb_ports = {
    .name = "ports",
    .usage = "[OPTIONS] ADDRESS... | -iL FILE",
    .summary = "the four ports of an address in a week",
    .about =
        "Prints the ports on which a host infected with variant D or E listens: they follow from "
        "its IPv4 address, and the second pair from the week too. A line each, separated by tabs: "
        "address, week, TCP 1, UDP 1, TCP 2, UDP 2.\n"
        "An ADDRESS is 192.0.2.1, a network 192.0.2.0/24, or ranges of octets as nmap writes them: "
        "192.0.2.10-20, 10.0-3.1,5.*. The ports are nmap's reading; for one address-week in about "
        "14,300 SRI's scanner reads the worm differently: then a note on stderr, or \"sri\" in the "
        "JSON object, has its ports.\n"
        "Exit: 0 done, 2 wrong command line, 3 some lines of a list were wrong, 4 failed.\n",
    .examples = "wormsign ports 192.168.1.65 --week 2050\n"
                "wormsign ports --date 2009-04-21 --json 192.0.2.0/28\n"
                "wormsign ports -iL hosts.txt\n",
    .settings_size = sizeof(struct ports_settings),
    .options = {ports_options, COUNT_OF(ports_options), false},
    .run = run_ports,
};
