/* What each cause of a check means: its result, the words of 2009 and what they hide.
 *
 * nmap 7.9x said "Couldn't connect" also of a connection that was opened and closed, and "Failed to
 * receive data" of one that was reset and of a UDP port that is closed. */
#include "evidence/check.h"

#include <assert.h>

#include "base/writer.h"

#define NOT_CONFICKER(number)                                                                      \
    "Data received, but wasn't Conficker data: Packet was too short [" #number "]"

struct cause {
    enum check_result result;
    const char *tcp, *udp; /* reason; NULL: cannot be on this transport */
    const char *detail;    /* "" for none */
};

#define BOTH(words) words, words

static const struct cause causes[CHECK_CAUSES] = {
    [CAUSE_VALID] = {CHECK_INFECTED, BOTH("Received valid data"), ""},
    [CAUSE_ECHO] = {CHECK_ODD, BOTH("Data received, but it is our own message sent back"), ""},
    [CAUSE_FLAGS] = {CHECK_ODD,
                     BOTH("Data received, but its flags are none of Conficker's (possibly "
                          "INFECTED)"),
                     "its checksum holds"},
    [CAUSE_CHECKSUM] = {CHECK_ODD,
                        BOTH("Data received, but checksum was invalid (possibly INFECTED)"), ""},
    [CAUSE_ONE_BYTE] = {CHECK_ODD, BOTH("Data too short"), "one byte came"},
    [CAUSE_CUT_KEY] = {CHECK_ODD, BOTH(NOT_CONFICKER(1)), "no room for the key"},
    [CAUSE_CUT_FLAGS] = {CHECK_ODD, BOTH(NOT_CONFICKER(2)), "no room for the flags"},
    [CAUSE_CUT_IP] = {CHECK_ODD, BOTH(NOT_CONFICKER(3)), "no room for the address field"},
    [CAUSE_CUT_UNKNOWN1] = {CHECK_ODD, BOTH(NOT_CONFICKER(4)), "no room for the second field"},
    [CAUSE_CUT_DATA_HEADER] = {CHECK_ODD, BOTH(NOT_CONFICKER(5)), "no room for the data's header"},
    [CAUSE_CUT_DATA] = {CHECK_ODD, BOTH(NOT_CONFICKER(6)), "less data than its length says"},
    [CAUSE_CUT_SYSINFO] = {CHECK_ODD, BOTH(NOT_CONFICKER(7)), "no room for the system's facts"},
    [CAUSE_CUT_CHECKSUM] = {CHECK_ODD, BOTH(NOT_CONFICKER(8)), "no room for the checksum"},
    [CAUSE_CUT_STREAM] = {CHECK_ODD, "Data received, but wasn't Conficker data: it was cut", NULL,
                          ""},
    [CAUSE_PREFIX_SMALL] = {CHECK_ODD,
                            "Data received, but wasn't Conficker data: its length is too small",
                            NULL, ""},
    [CAUSE_REFUSED] = {CHECK_REFUSED, "Couldn't connect", "Failed to receive data",
                       "nothing listens on this port"},
    [CAUSE_SILENT] = {CHECK_UNANSWERED, BOTH("Timeout"), "nothing came back"},
    [CAUSE_MUTE] = {CHECK_UNANSWERED, BOTH("Timeout"), "something listens, but it sent no data"},
    [CAUSE_CLOSED] = {CHECK_UNANSWERED, "Couldn't connect", NULL,
                      "the connection was closed before a byte came"},
    [CAUSE_RESET] = {CHECK_UNANSWERED, "Failed to receive data", NULL,
                     "the connection was reset before a byte came"},
    [CAUSE_UNREACHABLE] = {CHECK_UNANSWERED, "Couldn't connect", "Failed to receive data",
                           "the network says that the host cannot be reached"},
    [CAUSE_SPOKE] = {CHECK_UNANSWERED, BOTH("It spoke"), ""},
    [CAUSE_NO_DESCRIPTOR] = {CHECK_ERROR, BOTH("not asked: no file descriptor was left"), ""},
    [CAUSE_NO_PORT] = {CHECK_ERROR, BOTH("not asked: no local port was left"), ""},
    [CAUSE_NO_ROUTE] = {CHECK_ERROR, BOTH("not asked: no route from here"), ""},
    [CAUSE_NOT_PERMITTED] = {CHECK_ERROR, BOTH("not asked: not permitted here"), ""},
    [CAUSE_BROADCAST] = {CHECK_ERROR, BOTH("not asked: a broadcast address"), ""},
    [CAUSE_NO_MEMORY] = {CHECK_ERROR, BOTH("not asked: no memory was left"), ""},
    [CAUSE_SYSTEM] = {CHECK_ERROR, BOTH("not asked: the system refused"), ""},
    [CAUSE_STOPPED] = {CHECK_ERROR, BOTH("stopped before an answer"), ""},
};

