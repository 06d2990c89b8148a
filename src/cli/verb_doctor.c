/* `wormsign doctor`: what works on this machine, and the command that mends what does not.
 *
 * Every check is one function that says one or more lines: ok, lacking (with a command that mends
 * it) or plain information. Nothing is changed and nothing is sent. Debian's names of packages. */
#include <bzlib.h>
#include <errno.h>
#include <fcntl.h>
#include <gnu/libc-version.h>
#include <inttypes.h>
#include <jansson.h>
#include <lz4.h>
#include <lzma.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include <xxhash.h>
#include <zlib.h>
#include <zstd.h>

#include "base/time.h"
#include "base/writer.h"
#include "cli/verbs.h"
#include "cli/version.h"
#include "conficker/ports.h"

enum {
    DESCRIPTORS_WANTED = 1024,
    MEMORY_WANTED_MB = 256, /* the design's bound for 10 million flows */
    CAP_NET_RAW_BIT = 13,
    CLOCK_YEAR_FIRST = 2024, /* this program is not older */
    CLOCK_YEAR_LAST = 2100,
    DOCTOR_TEXT_SIZE = 512,
    PROC_FILE_MAX = 16384
};

struct doctor_settings {
    struct common_settings common;
    bool json;
};

static const struct option doctor_options[] = {
    {.name = "json",
     .help = "a JSON object a line",
     .kind = OPTION_FLAG,
     .into = offsetof(struct doctor_settings, json)},
};

struct doctor {
    struct console *console;
    bool json;
    int64_t now_us;
    unsigned lacking;
};

/* One finding. mend NULL: it is fine as it is. */
static void say(struct doctor *d, const char *check, const char *mend, const char *format, ...)
    PRINTF_LIKE(4, 5);

static void say(struct doctor *d, const char *check, const char *mend, const char *format, ...)
{
    char plain[DOCTOR_TEXT_SIZE], safe[4 * DOCTOR_TEXT_SIZE];
    struct text t = text_over(safe, sizeof safe);
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(plain, sizeof plain, format, arguments);
    va_end(arguments);
    text_add_escaped(&t, plain, strlen(plain));
    d->lacking += mend != NULL;
    if (d->json) {
        json_t *line = json_pack("{s:s, s:i, s:s, s:b, s:s}", "type", "doctor", "schema", 1,
                                 "check", check, "ok", mend == NULL, "says", safe);
        if (line != NULL && mend != NULL)
            (void)json_object_set_new(line, "mend", json_string(mend));
        (void)console_json(d->console, line);
        return;
    }
    (void)console_print(d->console, "%-8s %-12s %s\n", mend == NULL ? "ok" : "lacking", check,
                        safe);
    if (mend != NULL)
        (void)console_print(d->console, "%-8s %-12s   to mend it: %s\n", "", "", mend);
}

static void check_program(struct doctor *d)
{
#ifdef __clang__
    const char *compiler = "clang";
#else
    const char *compiler = "gcc";
#endif
    say(d, "wormsign", NULL, "version %s, built with %s %s", WORMSIGN_VERSION, compiler,
        __VERSION__);
}

static void check_libraries(struct doctor *d)
{
    unsigned xxhash = XXH_versionNumber();
    say(d, "libraries", NULL, "glibc %s, jansson %s, SQLite %s, xxhash %u.%u.%u",
        gnu_get_libc_version(), jansson_version_str(), sqlite3_libversion(), xxhash / 10000,
        xxhash / 100 % 100, xxhash % 100);
    say(d, "unpacking", NULL, "gzip (zlib %s), bzip2 (%s), xz (liblzma %s), zstd (%s), lz4 (%s)",
        zlibVersion(), BZ2_bzlibVersion(), lzma_version_string(), ZSTD_versionString(),
        LZ4_versionString());
}

/* Reads a file of /proc whole; false when it cannot be read. */
static bool read_proc(const char *path, char text[static PROC_FILE_MAX])
{
    FILE *in = fopen(path, "re");
    if (in == NULL)
        return false;
    size_t used = fread(text, 1, PROC_FILE_MAX - 1, in);
    text[used] = '\0';
    return fclose(in) == 0;
}

/* The number behind a label such as "CapEff:" in the kernel's own text. */
static bool number_behind(const char *text, const char *label, int base, uint64_t *out)
{
    const char *found = strstr(text, label);
    if (found == NULL)
        return false;
    char *end;
    const char *number = found + strlen(label);
    *out = strtoull(number, &end, base);
    return end != number;
}

static void check_capture(struct doctor *d)
{
    char text[PROC_FILE_MAX], program[256], mend[DOCTOR_TEXT_SIZE];
    uint64_t capabilities;
    if (!read_proc("/proc/self/status", text) ||
        !number_behind(text, "CapEff:", 16, &capabilities)) {
        say(d, "raw packets", "mount -t proc proc /proc",
            "/proc/self/status does not tell whether raw packets may be sent and captured");
        return;
    }
    if ((capabilities >> CAP_NET_RAW_BIT & 1) != 0) {
        say(d, "raw packets", NULL,
            "may be sent and captured (CAP_NET_RAW): scan asks whole networks by its raw engine, "
            "watch -i sees what passes");
        return;
    }
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    program[length > 0 ? length : 0] = '\0';
    struct text t = text_over(mend, sizeof mend);
    text_add(&t, "sudo setcap cap_net_raw=ep ");
    text_add_escaped(&t, program, strlen(program));
    say(d, "raw packets", mend,
        "may not be sent or captured (no CAP_NET_RAW): scan asks through sockets, to the same "
        "verdicts but slower, and watch -i cannot see; reading files works without");
}

