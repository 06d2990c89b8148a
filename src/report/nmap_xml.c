/* XML as nmap writes it (-oX), so that ndiff and what reads nmap's reads ours; "scanner" says who
 * wrote it. The structure is that of nmap's published DTD.
 *
 *   <host><status/><address/><hostnames/><ports><port><state/><script id="wormsign-p2p"/></port>
 *     </ports><hostscript><script id="wormsign" output="Infected with ..."/></hostscript></host>
 *
 * A check of a port is a script of the port, the verdict with its signs a script of the host; an
 * infection is a script behind all hosts. Every host is told, of a hunt too. A host that said
 * nothing is "unknown", not "down": silence says neither. Foreign text goes in made safe, and
 * libxml2 escapes what means something to XML. Each piece is made in memory and then written, as
 * the library must not complain about a full disk by itself. */
#include <libxml/xmlwriter.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "base/writer.h"
#include "evidence/netbios_check.h"
#include "evidence/smb_check.h"
#include "report/foreign.h"
#include "report/formats.h"

enum { NUMBER_SIZE = 32, LINE_SIZE = 512, SMB_PORT = 445, NETBIOS_PORT = 137 };

struct piece {
    xmlBufferPtr buffer;
    xmlTextWriterPtr xml;
    bool failed;
};

static const xmlChar *xml(const char *text)
{
    return (const xmlChar *)text;
}

static struct piece piece_new(void)
{
    struct piece p = {.buffer = xmlBufferCreate()};
    p.xml = p.buffer != NULL ? xmlNewTextWriterMemory(p.buffer, 0) : NULL;
    p.failed = p.xml == NULL;
    return p;
}

static void open_element(struct piece *p, const char *name)
{
    p->failed = p->failed || xmlTextWriterStartElement(p->xml, xml(name)) < 0;
}

static void close_element(struct piece *p)
{
    p->failed = p->failed || xmlTextWriterEndElement(p->xml) < 0;
}

static void put_foreign(struct piece *p, const char *name, const char *text, enum safe_form form)
{
    char *safe = text_made_safe(text, form);
    p->failed = p->failed || safe == NULL ||
                xmlTextWriterWriteAttribute(p->xml, xml(name), xml(safe)) < 0;
    free(safe);
}

static void put(struct piece *p, const char *name, const char *text)
{
    put_foreign(p, name, text, SAFE_SENTENCE);
}

static void put_number(struct piece *p, const char *name, uint64_t number)
{
    char buffer[NUMBER_SIZE];
    struct text text = text_over(buffer, sizeof buffer);
    text_add(&text, "%llu", (unsigned long long)number);
    put(p, name, buffer);
}

static void put_seconds(struct piece *p, const char *name, int64_t when_us)
{
    if (when_us >= 0)
        put_number(p, name, (uint64_t)(when_us / US_PER_SECOND));
}

static void put_elem(struct piece *p, const char *key, const char *text, enum safe_form form)
{
    char *safe = text_made_safe(text, form);
    open_element(p, "elem");
    if (key != NULL)
        put(p, "key", key);
    p->failed = p->failed || safe == NULL || xmlTextWriterWriteString(p->xml, xml(safe)) < 0;
    close_element(p);
    free(safe);
}

/* An element of a script that was told, else nothing. */
static void put_told(struct piece *p, const char *key, const char *text)
{
    if (text[0] != '\0')
        put_elem(p, key, text, SAFE_UTF8);
}

/* Writes the piece, with a line end behind it, and lets it go. */
static bool piece_write(struct piece *p, FILE *out)
{
    bool good = !p->failed && xmlTextWriterFlush(p->xml) >= 0;
    if (p->xml != NULL)
        xmlFreeTextWriter(p->xml);
    if (good)
        good = fputs((const char *)xmlBufferContent(p->buffer), out) != EOF &&
               fputc('\n', out) != EOF;
    if (p->buffer != NULL)
        xmlBufferFree(p->buffer);
    return fflush(out) == 0 && good && !ferror(out);
}

