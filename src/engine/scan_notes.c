/* Each sentence is for the person who reads the summary: what was done, what was left out and why,
 * and what to do about it. */
#include "engine/scan_notes.h"

#include <string.h>

#include "base/address.h"
#include "base/plural.h"
#include "base/time.h"
#include "scan/smb_accounts.h"

/* What follows a noun that is counted. */
static const char *were(uint64_t count)
{
    return count == 1 ? " was" : "s were";
}

/* "3 hosts were ...", "1 host was ...". */
static void say_count(struct sentences *l, uint64_t count, const char *noun, const char *what)
{
    if (count > 0)
        sentence_add(l, "%llu %s%s left out%s", (unsigned long long)count, noun,
                     count != 1 && strcmp(noun, "address") == 0 ? "es were" : were(count), what);
}

void scan_say_left_out(const struct targets_left_out *left, uint64_t broadcast, struct sentences *l)
{
    say_count(l, left->excluded, "host", ", as asked for by --exclude or --excludefile");
    say_count(l, left->reserved, "address",
              ": reserved (loopback, link-local, documentation and the like); name such a range by "
              "itself to ask it");
    say_count(l, left->never, "address",
              ": no single host has it (multicast, broadcast, 0.0.0.0/8)");
    say_count(l, broadcast, "address", ": a network's broadcast address");
}

/* What kept us from asking or hearing: each reason with the number of ports. */
void scan_say_local_failures(const uint64_t of_cause[static CHECK_CAUSES], struct sentences *l)
{
    for (enum check_cause cause = 0; cause < CHECK_CAUSES; cause++) {
        const struct check check = {.transport = TRANSPORT_TCP, .cause = cause};
        if (of_cause[cause] > 0 && check_result_of(&check) == CHECK_ERROR)
            sentence_add(l, "%llu port%s: %s", (unsigned long long)of_cause[cause],
                         plural(of_cause[cause]), check_reason(&check));
    }
}

void scan_say_interrupted(const struct scan_totals *scan, struct sentences *l)
{
    sentence_add(l,
                 "the scan was interrupted before its end: %llu of %llu hosts were asked all that "
                 "they were to be",
                 (unsigned long long)scan->asked, (unsigned long long)scan->targets);
}

void scan_say_limits(const struct engine_counts *counts, uint64_t let_go, struct sentences *l)
{
    if (let_go > 0)
        sentence_add(l, "%llu host%s not asked, for want of memory", (unsigned long long)let_go,
                     were(let_go));
    if (counts->answers_cut > 0)
        sentence_add(l,
                     "answers: %llu were judged by their beginning, as there was no memory for all "
                     "that came",
                     (unsigned long long)counts->answers_cut);
    if (counts->shortages > 0)
        sentence_add(l,
                     "descriptors, local ports or buffers were short %llu time%s, and were waited "
                     "for",
                     (unsigned long long)counts->shortages, plural(counts->shortages));
}

void scan_say_outage(const struct raw_outcome *o, const struct error *broken_off, struct error *out)
{
    const struct raw_fall *fall = &o->fall;
    const char *what = o->counts.groups > 1 ? "groups of ports" : "hosts";
    *out = (struct error){0};
    if (broken_off->kind != ERROR_NONE)
        (void)fail(out, broken_off->kind, "the raw engine broke off: %s", broken_off->text);
    else if (fall->found)
        (void)fail(
            out, ERROR_SYSTEM,
            "answers fell away: of the first %llu %s %llu answered, of the next %llu only %llu, "
            "and not by chance: the way there failed, or somebody shut us out; who was silent may "
            "never have been reached",
            (unsigned long long)fall->before.asked, what, (unsigned long long)fall->before.answered,
            (unsigned long long)fall->within.asked, (unsigned long long)fall->within.answered);
}

