/* The SMB conversation with a server that says anything: it ends within its own limits, builds only
 * requests that fit, and what it found can be told.
 *
 * The first byte says how the rest comes: bits 0 to 2 whether the host has NetBIOS names, a given
 * account and a name; the others in pieces of how many bytes (0: at once). */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/writer.h"
#include "evidence/netbios_check.h"
#include "evidence/smb_check.h"
#include "scan/dialogue.h"
#include "scan/probe.h"
#include "scan/smb_accounts.h"

enum { EVENTS_MAX = 200000, TEXT_SIZE = 512, PIECE_SHIFT = 3 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

extern const struct dialogue dialogue_smb;

struct play {
    struct dialogue_event usual;
    struct reader rest; /* what the server will say */
    size_t piece;
    const uint8_t *came; /* what came and was not taken */
    size_t came_size;
    void *state;
    struct dialogue_step step;
};

static void tell(struct play *p, enum dialogue_event_kind kind)
{
    struct dialogue_event event = p->usual;
    event.kind = kind;
    event.cause = CAUSE_CLOSED;
    event.stood = true;
    event.came = reader_over(p->came, p->came_size);
    memset(&p->step, 0, sizeof p->step);
    dialogue_smb.go_on(p->state, &event, &p->step);
    assert(p->step.taken <= (kind == DIALOGUE_CAME ? p->came_size : 0));
    if (p->step.taken > 0)
        p->came += p->step.taken;
    p->came_size -= p->step.taken;
}

static void build(const struct play *p)
{
    uint8_t request[DIALOGUE_REQUEST_SIZE];
    struct writer w = writer_over(request, sizeof request);
    dialogue_smb.build(p->state, &w);
    assert(!w.failed && w.used > 0);
}

/* More comes, or the connection ends. */
static void go_on(struct play *p)
{
    size_t more = p->piece < p->rest.left ? p->piece : p->rest.left;
    if (p->step.taken > 0 && p->came_size > 0) {
        tell(p, DIALOGUE_CAME);
        return;
    }
    if (more == 0) {
        p->came_size = 0;
        tell(p, DIALOGUE_ENDED);
        assert(p->step.wish != DIALOGUE_SEND && p->step.wish != DIALOGUE_READ);
        return;
    }
    if (p->came_size == 0)
        p->came = p->rest.next;
    read_skip(&p->rest, more);
    p->came_size += more;
    tell(p, DIALOGUE_CAME);
}

static void check_found(struct play *p)
{
    char buffer[TEXT_SIZE];
    struct answer answer = {0};
    struct text text = text_over(buffer, sizeof buffer);
    dialogue_smb.finish(p->state, p->usual.shot, &answer);
    assert(answer.smb != NULL);
    smb_check_say_words(answer.smb, &text);
    smb_check_say_reason(answer.smb, &text);
    assert(!text.cut && text.used > 0);
    free(answer.smb);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    struct smb_accounts accounts = {.user = "user", .domain = "", .password = "secret"};
    const struct netbios_check netbios = {.server = "WARD3"};
    const struct shot shot = {.host = 0x0a000001, .key = 0x1234567890abcdef};
    struct play p = {.usual = {.when_us = 1240317851000000,
                               .shot = &shot,
                               .netbios = data[0] & 1 ? &netbios : NULL,
                               .accounts = data[0] & 2 ? &accounts : NULL,
                               .name = data[0] & 4 ? "ward3.example.org" : NULL},
                     .rest = reader_over(data + 1, size - 1),
                     .piece = data[0] >> PIECE_SHIFT,
                     .state = calloc(1, dialogue_smb.state_size)};
    p.piece = p.piece != 0 ? p.piece : size;
    assert(p.state != NULL);
    tell(&p, DIALOGUE_BEGINS);
    for (unsigned events = 0; p.step.wish != DIALOGUE_DONE; events++) {
        assert(events < EVENTS_MAX);
        if (p.step.wish == DIALOGUE_SEND || p.step.wish == DIALOGUE_CONNECT)
            build(&p);
        if (p.step.wish == DIALOGUE_CONNECT)
            p.came_size = 0;
        if (p.step.wish == DIALOGUE_PAUSE)
            tell(&p, DIALOGUE_WAITED);
        else
            go_on(&p);
    }
    check_found(&p);
    assert(accounts.under_way == 0 && accounts.failures <= SMB_FAILURES_MAX);
    free(p.state);
    return 0;
}