struct port_state {
    const char *state, *reason;
};

/* What nmap would call a port of which this became known. */
static struct port_state state_of(const struct check *c)
{
    bool tcp = c->transport == TRANSPORT_TCP;
    switch (check_result_of(c)) {
    case CHECK_INFECTED:
    case CHECK_ODD:
        return (struct port_state){"open", tcp ? "syn-ack" : "udp-response"};
    case CHECK_REFUSED:
        return (struct port_state){"closed", tcp ? "reset" : "port-unreach"};
    case CHECK_UNANSWERED:
        if (tcp && c->cause != CAUSE_SILENT && c->cause != CAUSE_UNREACHABLE)
            return (struct port_state){"open", "syn-ack"};
        return (struct port_state){tcp ? "filtered" : "open|filtered",
                                   c->cause == CAUSE_UNREACHABLE ? "host-unreach" : "no-response"};
    case CHECK_ERROR:
    case CHECK_RESULTS:
        break;
    }
    return (struct port_state){"unknown", "localhost-response"};
}

static void open_port(struct piece *p, bool tcp, unsigned number, struct port_state state)
{
    open_element(p, "port");
    put(p, "protocol", tcp ? "tcp" : "udp");
    put_number(p, "portid", number);
    open_element(p, "state");
    put(p, "state", state.state);
    put(p, "reason", state.reason);
    put(p, "reason_ttl", "0");
    close_element(p);
}

static void open_script(struct piece *p, const char *id, const char *output)
{
    open_element(p, "script");
    put(p, "id", id);
    put(p, "output", output);
}

static void put_check(struct piece *p, const struct check *c)
{
    char line[LINE_SIZE];
    struct text text = text_over(line, sizeof line);
    text_add(&text, "%s (%s)", check_result_text(check_result_of(c)), check_reason(c));
    open_port(p, c->transport == TRANSPORT_TCP, c->port, state_of(c));
    open_script(p, "wormsign-p2p", line);
    put_elem(p, "result", check_result_text(check_result_of(c)), SAFE_SENTENCE);
    put_elem(p, "reason", check_reason(c), SAFE_SENTENCE);
    put_elem(p, "week", check_week_text(c->week), SAFE_SENTENCE);
    close_element(p);
    close_element(p);
}

static void put_smb_script(struct piece *p, const struct smb_check *c)
{
    char line[LINE_SIZE], reason[VERDICT_REASON_SIZE];
    struct text text = text_over(line, sizeof line), why = text_over(reason, sizeof reason);
    smb_check_say_reason(c, &why);
    text_add(&text, "%s: %s", smb_result_text(smb_result_of(c)), reason);
    open_script(p, "wormsign-smb", line);
    put_elem(p, "result", smb_result_text(smb_result_of(c)), SAFE_SENTENCE);
    put_elem(p, "reason", reason, SAFE_SENTENCE);
    put_told(p, "os", c->os);
    put_told(p, "lanman", c->lanman);
    put_told(p, "computer", c->computer);
    put_told(p, "domain", c->domain);
    put_told(p, "workgroup", c->workgroup);
    put_told(p, "fqdn", c->fqdn);
    close_element(p);
}

static void put_netbios_script(struct piece *p, const struct netbios_check *c)
{
    open_script(p, "wormsign-netbios", "it told its names");
    put_told(p, "computer", c->computer);
    put_told(p, "group", c->group);
    put_told(p, "user", c->user);
    close_element(p);
}

/* The port that it was asked on, heard or not: scripts stand at ports, as ndiff of 7.93 stops at a
 * host that has two of its own. */
