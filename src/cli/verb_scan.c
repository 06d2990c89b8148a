/* `wormsign scan`: asks hosts on the ports that Conficker D or E would open, and says what each
 * answer means. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>

#include "base/time.h"
#include "cli/outputs.h"
#include "cli/recording.h"
#include "cli/running.h"
#include "cli/scan_dry_run.h"
#include "cli/scan_engine.h"
#include "cli/scan_login.h"
#include "cli/scan_real.h"
#include "cli/scan_targets.h"
#include "cli/scan_watch.h"
#include "cli/verbs.h"
#include "engine/recorder.h"
#include "engine/scan.h"

enum {
    RETRIES_DEFAULT = 2,
    TARGETS_WITHOUT_YES = 65536,
    HOSTS_TO_ANNOUNCE = 1024,
    HANDLES_KEPT = 32, /* descriptors that are not for connections */
    HANDLES_MAX = 65536,
    EACH_HOST_MAX = 8 /* of so few hosts each is shown, unknown or not */
};

#define LOOPBACK_FIRST UINT32_C(0x7f000000)
#define LOOPBACK_LAST UINT32_C(0x7fffffff)

/* nmap waited 5 s for each answer; a host that needs 3 s to answer a repeated datagram is heard. */
#define CONNECT_US (5 * US_PER_SECOND)
#define ANSWER_US (5 * US_PER_SECOND)
#define REPEAT_US US_PER_SECOND
#define LAST_WAIT_US (3 * US_PER_SECOND)

struct scan_options {
    struct common_settings common;
    struct output_options output;
    struct scan_target_options targets;
    struct scan_login_options login;
    struct scan_engine_options engine;
    struct option_address real_ip;
    struct option_number week, rate, retries, host_timeout;
    bool week_slack, dry_run, yes, strict, no_ping, ping, windows_only, all_ports;
    const char *site, *store, *real_file, *ports;
};

