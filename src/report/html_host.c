/* A section is the same whether it stands in the page or is unpacked by its script. It is whole in
 * itself, but for infections, which come behind all hosts: html.c and the script add those. */
#include "report/html_host.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/time.h"
#include "base/writer.h"
#include "evidence/netbios_check.h"
#include "evidence/smb_check.h"
#include "report/html_inside.h"
#include "report/html_pictures.h"
#include "report/html_signs.h"

enum { NAMES_SIZE = 96 };

/* Of a heavier one the tenths say nothing. */
#define WEIGHT_WHOLE 100.0

void host_id(struct markup *m, struct address host, const char *site)
{
    char address[ADDRESS_TEXT_SIZE];
    markup_say(m, "host-%s", address_text(host, address));
    if (site != NULL)
        markup_say(m, "-%llx", (unsigned long long)hash_bytes(site, strlen(site)));
}

void host_badge(struct markup *m, enum verdict_kind kind)
{
    const char *text = verdict_kind_text(kind);
    markup_say(m, "<span class=\"badge %s\">%s</span>", text, text);
}

static void say_variants_of(struct markup *m, unsigned variants)
{
    char names[NAMES_SIZE];
    struct text text = text_over(names, sizeof names);
    variants_say(&text, variants);
    markup_say(m, "%s", names);
}

static void say_marks_of(struct markup *m, unsigned marks)
{
    for (unsigned bit = MARK_ATTACKED; bit <= MARK_UNPATCHED; bit <<= 1)
        if ((marks & bit) != 0)
            markup_say(m, " <span class=\"mark\">%s</span>", mark_text((enum mark)bit));
}

/* One row in a list of what is known; the value follows. */
static void say_term(struct markup *m, const char *term)
{
    markup_say(m, "<div><dt>%s</dt><dd>", term);
}

static void end_term(struct markup *m)
{
    markup_say(m, "</dd></div>\n");
}

static void foreign_term(struct markup *m, const char *term, const char *text)
{
    if (text[0] == '\0')
        return;
    say_term(m, term);
    markup_name(m, text);
    end_term(m);
}

/* In a row there is place for the gravest sign, or why nothing is known. */
static void say_gravest(struct markup *m, const struct verdict *v)
{
    if (v->sign_count > 0)
        markup_text(m, SAFE_SENTENCE, v->signs[0].says);
    else if (v->kind == VERDICT_UNKNOWN && v->reason[0] != '\0')
        markup_text(m, SAFE_SENTENCE, v->reason);
    else
        markup_text(m, SAFE_SENTENCE, v->says);
}

static void say_weight(struct markup *m, const struct verdict *v)
{
    if (v->proof)
        markup_say(m, "proof");
    else if (isfinite(v->weight) && v->sign_count > 0)
        markup_say(m, v->weight < WEIGHT_WHOLE ? "%.1f" : "%.0f", v->weight);
}

/* Names, site and signs, in which the page's search looks beside the row's own words. */
static void say_searched(struct markup *m, const struct verdict *v)
{
    char mac[MAC_TEXT_SIZE];
    for (unsigned i = 0; i < v->name_count; i++) {
        markup_text(m, SAFE_UTF8, v->names[i]);
        markup_say(m, " ");
    }
    if (v->site != NULL)
        markup_text(m, SAFE_UTF8, v->site);
    if (v->owner != NULL) {
        markup_say(m, " ");
        markup_text(m, SAFE_UTF8, v->owner);
    }
    if (v->mac != 0)
        markup_say(m, " %s", mac_text(v->mac, mac));
    if (v->smb != NULL) {
        markup_say(m, " ");
        markup_text(m, SAFE_UTF8, smb_os_text(v->smb->os));
    }
    say_marks_of(m, v->marks);
    for (size_t i = 0; i < v->sign_count && i < SIGNS_SHOWN; i++)
        if (i == 0 || v->signs[i].id != v->signs[i - 1].id)
            markup_say(m, " %s", sign_kind_of(v->signs[i].id)->id);
}

/* Numbers by which rows are ordered. */
static void say_keys(struct markup *m, const struct verdict *v)
{
    enum variant all[VARIANTS_MAX];
    unsigned count = variants_in_order(v->variants, all);
    double weight = v->proof ? 1e9 : isfinite(v->weight) ? v->weight : 0;
    markup_say(m, "\t%d\t%d\t%.1f\t%016llx%016llx\t", v->home, (int)v->kind,
               fmax(fmin(weight, 1e9), -1e9), (unsigned long long)v->host.high,
               (unsigned long long)v->host.low);
    for (unsigned i = 0; i < count; i++)
        markup_say(m, "%s", variant_text(all[i]));
    markup_say(m, "\t%lld\t",
               v->last_us != TIME_NONE ? (long long)(v->last_us / US_PER_SECOND) : -1LL);
}

