/* What is the host called? Its NetBIOS names by a node status request, which it answers without a
 * login; SMB on port 139 wants to be called by one of them.
 * Source: RFC 1002, section 4.2.17; the spec of asking, section d. */
#include <stdlib.h>

#include "base/time.h"
#include "evidence/netbios_check.h"
#include "scan/probe.h"
#include "wire/netbios.h"
#include "wire/told_name.h"

/* Windows answers at once, or never. */
static const struct probe_times times = {.repeats = 1,
                                         .repeat_us = US_PER_SECOND,
                                         .answer_us = 2 * US_PER_SECOND,
                                         .last_wait_us = US_PER_SECOND};

static size_t aim(const struct aim *a, uint32_t host, struct shot shots[static PROBE_SHOTS_MAX])
{
    (void)a;
    shots[0] = (struct shot){.host = host, .transport = TRANSPORT_UDP, .port = NETBIOS_NAME_PORT};
    return 1;
}

static void build(const struct shot *shot, struct writer *request)
{
    netbios_status_ask(request, (uint16_t)shot->key);
}

static bool is_whole(struct reader came)
{
    (void)came;
    return true;
}

/* A name in a text that has none yet. */
static void take(char out[static NETBIOS_CHECK_NAME], const struct netbios_name *name)
{
    struct told_name told = {0};
    if (out[0] != '\0')
        return;
    told_name_set(&told, reader_over(name->bytes, sizeof name->bytes));
    struct text text = text_over(out, NETBIOS_CHECK_NAME);
    text_add(&text, "%s", told.text);
}

/* The user is told apart from the computer, which also has a name of this kind, by its name. */
static void take_name(struct netbios_check *c, const struct netbios_name *name)
{
    if (name->suffix == NETBIOS_WORKSTATION)
        take(name->is_group ? c->group : c->computer, name);
    else if (name->suffix == NETBIOS_SERVER && !name->is_group)
        take(c->server, name);
}

static void take_user(struct netbios_check *c, const struct netbios_name *name)
{
    char user[NETBIOS_CHECK_NAME] = "";
    if (name->suffix != NETBIOS_USER || name->is_group)
        return;
    take(user, name);
    if (strcmp(user, c->computer) != 0 && c->user[0] == '\0')
        memcpy(c->user, user, sizeof c->user);
}

static void judge(const struct shot *shot, struct reader came, struct answer *out)
{
    struct netbios_message m;
    struct reader head = came;
    uint16_t number = read_be16(&head);
    out->size = came.left;
    out->cause = CAUSE_SPOKE;
    if (number != (uint16_t)shot->key || !netbios_parse(came, &m) || !m.is_response ||
        m.rcode != 0 || m.own_count == 0)
        return;
    out->netbios = calloc(1, sizeof *out->netbios);
    if (out->netbios == NULL)
        return;
    for (unsigned i = 0; i < m.own_count; i++)
        take_name(out->netbios, &m.own[i]);
    for (unsigned i = 0; i < m.own_count; i++)
        take_user(out->netbios, &m.own[i]);
    out->netbios->mac = m.mac;
}

static size_t report(const struct asked *host, struct sign signs[static PROBE_SIGNS_MAX])
{
    (void)host;
    (void)signs;
    return 0;
}

extern const struct probe probe_netbios;
const struct probe probe_netbios = {
    .id = "netbios",
    .claim = "The NetBIOS names and the MAC of the host, and who is logged in.",
    .times = &times,
    .tells_netbios = true,
    .aim = aim,
    .build = build,
    .is_whole = is_whole,
    .judge = judge,
    .report = report,
};