static const struct option scan_rows[] = {
    {.short_name = "iL",
     .value = "FILE",
     .help = "read targets from FILE (-: stdin), separated by blanks or line ends; can be repeated",
     .kind = OPTION_TEXTS,
     .into = offsetof(struct scan_options, targets.lists)},
    {.name = "exclude",
     .value = "TARGETS",
     .help = "leave these out, separated by commas; can be repeated",
     .kind = OPTION_TEXTS,
     .into = offsetof(struct scan_options, targets.excludes)},
    {.name = "excludefile",
     .value = "FILE",
     .help = "leave out what this file lists; can be repeated",
     .kind = OPTION_TEXTS,
     .into = offsetof(struct scan_options, targets.exclude_lists)},
    {.name = "dry-run",
     .help = "send nothing: say how many hosts would be asked, and which, with how many packets "
             "and in what time at this -T or --max-rate; with -v their ports",
     .kind = OPTION_FLAG,
     .into = offsetof(struct scan_options, dry_run)},
    SCAN_LOGIN_ROWS(struct scan_options, login),
    SCAN_ENGINE_ROWS(struct scan_options, engine),
    {.name = "real-ip",
     .value = "ADDRESS",
     .help = "compute the ports from this address, as the hosts know themselves by it (NAT)",
     .kind = OPTION_ADDRESS,
     .into = offsetof(struct scan_options, real_ip)},
    {.name = "real-ip-file",
     .value = "FILE",
     .help = "as --real-ip for single hosts: a line of FILE (-: stdin) is a target and the address "
             "by which it knows itself",
     .kind = OPTION_TEXT,
     .into = offsetof(struct scan_options, real_file)},
    {.name = "week",
     .value = "N",
     .help =
         "ask on the ports of this week, as the worm counts; default: the present one, and near "
         "Monday 00:00 UTC its neighbour",
     .kind = OPTION_NUMBER,
     .into = offsetof(struct scan_options, week),
     .least = 0,
     .most = UINT32_MAX},
    {.name = "week-slack",
     .help = "ask on the ports of the week before and the week after as well",
     .kind = OPTION_FLAG,
     .into = offsetof(struct scan_options, week_slack)},
    {.name = "max-rate",
     .value = "N",
     .help =
         "send at most N datagrams and connection attempts a second (0: no limit); default: "
         "as -T says, and by raw at most 200 into a /24 but where -p names ports; no limit where "
         "all targets are on loopback",
     .kind = OPTION_NUMBER,
     .into = offsetof(struct scan_options, rate),
     .least = 0,
     .most = 100000000},
    {.name = "max-retries",
     .value = "N",
     .help = "repeat a datagram that is not answered so often; default: 2 (raw: 0 to 2, of all "
             "packets)",
     .kind = OPTION_NUMBER,
     .into = offsetof(struct scan_options, retries),
     .least = 0,
     .most = 10},
    {.name = "host-timeout",
     .value = "TIME",
     .help = "give a host no more time than this in all; default: until each port had its 5 to 10 "
             "seconds",
     .kind = OPTION_DURATION,
     .into = offsetof(struct scan_options, host_timeout),
     .least = 0,
     .most = 86400},
    {.name = "yes",
     .help = "yes, more than 65536 hosts",
     .kind = OPTION_FLAG,
     .into = offsetof(struct scan_options, yes)},
    {.name = "strict",
     .help = "exit 3 also where a host stayed unknown",
     .kind = OPTION_FLAG,
     .into = offsetof(struct scan_options, strict)},
    {.name = "site",
     .value = "NAME",
     .help = "name the place that is scanned",
     .kind = OPTION_TEXT,
     .into = offsetof(struct scan_options, site)},
    RECORDING_ROW(struct scan_options, store),
    {.short_name = "n",
     .help = "look no names up: a target that is a name is an error",
     .kind = OPTION_FLAG,
     .into = offsetof(struct scan_options, targets.no_names)},
    {.short_name = "p",
     .value = "PORTS",
     .help = "send the P2P message to these ports as well, as T:4444,5000-6000,U:7000- (-: all), "
             "but for those that the worm never opens; and compare with three that nobody opens, "
             "drawn for each host from " CONTROL_RANGES
             ": two TCP ports are only connected to, one UDP port is sent the message",
     .kind = OPTION_TEXT,
     .into = offsetof(struct scan_options, ports)},
    {.name = "all-ports",
     .help = "as -p -: for hosts whose own address nobody knows, and who are few; it sends more "
             "than 100000 packets to each (by raw to all hosts in turn)",
     .kind = OPTION_FLAG,
     .into = offsetof(struct scan_options, all_ports)},
    {.name = "ping",
     .help = "ask only hosts that answer on 445/tcp or 139/tcp (a refusal will do), or an ICMP "
             "echo (through sockets where this system lets users send one); the others are unknown",
     .kind = OPTION_FLAG,
     .into = offsetof(struct scan_options, ping)},
    {.name = "windows-only",
     .help = "ask only hosts that take connections on 445 or 139 or answer NetBIOS on 137, as "
             "nmap's p2p-conficker does; the others are unknown",
     .kind = OPTION_FLAG,
     .into = offsetof(struct scan_options, windows_only)},
    {.short_name = "Pn",
     .help = "as in nmap: no host is pinged first; so it is anyway without --ping",
     .kind = OPTION_FLAG,
     .into = offsetof(struct scan_options, no_ping)},
    OUTPUT_ROWS(struct scan_options, output),
};

/* As many connections at a time as the system lets us have. */
static size_t handles_allowed(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return HANDLES_KEPT;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur <= 2 * (rlim_t)HANDLES_KEPT)
        return HANDLES_KEPT;
    rlim_t allowed = limit.rlim_cur - HANDLES_KEPT;
    return allowed < HANDLES_MAX ? (size_t)allowed : HANDLES_MAX;
}

static bool is_all_loopback(const struct target_set *set)
{
    uint32_t first, last;
    return set != NULL && target_set_range(set, 0, &first, &last) && first >= LOOPBACK_FIRST &&
           !target_set_range(set, LOOPBACK_LAST + 1, &first, &last);
}

static uint64_t random_seed(void)
{
    uint64_t seed = 0;
    if (getrandom(&seed, sizeof seed, 0) != (ssize_t)sizeof seed)
        seed = (uint64_t)running_now_us(NULL);
    return seed;
}