static void put_smb_port(struct piece *p, const struct smb_check *c)
{
    const struct check connection = {.cause = c->network, .when_us = c->when_us};
    struct port_state state = smb_check_is_heard(c) ? (struct port_state){"open", "syn-ack"}
                                                    : state_of(&connection);
    open_port(p, true, c->port != 0 ? c->port : SMB_PORT, state);
    put_smb_script(p, c);
    close_element(p);
}

static void put_ports(struct piece *p, const struct verdict *v)
{
    if (v->check_count == 0 && v->smb == NULL && v->netbios == NULL)
        return;
    open_element(p, "ports");
    for (size_t i = 0; i < v->check_count; i++)
        put_check(p, &v->checks[i]);
    if (v->smb != NULL)
        put_smb_port(p, v->smb);
    if (v->netbios != NULL) {
        open_port(p, false, NETBIOS_PORT, (struct port_state){"open", "udp-response"});
        put_netbios_script(p, v->netbios);
        close_element(p);
    }
    close_element(p);
}

static void put_variants(struct piece *p, unsigned variants)
{
    enum variant all[VARIANTS_MAX];
    unsigned count = variants_in_order(variants, all);
    open_element(p, "table");
    put(p, "key", "variants");
    for (unsigned i = 0; i < count; i++)
        put_elem(p, NULL, variant_text(all[i]), SAFE_SENTENCE);
    close_element(p);
}

static void put_signs(struct piece *p, const struct verdict *v)
{
    open_element(p, "table");
    put(p, "key", "signs");
    for (size_t i = 0; i < v->sign_count; i++)
        put_elem(p, sign_kind_of(v->signs[i].id)->id, v->signs[i].says, SAFE_SENTENCE);
    close_element(p);
}

static void put_marks(struct piece *p, unsigned marks)
{
    open_element(p, "table");
    put(p, "key", "marks");
    for (unsigned bit = MARK_ATTACKED; bit <= MARK_UNPATCHED; bit <<= 1)
        if ((marks & bit) != 0)
            put_elem(p, NULL, mark_text((enum mark)bit), SAFE_SENTENCE);
    close_element(p);
}

static void put_verdict(struct piece *p, const struct verdict *v)
{
    const char *says = v->says[0] != '\0' ? v->says : v->reason;
    char line[VERDICT_SAYS_SIZE + LINE_SIZE], until[DATE_TEXT_SIZE];
    struct text text = text_over(line, sizeof line);
    (void)date_text(v->acknowledged_until, until);
    if (v->acknowledged)
        text_add(&text, "Acknowledged until %s. ", until);
    text_add(&text, "%s", says[0] != '\0' ? says : verdict_kind_text(v->kind));
    open_element(p, "hostscript");
    open_script(p, "wormsign", line);
    put_elem(p, "verdict", verdict_kind_text(v->kind), SAFE_SENTENCE);
    put_elem(p, "home", v->home ? "true" : "false", SAFE_SENTENCE);
    if (v->site != NULL)
        put_elem(p, "site", v->site, SAFE_UTF8);
    if (v->owner != NULL)
        put_elem(p, "owner", v->owner, SAFE_UTF8);
    if (v->acknowledged)
        put_elem(p, "acknowledged", until, SAFE_SENTENCE);
    if (v->acknowledged && v->note != NULL)
        put_elem(p, "note", v->note, SAFE_UTF8);
    if (v->kind == VERDICT_UNKNOWN && v->reason[0] != '\0')
        put_elem(p, "reason", v->reason, SAFE_SENTENCE);
    put_variants(p, v->variants);
    put_marks(p, v->marks);
    put_signs(p, v);
    close_element(p);
    close_element(p);
}

static void put_address(struct piece *p, const char *text, const char *type)
{
    open_element(p, "address");
    put(p, "addr", text);
    put(p, "addrtype", type);
    close_element(p);
}