static void say_row(struct markup *m, const struct verdict *v)
{
    char address[ADDRESS_TEXT_SIZE];
    markup_say(m, "<tr><th scope=\"row\"><a href=\"#");
    host_id(m, v->host, v->site);
    markup_say(m, "\">%s</a>", address_text(v->host, address));
    if (v->name_count > 0) {
        markup_say(m, " <span class=\"aka\">");
        markup_name(m, v->names[0]);
        markup_say(m, "</span>");
    }
    if (v->site != NULL) {
        markup_say(m, " <span class=\"aka\">at ");
        markup_name(m, v->site);
        markup_say(m, "</span>");
    }
    markup_say(m, "</th><td>");
    host_badge(m, v->kind);
    if (!v->home)
        markup_say(m, " <span class=\"mark\">elsewhere</span>");
    if (v->acknowledged)
        markup_say(m, " <span class=\"mark\">acknowledged</span>");
    say_marks_of(m, v->marks);
    markup_say(m, "</td><td>");
    say_variants_of(m, v->variants);
    markup_say(m, "</td><td class=\"number\">");
    say_weight(m, v);
    markup_say(m, "</td><td class=\"why\"><p>");
    say_gravest(m, v);
    markup_say(m, "</p></td><td class=\"when\">");
    if (v->last_us != TIME_NONE)
        markup_time(m, v->last_us, false);
    markup_say(m, "</td></tr>");
}

void host_row(struct markup *m, const struct verdict *v)
{
    host_id(m, v->host, v->site);
    say_keys(m, v);
    say_searched(m, v);
    markup_say(m, "\t");
    say_row(m, v);
}

static void say_machine(struct markup *m, const struct verdict *v)
{
    char mac[MAC_TEXT_SIZE], address[ADDRESS_TEXT_SIZE];
    if (v->mac != 0) {
        say_term(m, "Machine");
        markup_say(m, "%s (by %s)%s", mac_text(v->mac, mac),
                   v->mac_source == MAC_BY_DHCP ? "DHCP" : "NetBIOS",
                   v->mac_changed ? "; at the first sign another machine had this address" : "");
        end_term(m);
    }
    if (v->stay_count > 1) {
        say_term(m, "Addresses of this machine");
        for (unsigned i = 0; i < v->stay_count; i++) {
            markup_say(m, "%s%s (", i > 0 ? "; " : "", address_text(v->stays[i].address, address));
            markup_time(m, v->stays[i].first_us, false);
            markup_say(m, " to ");
            markup_time(m, v->stays[i].last_us, false);
            markup_say(m, ")");
        }
        end_term(m);
    }
}

static void say_behind(struct markup *m, const struct verdict *v)
{
    char address[ADDRESS_TEXT_SIZE];
    if (v->behind_count == 0)
        return;
    say_term(m, "Behind it");
    for (unsigned i = 0; i < v->behind_count; i++) {
        const struct host_behind *b = &v->behind[i];
        markup_say(m, "%s<b>%s</b> by ports", i > 0 ? "; " : "", address_text(b->address, address));
        for (unsigned k = 0; k < b->port_count; k++)
            markup_say(m, "%s %u/%s", k > 0 ? "," : "", b->ports[k].port,
                       b->ports[k].transport == TRANSPORT_TCP ? "tcp" : "udp");
    }
    end_term(m);
}

/* What it says of itself over SMB and NetBIOS. */
static void say_system(struct markup *m, const struct verdict *v)
{
    const struct smb_check *c = v->smb;
    if (c != NULL) {
        foreign_term(m, "System", smb_os_text(c->os));
        foreign_term(m, "LAN manager", c->lanman);
        foreign_term(m, "Computer", c->computer);
        foreign_term(m, "Domain", c->dns_domain[0] != '\0' ? c->dns_domain : c->domain);
        foreign_term(m, "Workgroup", c->workgroup);
        foreign_term(m, "Full name", c->fqdn);
    }
    if (v->netbios != NULL) {
        foreign_term(m, "NetBIOS name", v->netbios->computer);
        foreign_term(m, "NetBIOS group", v->netbios->group);
        foreign_term(m, "Logged in", v->netbios->user);
    }
}