static void check_terminal(struct doctor *d)
{
    const char *term = getenv("TERM"), *no_color = getenv("NO_COLOR");
    say(d, "terminal", NULL, "results go to %s (%d columns), talk to %s; TERM is %.60s%s",
        d->console->results_to_terminal ? "a terminal" : "a file or pipe", d->console->width,
        d->console->talk_is_terminal ? "a terminal" : "a file or pipe",
        term != NULL && *term != '\0' ? term : "not set",
        no_color != NULL && *no_color != '\0' ? "; NO_COLOR is set" : "");
}

static void check_descriptors(struct doctor *d)
{
    struct rlimit limit;
    char mend[DOCTOR_TEXT_SIZE];
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
        say(d, "open files", "ulimit -n 4096", "their limit cannot be read: %s", strerror(errno));
        return;
    }
    bool enough = limit.rlim_cur >= DESCRIPTORS_WANTED;
    bool may_raise = limit.rlim_max >= DESCRIPTORS_WANTED;
    (void)snprintf(mend, sizeof mend, "%sulimit -n %d%s", may_raise ? "" : "sudo sh -c '",
                   DESCRIPTORS_WANTED, may_raise ? "" : " && wormsign ...'");
    say(d, "open files", enough ? NULL : mend, "at most %ju at once (up to %ju can be asked for)",
        (uintmax_t)limit.rlim_cur, (uintmax_t)limit.rlim_max);
}

static void check_memory(struct doctor *d)
{
    char text[PROC_FILE_MAX];
    uint64_t all_kb, free_kb;
    if (!read_proc("/proc/meminfo", text) || !number_behind(text, "MemTotal:", 10, &all_kb) ||
        !number_behind(text, "MemAvailable:", 10, &free_kb)) {
        say(d, "memory", "mount -t proc proc /proc",
            "/proc/meminfo does not tell how much there is");
        return;
    }
    bool enough = free_kb / 1024 >= MEMORY_WANTED_MB;
    say(d, "memory", enough ? NULL : "ps -eo rss,args --sort -rss | head",
        "%" PRIu64 " MB of %" PRIu64 " MB are available; large archives want %d MB", free_kb / 1024,
        all_kb / 1024, MEMORY_WANTED_MB);
}

static void check_clock(struct doctor *d)
{
    char text[TIME_TEXT_SIZE];
    int32_t day = day_of(d->now_us);
    bool sane = day >= day_of_date(CLOCK_YEAR_FIRST, 1, 1) &&
                day <= day_of_date(CLOCK_YEAR_LAST, 12, 31);
    say(d, "clock", sane ? NULL : "sudo timedatectl set-ntp true",
        "%s, week %u as the worm counts%s", time_text(d->now_us, text), week_of(d->now_us),
        sane ? "" : "; names and ports of today will be wrong");
}

/* True when a program of this name stands in PATH, as the shell would find it. */
static bool in_path(const char *name)
{
    const char *path = getenv("PATH");
    char candidate[1024];
    while (path != NULL && *path != '\0') {
        size_t length = strcspn(path, ":");
        int written = snprintf(candidate, sizeof candidate, "%.*s/%s", (int)length, path, name);
        if (written > 0 && (size_t)written < sizeof candidate && access(candidate, X_OK) == 0)
            return true;
        path += length + (path[length] == ':');
    }
    return false;
}

static void check_peers(struct doctor *d)
{
    static const struct {
        const char *program, *what, *mend;
    } peers[] = {
        {"nmap", "nmap, to compare scans with", "sudo apt-get install --no-remove nmap"},
        {"argus", "argus, to compare its flows with",
         "sudo RUNLEVEL=1 apt-get install --no-remove argus-server"},
        {"ra", "argus clients, to compare archives with",
         "sudo apt-get install --no-remove argus-client"},
        {"smbd", "samba, to test the SMB check against",
         "sudo RUNLEVEL=1 apt-get install --no-remove samba"},
        {"tshark", "tshark, to compare captures with", "sudo apt-get install --no-remove tshark"},
    };
    for (size_t i = 0; i < COUNT_OF(peers); i++) {
        bool there = in_path(peers[i].program);
        say(d, peers[i].program, there ? NULL : peers[i].mend, "%s: %s", peers[i].what,
            there ? "found" : "not found; only tests and comparisons want it");
    }
}

static enum exit_code run_doctor(const struct call *call)
{
    const struct doctor_settings *settings = call->settings;
    struct doctor d = {call->console, settings->json, call->now_us, 0};
    static void (*const checks[])(struct doctor *) = {
        check_program,     check_libraries, check_capture, check_terminal,
        check_descriptors, check_memory,    check_clock,   check_peers,
    };
    if (call->words.operand_count > 0)
        return call_is_wrong(call, "it takes no operands");
    for (size_t i = 0; i < COUNT_OF(checks); i++)
        checks[i](&d);
    if (!d.json)
        (void)console_print(d.console, "\n%u lacking.\n", d.lacking);
    return EXIT_DONE;
}

const struct verb verb_doctor = {
    .name = "doctor",
    .usage = "[--json]",
    .summary = "what works on this machine, and the command that mends what does not",
    .about =
        "Looks at the program and its libraries, the permission to send and capture raw packets, "
        "the terminal, limits, memory, clock, and the other tools that tests and comparisons want. "
        "What is lacking comes with the command that mends it. Nothing is changed, nothing is "
        "sent.\n"
        "Exit: 0 whatever is lacking, 2 wrong command line, 4 the answer could not be written.\n",
    .examples = "wormsign doctor\n",
    .settings_size = sizeof(struct doctor_settings),
    .options = {doctor_options, COUNT_OF(doctor_options), false},
    .run = run_doctor,
};