static void put_who(struct piece *p, const struct verdict *v)
{
    char address[ADDRESS_TEXT_SIZE], mac[MAC_TEXT_SIZE];
    bool silent = v->hearing == HEARING_SILENT || v->hearing == HEARING_LOCAL;
    open_element(p, "status");
    put(p, "state", silent ? "unknown" : "up");
    put(p, "reason",
        silent                          ? "no-response"
        : v->hearing == HEARING_REFUSED ? "conn-refused"
        : v->hearing == HEARING_UNASKED ? "seen"
                                        : "response");
    put(p, "reason_ttl", "0");
    close_element(p);
    put_address(p, address_text(v->host, address), address_is_v4(v->host) ? "ipv4" : "ipv6");
    if (v->mac != 0)
        put_address(p, mac_text(v->mac, mac), "mac");
    open_element(p, "hostnames");
    for (unsigned i = 0; i < v->name_count; i++) {
        open_element(p, "hostname");
        put_foreign(p, "name", v->names[i], SAFE_UTF8);
        put(p, "type", "user");
        close_element(p);
    }
    close_element(p);
}

/* "Tue Apr 21 16:23:05 2009" as nmap writes it, but always UTC. */
static const char *calendar_text(int64_t when_us, char buffer[static TIME_TEXT_SIZE])
{
    static const char days[] = "SunMonTueWedThuFriSat";
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    enum { THURSDAY = 4, WEEK = 7, DATE_DIGITS = 4, CLOCK_AT = 11, CLOCK_LENGTH = 8, LETTERS = 3 };
    char time[TIME_TEXT_SIZE];
    struct text text = text_over(buffer, TIME_TEXT_SIZE);
    if (time_text(when_us, time)[0] == '-') {
        text_add(&text, "-");
        return buffer;
    }
    int weekday = ((day_of(when_us) + THURSDAY) % WEEK + WEEK) % WEEK;
    int month = (time[5] - '0') * 10 + time[6] - '0' - 1;
    text_add(&text, "%.*s %.*s %c%c %.*s %.*s", LETTERS, days + LETTERS * weekday, LETTERS,
             months + LETTERS * month, time[8] == '0' ? ' ' : time[8], time[9], CLOCK_LENGTH,
             time + CLOCK_AT, DATE_DIGITS, time);
    return buffer;
}

static bool nmap_xml_begin(struct report *r)
{
    char time[TIME_TEXT_SIZE], line[LINE_SIZE];
    struct text args = text_over(line, sizeof line);
    struct piece p = piece_new();
    bool good = fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE nmaprun>\n", r->out) !=
                EOF;
    r->state = NULL;
    /* The element stays open, so its start is made as an element without an end. */
    open_element(&p, "nmaprun");
    put(&p, "scanner", "wormsign");
    text_add(&args, "wormsign%s%s", r->verb != NULL ? " " : "", r->verb != NULL ? r->verb : "");
    put(&p, "args", line);
    put_seconds(&p, "start", r->began_us);
    put(&p, "startstr", calendar_text(r->began_us, time));
    put(&p, "version", r->version != NULL ? r->version : "");
    put(&p, "xmloutputversion", "1.05");
    p.failed = p.failed || xmlTextWriterWriteRaw(p.xml, xml("\n")) < 0;
    good = piece_write(&p, r->out) && good;
    return good && fputs("<verbose level=\"0\"/>\n<debugging level=\"0\"/>\n", r->out) != EOF;
}

static bool nmap_xml_host(struct report *r, const struct verdict *v)
{
    struct piece p = piece_new();
    open_element(&p, "host");
    put_seconds(&p, "starttime", v->first_us);
    put_seconds(&p, "endtime", v->last_us);
    put_who(&p, v);
    put_ports(&p, v);
    put_verdict(&p, v);
    close_element(&p);
    return piece_write(&p, r->out);
}