static struct scan_settings settings_of(const struct call *call, const struct scan_options *o,
                                        const struct scan_targets *targets)
{
    bool unlimited = !o->rate.given && !o->engine.timing.given && is_all_loopback(targets->set);
    struct scan_settings s = {.targets = targets->set,
                              .target_count = targets->count,
                              .left_out = targets->left_out,
                              .names = targets->names,
                              .name_count = targets->name_count,
                              .gate = o->ping           ? GATE_PING
                                      : o->windows_only ? GATE_WINDOWS
                                                        : GATE_NONE,
                              .site = o->site};
    s.engine = (struct engine_settings){
        .began_us = call->now_us,
        .rate = o->rate.given ? (uint64_t)o->rate.value
                : unlimited   ? 0
                              : scan_engine_rate(&o->engine),
        .times = {.repeats = o->retries.given ? (unsigned)o->retries.value : RETRIES_DEFAULT,
                  .repeat_us = REPEAT_US,
                  .connect_us = CONNECT_US,
                  .answer_us = ANSWER_US,
                  .last_wait_us = LAST_WAIT_US},
        .host_us = o->host_timeout.value,
        .handles_max = handles_allowed(),
        .seed = random_seed(),
        .aim = {.week_given = o->week.given,
                .week = (uint32_t)o->week.value,
                .slack = o->week_slack,
                .real_given = o->real_ip.given,
                .real = address_v4(o->real_ip.value)},
    };
    return s;
}

static enum exit_code exit_of(const struct scan_options *o, const struct scan_outcome *outcome)
{
    if (outcome->write_failed)
        return EXIT_FAILED;
    if (outcome->infected > 0)
        return EXIT_INFECTED;
    return outcome->complete && !(o->strict && outcome->unknown > 0) ? EXIT_DONE : EXIT_INCOMPLETE;
}

/* Reports go to files; who waits is told here what he must do about it. */
static void say_outage(const struct call *call, const struct scan_options *o,
                       const struct scan_outcome *outcome)
{
    const char *state = o->engine.resume != NULL ? o->engine.resume : o->engine.state;
    if (outcome->outage.kind != ERROR_NONE)
        console_complain(call->console, "scan: %s%s", outcome->outage.text,
                         state == NULL ? "; ask again" : "");
    if (outcome->goes_on && state != NULL && !running_is_interrupted())
        console_complain(call->console, "scan: wormsign scan --resume %s asks who is left", state);
}

static enum exit_code scan_with(const struct call *call, const struct scan_options *o,
                                const struct scan_settings *settings, struct outputs *out,
                                struct recorder *recorder)
{
    struct error err;
    struct scan_outcome outcome;
    struct socket_network *network = socket_network_new(running_now_us, NULL, &err);
    struct scan_watch progress = {.recorder = recorder,
                                  .console = call->console,
                                  .began_us = running_now_us(NULL),
                                  .stats_every_us = o->output.stats_every.value};
    running_watch_signals();
    running_watch_status();
    bool ran = network != NULL &&
               scan_run(settings, socket_network_face(network), out->reports, out->report_count,
                        scan_watch, &progress, &outcome, &err);
    socket_network_free(network);
    if (!ran) {
        console_complain(call->console, "%s", err.text);
        return EXIT_FAILED;
    }
    say_outage(call, o, &outcome);
    return exit_of(o, &outcome);
}

/* What decided who is asked, and what: by the command line. */
static json_t *settings_of_words(const struct call *call, const struct scan_options *o)
{
    json_t *object = json_object();
    (void)json_object_set_new(object, "operands",
                              recording_texts(call->words.operands, call->words.operand_count));
    (void)json_object_set_new(object, "lists",
                              recording_texts(o->targets.lists.items, o->targets.lists.count));
    (void)json_object_set_new(
        object, "exclude", recording_texts(o->targets.excludes.items, o->targets.excludes.count));
    (void)json_object_set_new(
        object, "excludefile",
        recording_texts(o->targets.exclude_lists.items, o->targets.exclude_lists.count));
    if (o->engine.resume != NULL)
        (void)json_object_set_new(object, "resume", recording_texts(&o->engine.resume, 1));
    if (o->engine.shard != NULL)
        (void)json_object_set_new(object, "shard", recording_texts(&o->engine.shard, 1));
    if (o->login.checks != NULL)
        (void)json_object_set_new(object, "checks", recording_texts(&o->login.checks, 1));
    if (o->ports != NULL)
        (void)json_object_set_new(object, "ports", recording_texts(&o->ports, 1));
    if (o->all_ports)
        (void)json_object_set_new(object, "all_ports", json_true());
    if (o->real_file != NULL)
        (void)json_object_set_new(object, "real_ip_file", recording_texts(&o->real_file, 1));
    if (o->ping)
        (void)json_object_set_new(object, "ping", json_true());
    if (o->windows_only)
        (void)json_object_set_new(object, "windows_only", json_true());
    return object;
}

