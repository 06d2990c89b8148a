/* By which engine a scan asks (--engine and its kin), and what the raw one needs: a device, the
 * order, the state and its file. */
#ifndef WORMSIGN_CLI_SCAN_ENGINE_H
#define WORMSIGN_CLI_SCAN_ENGINE_H

#include "cli/verbs.h"
#include "engine/scan.h"
#include "engine/scan_saved.h"
#include "scan/raw_device.h"

struct scan_engine_options {
    struct option_number engine, timing;
    struct option_address source;
    const char *device, *state, *resume, *shard;
};

enum { SCAN_ENGINE_AUTO, SCAN_ENGINE_RAW, SCAN_ENGINE_SOCKET };

/* Its rows, for a verb whose settings have it as `field`. */
#define SCAN_ENGINE_ROWS(settings, field)                                                          \
    {.name = "engine",                                                                             \
     .value = "ENGINE",                                                                            \
     .help = "auto, raw or socket: raw sends packets of its own, for whole networks, and asks "    \
             "who has something to say through sockets; it needs CAP_NET_RAW. default: auto, raw " \
             "from 1024 hosts, or 65536 ports that -p names for all of them, on where it works",   \
     .kind = OPTION_CHOICE,                                                                        \
     .choices = "auto|raw|socket",                                                                 \
     .into = offsetof(settings, field.engine)},                                                    \
        {.short_name = "S",                                                                        \
         .value = "ADDRESS",                                                                       \
         .help = "send from this address (raw)",                                                   \
         .kind = OPTION_ADDRESS,                                                                   \
         .into = offsetof(settings, field.source)},                                                \
        {.short_name = "e",                                                                        \
         .value = "IFACE",                                                                         \
         .help = "send through this device (raw)",                                                 \
         .kind = OPTION_TEXT,                                                                      \
         .into = offsetof(settings, field.device)},                                                \
        {.short_name = "T",                                                                        \
         .value = "N",                                                                             \
         .help = "how fast, as in nmap: 0 to 5 are 10, 50, 400, 2000, 20000 packets a second and " \
                 "no limit; default: 3",                                                           \
         .kind = OPTION_NUMBER,                                                                    \
         .into = offsetof(settings, field.timing),                                                 \
         .least = 0,                                                                               \
         .most = 5},                                                                               \
        {.name = "state",                                                                          \
         .value = "FILE",                                                                          \
         .help = "keep in this new file how far the scan is, for --resume (raw): it outlives a "   \
                 "kill -9, but what a power failure leaves is up to the disk, and only its "       \
                 "settings have a digest; without it a raw scan that is killed leaves nothing of " \
                 "hosts that refuse or are silent, as these are told at the end",                  \
         .kind = OPTION_TEXT,                                                                      \
         .into = offsetof(settings, field.state)},                                                 \
        {.name = "resume",                                                                         \
         .value = "FILE",                                                                          \
         .help = "go on with the scan of this file: its targets, exclusions, order and checks "    \
                 "are in it (raw)",                                                                \
         .kind = OPTION_TEXT,                                                                      \
         .into = offsetof(settings, field.resume)},                                                \
    {                                                                                              \
        .name = "shard", .value = "I/N",                                                           \
        .help = "ask only the I-th of N parts of the targets: so N machines share a scan",         \
        .kind = OPTION_TEXT, .into = offsetof(settings, field.shard)                               \
    }

struct scan_engine {
    struct raw_device *device;
    struct raw_state *state;
    struct host_table *hosts; /* ours; NULL: of saved */
    struct raw_named *named;  /* NULL: no ports are named, or they are not raw's to ask */
    struct scan_saved saved;  /* --resume */
    struct raw_settings raw;
    bool sends_nothing; /* --dry-run: set by who opens it */
};

/* Packets a second of -T, or of its default. */
uint64_t scan_engine_rate(const struct scan_engine_options *o);

/* --resume: what the file says goes into *settings, with targets that are none of the command
 * line's. EXIT_DONE, or it is said what is wrong; scan_engine_close in either case. */
enum exit_code scan_engine_resume(struct scan_engine *out, const struct call *call,
                                  const struct scan_engine_options *o,
                                  struct scan_settings *settings);

/* Chooses, and opens what is needed; where that is the raw engine, settings->raw is set. forced:
 * an option that only sockets obey, or NULL. cap: at most 200 packets a second into a /24.
 * Where nothing is to be sent, no state file is made, and the targets stay in their set.
 * scan_engine_close in either case. */
enum exit_code scan_engine_open(struct scan_engine *out, const struct call *call,
                                const struct scan_engine_options *o, const char *sockets_only,
                                bool cap, struct scan_settings *settings);

/* Nothing was sent, nor will be: a state file that scan_engine_open made is removed. */
void scan_engine_discard(const struct scan_engine *e, const struct scan_engine_options *o);
void scan_engine_close(struct scan_engine *e);

#endif