void scan_say_raw_limits(const struct raw_counts *c, struct sentences *l)
{
    if (c->network.dropped > 0)
        sentence_add(l,
                     "%llu packet%s lost, as more came than were read; a lower --max-rate loses "
                     "none",
                     (unsigned long long)c->network.dropped, were(c->network.dropped));
    if (c->network.full > 0)
        sentence_add(l, "the device had no room for packets %llu time%s, and was waited for",
                     (unsigned long long)c->network.full, plural(c->network.full));
    if (c->weeks_full)
        sentence_add(l,
                     "the weeks turned more than %d times: later hosts were asked on the ports of "
                     "an earlier week",
                     RAW_WEEKS_MAX);
    if (c->let_go > 0)
        sentence_add(l, "%llu answer%s not put together from pieces, for there were too many",
                     (unsigned long long)c->let_go, were(c->let_go));
}

void scan_say_raw(const struct scan_settings *s, const struct raw_counts *c, uint64_t unconfirmed,
                  uint32_t first, struct sentences *l)
{
    const struct raw_settings *raw = s->raw;
    char address[ADDRESS_TEXT_SIZE];
    (void)address_text(address_of_v4(raw->plan.source), address);
    sentence_add(l,
                 "asked by packets of our own, from %s through %s; %llu of the hosts through "
                 "sockets as well",
                 address, s->raw_name, (unsigned long long)c->found);
    if (raw->shards > 1)
        sentence_add(l, "shard %u of %u", raw->shard + 1, raw->shards);
    if (c->forged > 0)
        sentence_add(l, "%llu packet%s passed over, as %s did not prove to answer us",
                     (unsigned long long)c->forged, were(c->forged),
                     c->forged == 1 ? "it" : "they");
    if (unconfirmed == 0)
        return;
    (void)address_text(address_of_v4(first), address);
    sentence_add(l,
                 "%llu host%s sent a valid message of the worm in a packet, and not when %s "
                 "asked again by a full connection, which alone is proof: %s%s; ask again",
                 (unsigned long long)unconfirmed, plural(unconfirmed),
                 unconfirmed == 1 ? "it was" : "they were", address,
                 unconfirmed > 1 ? " and others" : "");
}

/* Wrong passwords lock accounts, so the third refusal was the last. */
void scan_say_account(const struct smb_accounts *given, struct sentences *l)
{
    if (given == NULL || given->failures < SMB_FAILURES_MAX)
        return;
    sentence_add(l,
                 "account: %u hosts refused the one that was given, so that no other was asked "
                 "with it; is its password right?",
                 given->failures);
}

void scan_say_weeks(const struct scan_settings *s, int64_t ended_us, struct sentences *l)
{
    const struct engine_settings *engine = &s->engine;
    char date[DATE_TEXT_SIZE];
    bool asks_ports = false;
    for (size_t i = 0; i < engine->probe_count; i++)
        asks_ports = asks_ports || engine->probes[i]->checks_ports;
    if (!asks_ports)
        return;
    const struct aim *aim = &engine->aim;
    int64_t when_us = s->raw != NULL ? s->raw->plan.aim.when_us : engine->began_us;
    uint32_t week = aim->week_given ? aim->week : week_of(when_us);
    uint32_t other = aim->week_given ? week : week_neighbour(when_us);
    sentence_add(l, "asked on the ports of week %u, which began on %s%s", week,
                 date_text(day_of(week_start_us(week)), date),
                 aim->slack     ? ", and of the weeks before and after"
                 : other < week ? ", and of the week before, as Monday 00:00 UTC is near"
                 : other > week ? ", and of the week after, as Monday 00:00 UTC is near"
                                : "");
    if (aim->week_given)
        return;
    bool raw = s->raw != NULL;
    int64_t last_us = raw ? raw_state_when(s->raw->state, UINT64_MAX, when_us) : ended_us;
    uint32_t now = week_of(engine->began_us);
    if (week_of(last_us) != week || week_neighbour(last_us) != other)
        sentence_add(l,
                     "the weeks turned while it ran: each host was asked on the ports of the "
                     "weeks in which it was first asked, the last ones on those of week %u",
                     week_of(last_us));
    if (raw && now > week_of(last_us) && now > week_neighbour(last_us))
        sentence_add(l,
                     "this scan was begun in an earlier week, and goes on with its ports: those of "
                     "week %u were asked of nobody; a new scan asks them",
                     now);
}
