/* The log: a line of JSON a dialogue, written when the connection ends.
 *
 *   {"address": ..., "port": ..., "peer": ..., "variant": ..., "at_once": connections to the
 *    address when this one began, itself among them, "failures": logins of accounts that the
 *    address has refused so far, "seen": [what was asked], "ending": ...} */
#include "smb_server.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <string.h>

#include "place.h"

void log_begin(struct connection *c, bool wanted)
{
    c->seen_text = wanted ? text_over(c->seen, sizeof c->seen) : (struct text){0};
}

/* What is told of so far, and a quotation mark to begin the next. */
static bool step_begin(struct connection *c)
{
    if (c->seen_text.start == NULL || c->seen_text.size - c->seen_text.used < 200)
        return false; /* not logged, or enough: the line stays whole */
    text_add(&c->seen_text, c->seen_text.used != 0 ? ", \"" : "\"");
    return true;
}

void log_step(struct connection *c, const char *format, ...)
{
    char words[80];
    if (!step_begin(c))
        return;
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(words, sizeof words, format, arguments);
    va_end(arguments);
    text_add(&c->seen_text, "%s\"", words);
}

void log_foreign(struct connection *c, const char *what, const char *foreign)
{
    if (!step_begin(c))
        return;
    text_add(&c->seen_text, "%s", what);
    for (size_t i = 0; foreign[i] != '\0' && i < WHO_SIZE; i++) {
        uint8_t letter = (uint8_t)foreign[i];
        if (letter == '"' || letter == '\\')
            text_add(&c->seen_text, "\\%c", letter);
        else if (letter < ' ' || letter > '~')
            text_add(&c->seen_text, "?");
        else
            text_add(&c->seen_text, "%c", letter);
    }
    text_add(&c->seen_text, "\"");
}

void log_end(struct rig *rig, struct connection *c, const char *ending)
{
    if (rig->log == NULL)
        return;
    char address[INET_ADDRSTRLEN], peer[INET_ADDRSTRLEN];
    address_words(c->host->address, address);
    address_words(ntohl(c->peer.sin_addr.s_addr), peer);
    const struct settings *s = rig->settings;
    (void)fprintf(rig->log,
                  "{\"address\": \"%s\", \"port\": %u, \"peer\": \"%s:%u\", \"variant\": \"%s\", "
                  "\"at_once\": %u, \"failures\": %u, \"seen\": [%s], \"ending\": \"%s\"}\n",
                  address, (unsigned)(c->is_session ? s->session_port : s->direct_port), peer,
                  (unsigned)ntohs(c->peer.sin_port), c->variant->name, c->at_once,
                  c->host->failures, c->seen_text.used != 0 ? c->seen : "", ending);
}