static void say_known(struct markup *m, const struct verdict *v)
{
    markup_say(m, "<dl class=\"known\">\n");
    if (v->variants != 0) {
        say_term(m, "Variant");
        say_variants_of(m, v->variants);
        end_term(m);
    }
    say_term(m, "Rests on");
    if (v->proof)
        markup_say(m, "proof");
    else if (v->sign_count > 0 && isfinite(v->weight))
        markup_say(m, "signs of weight %.1f together", v->weight);
    else
        markup_say(m, v->smb != NULL || v->check_count > 0 ? "what it answered" : "no sign");
    end_term(m);
    if (v->first_us != TIME_NONE && v->last_us != TIME_NONE) {
        say_term(m, "Seen (UTC)");
        markup_time(m, v->first_us, true);
        markup_say(m, " to ");
        markup_time(m, v->last_us, true);
        end_term(m);
    }
    for (unsigned i = 0; i < v->name_count; i++)
        foreign_term(m, i == 0 ? "Name" : "Also called", v->names[i]);
    if (v->site != NULL)
        foreign_term(m, "Site", v->site);
    if (v->owner != NULL)
        foreign_term(m, "Owner", v->owner);
    if (v->acknowledged) {
        char date[DATE_TEXT_SIZE];
        say_term(m, "Acknowledged");
        markup_say(m, "until %s%s", date_text(v->acknowledged_until, date),
                   v->note != NULL && v->note[0] != '\0' ? ": " : "");
        markup_name(m, v->note != NULL ? v->note : "");
        end_term(m);
    }
    say_term(m, "Network");
    markup_say(m, v->home ? "at home" : "elsewhere: not one of yours");
    end_term(m);
    say_machine(m, v);
    say_behind(m, v);
    say_system(m, v);
    markup_say(m, "</dl>\n");
}

static void say_pictures(struct markup *m, const struct verdict *v)
{
    struct name_days *days = NULL;
    picture_timeline(m, v);
    picture_ports(m, v);
    picture_fan(m, v);
    for (size_t i = 0; i < v->sign_count; i++) {
        if (v->signs[i].id != SIGN_RENDEZVOUS_DNS)
            continue;
        if (days == NULL)
            days = calloc(1, sizeof *days);
        if (days == NULL) {
            m->failed = true;
            return;
        }
        name_days_add(days, &v->signs[i]);
    }
    if (days != NULL)
        picture_names(m, days);
    free(days);
}

static void say_signs(struct markup *m, const struct verdict *v)
{
    size_t shown = v->sign_count < SIGNS_SHOWN ? v->sign_count : SIGNS_SHOWN;
    if (v->sign_count == 0)
        return;
    markup_say(m, "<h3>Signs</h3>\n");
    for (size_t i = 0; i < shown; i++)
        sign_article(m, &v->signs[i]);
    if (v->sign_count > shown)
        markup_say(m,
                   "<p class=\"limit\">Limit reached: of %zu signs the gravest %zu are shown; "
                   "the JSON report has all.</p>\n",
                   v->sign_count, shown);
}

void host_section(struct markup *m, const struct verdict *v)
{
    char address[ADDRESS_TEXT_SIZE];
    const char *kind = verdict_kind_text(v->kind);
    markup_say(m, "<section class=\"host\" id=\"");
    host_id(m, v->host, v->site);
    markup_say(m, "\"><h2 tabindex=\"-1\">%s ", address_text(v->host, address));
    if (v->name_count > 0) {
        markup_say(m, "<span class=\"aka\">");
        markup_name(m, v->names[0]);
        markup_say(m, "</span> ");
    }
    host_badge(m, v->kind);
    if (v->acknowledged)
        markup_say(m, " <span class=\"mark\">acknowledged</span>");
    say_marks_of(m, v->marks);
    markup_say(m, "</h2>\n<p class=\"says\">");
    markup_text(m, SAFE_SENTENCE, v->says);
    if (v->kind == VERDICT_UNKNOWN && v->reason[0] != '\0') {
        markup_say(m, " Why unknown: ");
        markup_text(m, SAFE_SENTENCE, v->reason);
    }
    markup_say(m, "</p>\n<p><a href=\"#mend-%s\">What to do about it</a></p>\n", kind);
    say_known(m, v);
    say_pictures(m, v);
    say_signs(m, v);
    checks_table(m, v);
}

static void infection_end(struct markup *m, const char *id, struct address host, const char *site)
{
    char address[ADDRESS_TEXT_SIZE];
    markup_say(m, "<a href=\"#%s\">%s</a>", id, address_text(host, address));
    if (site[0] == '\0')
        return;
    markup_say(m, " <span class=\"aka\">at ");
    markup_name(m, site);
    markup_say(m, "</span>");
}

void html_infection_item(struct markup *m, const struct html_infection *i)
{
    markup_say(m, "<li>");
    infection_end(m, i->from_id, i->told.from, i->from_site);
    markup_say(m, " %s ", infection_word(&i->told));
    infection_end(m, i->to_id, i->told.to, i->to_site);
    markup_say(m, ", ");
    markup_time(m, i->told.when_us, true);
    markup_say(m, " UTC, by ");
    markup_text(m, SAFE_SENTENCE, i->cause);
    markup_say(m, ": ");
    markup_text(m, SAFE_SENTENCE, i->says);
    markup_say(m, "</li>");
}