/* The same, as the store keeps it; free it. A scan that goes on is the one that its file tells of:
 * so the run that was cut short is known to be done when this one is whole. NULL: no memory. */
static char *settings_text(const struct call *call, const struct scan_options *o,
                           const struct scan_engine *engine)
{
    json_t *object = engine->saved.settings != NULL
                         ? json_loads(engine->saved.settings, JSON_REJECT_DUPLICATES, NULL)
                         : NULL;
    if (!json_is_object(object)) {
        json_decref(object);
        object = settings_of_words(call, o);
    }
    char *text = object != NULL ? json_dumps(object, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
    json_decref(object);
    return text;
}

/* Whoever ended a scan early, and kept how far it was, can have the rest. */
static void say_how_to_go_on(const struct call *call, const struct scan_options *o,
                             const struct scan_settings *settings)
{
    const char *state = o->engine.resume != NULL ? o->engine.resume : o->engine.state;
    if (!running_is_interrupted())
        return;
    if (settings->raw != NULL && state != NULL)
        console_note(call->console, "scan: interrupted; go on with: wormsign scan --resume %s",
                     state);
    else
        console_note(call->console, "scan: interrupted");
}

static enum exit_code report_scan(const struct call *call, const struct scan_options *o,
                                  const struct scan_settings *settings,
                                  const struct scan_engine *engine)
{
    struct outputs out;
    struct recording recording;
    enum exit_code code = recording_check(call, o->store, &o->output, &o->targets.lists);
    if (code != EXIT_DONE) {
        scan_engine_discard(engine, &o->engine);
        return code;
    }
    code = outputs_open(&out, call, &o->output, &o->targets.lists);
    if (code == EXIT_DONE)
        code = recording_open(&recording, call, o->store, settings->site,
                              json_loads(settings->settings, 0, NULL), true, &out);
    else
        recording = (struct recording){0};
    for (size_t i = 0; i < out.count; i++)
        out.outputs[i].report.each_host = settings->target_count <= EACH_HOST_MAX;
    if (code == EXIT_DONE)
        code = scan_with(call, o, settings, &out, recording.recorder);
    else
        scan_engine_discard(engine, &o->engine);
    if (!recording_close(&recording))
        code = EXIT_FAILED;
    if (!outputs_close(&out))
        code = EXIT_FAILED;
    say_how_to_go_on(call, o, settings);
    return code;
}

/* An option that the raw engine does not know. */
static const char *sockets_only(const struct scan_options *o)
{
    return o->host_timeout.given
               ? "--host-timeout is kept through sockets alone: of packets that are sent to all "
                 "hosts in turn none has a time of its own"
           : o->retries.given && o->retries.value >= RAW_PASSES
               ? "--max-retries above 2 is kept through sockets alone"
               : NULL;
}

/* Who watches a network sees a scan as an attack, unless he knows of it. */
static void announce(const struct call *call, const struct scan_settings *s)
{
    char address[ADDRESS_TEXT_SIZE] = "this machine";
    bool p2p = false;
    if (s->target_count <= HOSTS_TO_ANNOUNCE || is_all_loopback(s->targets))
        return;
    if (s->raw != NULL)
        (void)address_text(address_of_v4(s->raw->plan.source), address);
    for (size_t i = 0; i < s->engine.probe_count; i++)
        p2p = p2p || s->engine.probes[i]->checks_ports;
    console_note(call->console,
                 "scan: an intrusion detection will see %s sweep %" PRIu64 " hosts%s, and raise "
                 "alarms; tell whoever watches it before: this address, these targets, from now on",
                 address, s->target_count,
                 p2p ? " by TCP SYN and UDP on high ports, and send what its rules for Conficker's "
                       "P2P look for"
                     : " on the ports of SMB and NetBIOS");
}

/* The rate in a file is what the first part kept to, by its cap or by its user's word. */
static bool is_capped(const struct scan_options *o)
{
    const struct option_number *timing = &o->engine.timing;
    return !o->rate.given && (timing->given ? timing->value <= 3 : o->engine.resume == NULL);
}

static enum exit_code open_engine(const struct call *call, const struct scan_options *o,
                                  struct scan_settings *settings, struct scan_engine *engine)
{
    return scan_engine_open(engine, call, &o->engine, sockets_only(o), is_capped(o), settings);
}

/* As the scan itself would, up to the first packet. */
static enum exit_code plan(const struct call *call, const struct scan_options *o,
                           struct scan_settings *settings, struct scan_engine *engine)
{
    engine->sends_nothing = true;
    enum exit_code code = open_engine(call, o, settings, engine);
    return code == EXIT_DONE ? scan_dry_run(call, settings, &engine->raw, o->output.json) : code;
}

/* With whom, in which order and with what is known: asks. */
static enum exit_code ask(const struct call *call, const struct scan_options *o,
                          struct scan_settings *settings, struct scan_engine *engine)
{
    struct smb_accounts accounts;
    char password[SCAN_PASSWORD_SIZE];
    enum exit_code code = scan_login_read(call, &o->login, password, &accounts);
    char *recorded = settings_text(call, o, engine);
    settings->engine.accounts = &accounts;
    settings->settings = recorded;
    if (code == EXIT_DONE)
        code = open_engine(call, o, settings, engine);
    if (code == EXIT_DONE) {
        announce(call, settings);
        code = report_scan(call, o, settings, engine);
    }
    explicit_bzero(password, sizeof password);
    settings->settings = NULL;
    free(recorded);
    return code;
}

/* -p and --all-ports. */
static enum exit_code read_ports(const struct call *call, const struct scan_options *o,
                                 struct port_list *ports, struct scan_settings *settings)
{
    struct error err;
    if (o->ports == NULL && !o->all_ports)
        return EXIT_DONE;
    if (o->ports != NULL && o->all_ports)
        return call_is_wrong(call, "-p and --all-ports: one of them");
    if (o->host_timeout.given)
        return call_is_wrong(call,
                             "%s: a host is asked on its ports in turns, so --host-timeout "
                             "cannot be kept",
                             o->all_ports ? "--all-ports" : "-p");
    if (settings->engine.probes[0] != probe_named("p2p"))
        return call_is_wrong(call, "%s needs p2p among the --checks",
                             o->all_ports ? "--all-ports" : "-p");
    if (o->all_ports)
        port_list_all(ports);
    else if (!port_list_parse(o->ports, ports, &err))
        return call_is_wrong(call, "-p: %s", err.text);
    if (ports->count == 0)
        return call_is_wrong(call, "-p: the worm opens none of these ports, they are on its "
                                   "black list");
    if (ports->black_listed > 0 && ports->count < 2 * PORTS_USABLE)
        console_note(call->console,
                     "scan: -p: %u ports are left out: they are on the worm's black "
                     "list, it never opens them",
                     ports->black_listed);
    settings->ports = ports;
    return EXIT_DONE;
}

static enum exit_code scan_targets(const struct call *call, const struct scan_options *o,
                                   const struct scan_targets *targets,
                                   const struct real_addresses *reals)
{
    struct scan_settings settings = settings_of(call, o, targets);
    struct scan_engine engine = {.raw = {.shards = 1}};
    struct port_list ports;
    settings.engine.aim.reals = reals;
    enum exit_code code = scan_checks_read(call, &o->login, settings.engine.probes,
                                           &settings.engine.probe_count);
    if (code == EXIT_DONE)
        code = read_ports(call, o, &ports, &settings);
    if (code != EXIT_DONE)
        return code;
    if (targets->count == 0)
        return call_is_wrong(call,
                             "no target is left: %" PRIu64 " excluded, %" PRIu64
                             " reserved, %" PRIu64 " multicast or broadcast",
                             targets->left_out.excluded, targets->left_out.reserved,
                             targets->left_out.never);
    if (targets->count > TARGETS_WITHOUT_YES && !o->yes)
        return call_is_wrong(call, "these are %" PRIu64 " hosts; say --yes to ask more than %d",
                             targets->count, TARGETS_WITHOUT_YES);
    code = (o->dry_run ? plan : ask)(call, o, &settings, &engine);
    scan_engine_close(&engine);
    return code;
}

/* Whom and what is in the file, and how fast where the command line does not say; where to report
 * is the command line's. */
static enum exit_code resume(const struct call *call, const struct scan_options *o,
                             const struct scan_targets *nobody)
{
    struct scan_settings settings = settings_of(call, o, nobody);
    struct scan_engine engine;
    bool names_any = call->words.operand_count + o->targets.lists.count +
                         o->targets.excludes.count + o->targets.exclude_lists.count >
                     0;
    if (names_any || o->retries.given || o->engine.state != NULL || o->engine.shard != NULL ||
        o->dry_run || o->login.checks != NULL || o->week.given || o->week_slack ||
        o->real_ip.given || o->ping || o->windows_only || o->ports != NULL || o->all_ports ||
        o->real_file != NULL || o->site != NULL)
        return call_is_wrong(call, "--resume: targets, exclusions, checks, ports, weeks, --ping, "
                                   "--windows-only, --real-ip, --real-ip-file, --max-retries, "
                                   "--shard and --site are those of the file");
    enum exit_code code = scan_engine_resume(&engine, call, &o->engine, &settings);
    if (!o->rate.given && !o->engine.timing.given)
        settings.engine.rate = engine.saved.rate;
    if (code == EXIT_DONE)
        code = ask(call, o, &settings, &engine);
    scan_engine_close(&engine);
    return code;
}

static enum exit_code run_scan(const struct call *call)
{
    const struct scan_options *o = call->settings;
    bool resumes = o->engine.resume != NULL;
    if (!resumes && call->words.operand_count == 0 && o->targets.lists.count == 0)
        return call_is_wrong(call, "name a target, or a list of them with -iL FILE");
    if (o->real_ip.given && !address_is_v4(o->real_ip.value))
        return call_is_wrong(call, "--real-ip is IPv6, and the worm knows only IPv4");
    if (o->ping && (o->no_ping || o->windows_only))
        return call_is_wrong(call, "--ping and %s: one of them",
                             o->no_ping ? "-Pn" : "--windows-only");
    struct scan_targets targets = {0};
    struct real_addresses *reals = NULL;
    enum exit_code code = EXIT_DONE;
    if (!resumes) {
        code = scan_targets_read(&targets, call, &o->targets);
        code = exit_graver(code, scan_real_read(call, o->real_file, &reals));
    }
    if (code == EXIT_DONE)
        code = resumes ? resume(call, o, &targets) : scan_targets(call, o, &targets, reals);
    real_addresses_free(reals);
    scan_targets_free(&targets);
    return code;
}

const struct verb verb_scan = {
    .name = "scan",
    .usage = "[OPTIONS] TARGET...",
    .summary = "ask hosts: who answers as the worm does",
    .about =
        "Sends a P2P message of Conficker D and E to the four ports on which an infected host "
        "would listen (they follow from its address and the week); asks over SMB two harmless "
        "questions that all variants answer otherwise than Windows does; and asks for the "
        "NetBIOS names. No privileges are needed (with CAP_NET_RAW whole networks are asked far "
        "faster), and nothing is sent that could harm a host. "
        "Prints the lines that nmap's p2p-conficker and smb-check-vulns printed in 2009, and below "
        "them a verdict: infected (by proof), suspicious (it sent data that does not hold), clean "
        "(by its answer over SMB), or unknown with the reason. Silence and refusal are never "
        "clean: variants A to C do not listen on the P2P ports, and few hosts let strangers ask "
        "over SMB.\n"
        "A TARGET is 192.0.2.1, a network 192.0.2.0/24, a range 192.0.2.1-192.0.3.9, ranges of "
        "octets as nmap writes them "
        "(192.0.2.10-20, 10.0-3.1,5.*), or a name. Reserved ranges (loopback, link-local, "
        "documentation) are left out of a target that is wider than them. Ask only hosts that you "
        "may ask. Enter, or SIGUSR1, prints how far it is.\n"
        "Exit: 1 infected hosts were found; 0 none; 3 none, but not all could be asked, or answers "
        "fell "
        "away on the way, which a raw scan notices; 4 a list "
        "could not be read or not all be written; 2 wrong usage, and nothing was sent.\n",
    .examples = "wormsign scan 192.0.2.0/24\n"
                "wormsign scan -iL hosts.txt --exclude 192.0.2.7 -oA today\n"
                "wormsign scan --real-ip 10.0.0.5 203.0.113.9\n",
    .settings_size = sizeof(struct scan_options),
    .options = {scan_rows, COUNT_OF(scan_rows), false},
    .run = run_scan,
};
