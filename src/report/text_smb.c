/* The labels and their order are those that people and scripts know; a line that says nothing is
 * left out. Source: the spec of asking, sections c and d. */
#include "report/text_smb.h"

#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "base/writer.h"
#include "evidence/netbios_check.h"
#include "evidence/smb_check.h"

enum { WORDS_SIZE = 256, CLOCK_SIZE = 48 };

/* "label: text" on a line of its own; nothing for an empty text. */
static void line(struct page *p, const char *label, const char *text)
{
    if (text[0] == '\0')
        return;
    page_begin(p, 4, 4);
    page_say(p, "%s: ", label);
    page_add(p, SAFE_UTF8, text);
    page_end_whole(p);
}

static void os_line(struct page *p, const struct smb_check *c)
{
    if (c->os[0] == '\0' && c->lanman[0] == '\0')
        return;
    page_begin(p, 4, 4);
    page_say(p, "OS: ");
    page_add(p, SAFE_UTF8, smb_os_text(c->os));
    if (c->lanman[0] != '\0') {
        page_say(p, " (");
        page_add(p, SAFE_UTF8, c->lanman);
        page_say(p, ")");
    }
    page_end_whole(p);
}

/* Of "ward3.example.org" "ward3". */
static void computer_line(struct page *p, const struct smb_check *c)
{
    char first[SMB_CHECK_LONG];
    struct text text = text_over(first, sizeof first);
    text_add(&text, "%.*s", (int)strcspn(c->fqdn, "."), c->fqdn);
    line(p, "Computer name", first);
}

/* Its own clock, by its own offset: "2009-04-21T17:44:11+01:00". */
static void clock_line(struct page *p, const struct smb_check *c)
{
    char utc[TIME_TEXT_SIZE], clock[CLOCK_SIZE];
    struct text text = text_over(clock, sizeof clock);
    if (!c->has_time)
        return;
    int32_t east = c->has_offset ? c->offset_minutes : 0;
    (void)time_text(c->time_us + (int64_t)east * 60 * US_PER_SECOND, utc);
    text_add(&text, "%.19s", utc);
    if (c->has_offset)
        text_add(&text, "%c%02d:%02d", east < 0 ? '-' : '+', abs(east) / 60, abs(east) % 60);
    else
        text_add(&text, "Z");
    line(p, "System time", clock);
}

void text_smb_lines(struct page *p, const struct verdict *v)
{
    const struct smb_check *c = v->smb;
    char words[WORDS_SIZE];
    struct text text = text_over(words, sizeof words);
    if (c == NULL || !smb_check_is_heard(c))
        return;
    smb_check_say_words(c, &text);
    line(p, "Conficker", words);
    os_line(p, c);
    computer_line(p, c);
    line(p, "NetBIOS computer name", c->computer);
    line(p, "Domain name", c->dns_domain);
    line(p, "Forest name", c->forest);
    line(p, "FQDN", strchr(c->fqdn, '.') != NULL ? c->fqdn : "");
    line(p, "NetBIOS domain name", c->domain);
    line(p, "Workgroup", c->workgroup);
    clock_line(p, c);
}

void text_netbios_lines(struct page *p, const struct verdict *v)
{
    const struct netbios_check *c = v->netbios;
    char mac[MAC_TEXT_SIZE];
    if (c == NULL)
        return;
    page_begin(p, 4, 4);
    page_say(p, "NetBIOS name: ");
    page_add(p, SAFE_UTF8, c->computer[0] != '\0' ? c->computer : "<unknown>");
    page_say(p, ", NetBIOS user: ");
    page_add(p, SAFE_UTF8, c->user[0] != '\0' ? c->user : "<unknown>");
    page_say(p, ", NetBIOS MAC: %s", c->mac != 0 ? mac_text(c->mac, mac) : "<unknown>");
    page_end_whole(p);
}