enum check_result check_result_of(const struct check *c)
{
    return causes[c->cause].result;
}

const char *check_result_text(enum check_result result)
{
    static const char *const texts[CHECK_RESULTS] = {[CHECK_INFECTED] = "infected",
                                                     [CHECK_ODD] = "odd",
                                                     [CHECK_REFUSED] = "refused",
                                                     [CHECK_UNANSWERED] = "unanswered",
                                                     [CHECK_ERROR] = "error"};
    return texts[result];
}

const char *check_week_text(enum check_week week)
{
    static const char *const texts[] = {[CHECK_WEEK_ANY] = "any",
                                        [CHECK_WEEK_THIS] = "this",
                                        [CHECK_WEEK_LAST] = "last",
                                        [CHECK_WEEK_NEXT] = "next",
                                        [CHECK_WEEK_NONE] = "none"};
    return texts[week];
}

const char *check_reason(const struct check *c)
{
    const struct cause *cause = &causes[c->cause];
    assert(cause->tcp != NULL);
    return c->transport == TRANSPORT_UDP && cause->udp != NULL ? cause->udp : cause->tcp;
}

void check_detail(const struct check *c, struct text *out)
{
    if (c->cause == CAUSE_CUT_STREAM || c->cause == CAUSE_PREFIX_SMALL)
        text_add(out, "its prefix says %u bytes, %u came", (unsigned)c->wanted, (unsigned)c->came);
    else
        text_add(out, "%s", causes[c->cause].detail);
}

enum hearing hearing_of(const enum check_cause *of, size_t count)
{
    size_t local = 0, silent = 0, refused = 0;
    for (size_t i = 0; i < count; i++) {
        local += causes[of[i]].result == CHECK_ERROR;
        silent += of[i] == CAUSE_SILENT;
        refused += of[i] == CAUSE_REFUSED;
    }
    return count == 0                ? HEARING_UNASKED
           : local == count          ? HEARING_LOCAL
           : local + silent == count ? HEARING_SILENT
           : refused == count        ? HEARING_REFUSED
                                     : HEARING_SOME;
}

size_t checks_count(const struct check *checks, size_t count, enum check_result result)
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++)
        found += check_result_of(&checks[i]) == result;
    return found;
}

/* The commonest local reason. */
static const char *local_reason(const struct check *checks, size_t count)
{
    size_t of_cause[CHECK_CAUSES] = {0};
    const char *reason = "";
    size_t most = 0;
    for (size_t i = 0; i < count; i++) {
        if (check_result_of(&checks[i]) != CHECK_ERROR || ++of_cause[checks[i].cause] <= most)
            continue;
        most = of_cause[checks[i].cause];
        reason = check_reason(&checks[i]);
    }
    return reason;
}

/* It listens: a connection stood, or an empty datagram came. */
static bool is_listening(const struct check *c)
{
    return c->cause == CAUSE_MUTE || c->cause == CAUSE_CLOSED || c->cause == CAUSE_RESET;
}

/* "3 of 4 ports refuse", after what was said before. */
static void say_part(struct text *out, size_t part, size_t count, const char *what)
{
    if (part > 0)
        text_add(out, "%s%zu of %zu ports: %s", out->used > 0 ? "; " : "", part, count, what);
}

void checks_say_unknown(const struct check *checks, size_t count, struct text *out)
{
    size_t refused = checks_count(checks, count, CHECK_REFUSED);
    size_t errors = checks_count(checks, count, CHECK_ERROR);
    size_t listening = 0, unreachable = 0;
    for (size_t i = 0; i < count; i++) {
        listening += is_listening(&checks[i]);
        unreachable += checks[i].cause == CAUSE_UNREACHABLE;
    }
    size_t silent = count - refused - errors - listening - unreachable;
    if (refused == count) {
        text_add(out, "all ports refuse: no variant D or E listens; A to C cannot be seen so");
    } else if (silent == count) {
        text_add(out, "no answer on any port: filtered, switched off, or nobody there");
    } else {
        say_part(out, listening, count, "listening, but no data");
        say_part(out, refused, count, "refused");
        say_part(out, silent, count, "no answer");
        say_part(out, unreachable, count, "unreachable");
        say_part(out, errors, count, local_reason(checks, count));
    }
}