static bool nmap_xml_edge(struct report *r, const struct infection *i)
{
    char from[ADDRESS_TEXT_SIZE], to[ADDRESS_TEXT_SIZE], time[TIME_TEXT_SIZE];
    struct piece p = piece_new();
    open_element(&p, "postscript");
    open_script(&p, "wormsign-infection", i->says);
    put_elem(&p, "from", address_text(i->from, from), SAFE_SENTENCE);
    put_elem(&p, "to", address_text(i->to, to), SAFE_SENTENCE);
    put_elem(&p, "time", time_text(i->when_us, time), SAFE_SENTENCE);
    put_elem(&p, "what", infection_word(i), SAFE_SENTENCE);
    put_elem(&p, "cause", i->cause, SAFE_SENTENCE);
    put_variants(&p, i->variants);
    close_element(&p);
    close_element(&p);
    return piece_write(&p, r->out);
}

/* Hosts of which nothing was heard are neither up nor down to us; nmap has no third number. */
static void put_counts(struct piece *p, const struct totals *t)
{
    uint64_t told = 0;
    for (unsigned kind = 0; kind < VERDICT_KINDS; kind++)
        told += t->hosts[kind];
    uint64_t all = t->scan != NULL ? t->scan->targets : told + t->outside_infected;
    uint64_t up = t->scan != NULL && t->seen <= all ? t->seen : all;
    open_element(p, "hosts");
    put_number(p, "up", up);
    put_number(p, "down", all - up);
    put_number(p, "total", all);
    close_element(p);
}

/* The words of a filter have no bound, and the line has one: they stand in the arguments. */
static void add_looked_at(struct text *text, const struct looked_at *only)
{
    char time[TIME_TEXT_SIZE];
    if (only->since_us != INT64_MIN)
        text_add(text, "; since %s", time_text(only->since_us, time));
    if (only->until_us != INT64_MAX)
        text_add(text, "; until %s", time_text(only->until_us, time));
    if (only->filter != NULL)
        text_add(text, "; filtered");
}

static bool nmap_xml_end(struct report *r, const struct totals *t)
{
    char time[TIME_TEXT_SIZE], line[LINE_SIZE];
    struct piece p = piece_new();
    struct text text = text_over(line, sizeof line);
    bool sane = isfinite(t->seconds) && t->seconds >= 0 && t->seconds < 1e9;
    double seconds = sane ? t->seconds : 0;
    int64_t end_us = r->began_us + (int64_t)(seconds * (double)US_PER_SECOND);
    text_add(&text, "%s: %llu infected, %llu suspicious%s", t->verb,
             (unsigned long long)t->hosts[VERDICT_INFECTED],
             (unsigned long long)t->hosts[VERDICT_SUSPICIOUS], t->complete ? "" : "; incomplete");
    open_element(&p, "runstats");
    open_element(&p, "finished");
    put_number(&p, "time", end_us > 0 ? (uint64_t)(end_us / US_PER_SECOND) : 0);
    put(&p, "timestr", calendar_text(end_us, time));
    if (t->only != NULL)
        add_looked_at(&text, t->only);
    text_add(&text, "; %.2f seconds", seconds);
    put(&p, "summary", line);
    text = text_over(line, sizeof line);
    text_add(&text, "%.2f", seconds);
    put(&p, "elapsed", line);
    put(&p, "exit", t->complete ? "success" : "error");
    if (!t->complete)
        put(&p, "errormsg", "incomplete: something could not be read or asked");
    close_element(&p);
    put_counts(&p, t);
    close_element(&p);
    bool good = piece_write(&p, r->out);
    good = fputs("</nmaprun>\n", r->out) != EOF && good;
    return fflush(r->out) == 0 && good && !ferror(r->out);
}

const struct report_format report_nmap_xml = {
    .id = "xml",
    .claim = "XML as nmap's -oX: hosts, their ports and our checks as scripts; ndiff reads it.",
    .is_a_list = true,
    .begin = nmap_xml_begin,
    .host = nmap_xml_host,
    .edge = nmap_xml_edge,
    .end = nmap_xml_end,
};
