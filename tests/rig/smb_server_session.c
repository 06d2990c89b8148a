/* NetBIOS: the session request of port 139, the node status of UDP 137; and the frames that both
 * ports share, handed on to SMB1 or SMB2.
 *
 *   session request   81 00 | length | 20 <32 letters called> 00 | 20 <32 letters calling> 00
 *   answers           82 00 0000 stands | 83 00 0001 82 no such name | 84 00 0006 address port
 *
 * A name is 16 bytes, each as two letters: 'A' + nibble. Source: RFC 1001, 1002. */
#include "smb_server.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "wire/netbios.h"

enum {
    FRAME_MESSAGE = 0x00,
    FRAME_SESSION = 0x81,
    FRAME_KEEPALIVE = 0x85,
    NO_SUCH_NAME = 0x82,
    NAME_SIZE = 16,
    SMB2_MAGIC = 0xfe,
    SPOKEN_SIZE = 600 /* a node status */
};

static void frame_write(struct connection *c, uint8_t type, const void *bytes, size_t size)
{
    struct writer w = writer_over(c->out, sizeof c->out);
    w.used = c->out_size;
    write_u8(&w, type);
    write_u8(&w, 0);
    write_be16(&w, (uint16_t)size);
    write_bytes(&w, bytes, size);
    if (!w.failed)
        c->out_size = w.used;
}

static bool called_name(struct reader body, char name[static NAME_SIZE + 1])
{
    if (read_u8(&body) != 2 * NAME_SIZE)
        return false;
    for (size_t i = 0; i < NAME_SIZE; i++) {
        unsigned high = (unsigned)read_u8(&body) - 'A', low = (unsigned)read_u8(&body) - 'A';
        if (high > 15 || low > 15)
            return false;
        name[i] = (char)(high << 4 | low);
    }
    name[NAME_SIZE] = '\0';
    return !body.failed;
}

static bool is_named(const char *name, const char *wanted)
{
    size_t size = strlen(wanted);
    bool rest_is_blank = strspn(name + size, " ") == NAME_SIZE - size;
    return strncmp(name, wanted, size) == 0 && rest_is_blank;
}

static bool accepts(const struct variant *v, const char *name)
{
    switch (v->session) {
    case SESSION_ANY:
        return true;
    case SESSION_SMBSERVER:
        return is_named(name, "*SMBSERVER");
    case SESSION_OWN:
        return is_named(name, "VICTIM");
    case SESSION_REFUSED:
    case SESSION_ELSEWHERE:
        break;
    }
    return false;
}

static enum act session_answer(struct connection *c, struct reader body)
{
    static const uint8_t refusal = NO_SUCH_NAME, elsewhere[] = {127, 0, 0, 1, 0, 9};
    char name[NAME_SIZE + 1] = "";
    if (!c->is_session || !called_name(body, name)) {
        log_step(c, "wrong session request");
        return ACT_CLOSE;
    }
    log_foreign(c, "session ", name);
    if (upset_comes(c, STEP_SESSION)) {
        c->is_silent = c->variant->upset.how == FALLS_SILENT;
        return c->is_silent ? ACT_NOTHING : ACT_CLOSE;
    }
    if (accepts(c->variant, name)) {
        c->session_stands = true;
        frame_write(c, 0x82, NULL, 0);
        return ACT_SEND;
    }
    if (c->variant->session == SESSION_ELSEWHERE)
        frame_write(c, 0x84, elsewhere, sizeof elsewhere);
    else
        frame_write(c, 0x83, &refusal, 1);
    return ACT_SEND_AND_CLOSE;
}

/* 0x80 so that no byte of it begins a frame or a message that could be one. */
static enum act garbage(struct connection *c, bool is_framed)
{
    uint8_t junk[200];
    for (size_t i = 0; i < sizeof junk; i++)
        junk[i] = (uint8_t)(0x80 | (i * 37));
    if (is_framed) {
        frame_write(c, FRAME_MESSAGE, junk, sizeof junk);
        return ACT_SEND;
    }
    memcpy(c->out, junk, sizeof junk);
    c->out_size = sizeof junk;
    return ACT_SEND;
}

/* The twists that take the place of an answer. */
static enum act answer_twisted(struct connection *c, struct reader body)
{
    static const uint8_t huge[] = {0, 0xff, 0xff, 0xff, 0xff, 'S', 'M', 'B'};
    switch (c->variant->twist) {
    case TWIST_GARBAGE:
    case TWIST_GARBAGE_FRAMED:
        return garbage(c, c->variant->twist == TWIST_GARBAGE_FRAMED);
    case TWIST_HUGE_LENGTH:
        memcpy(c->out, huge, sizeof huge);
        c->out_size = sizeof huge;
        return ACT_SEND;
    case TWIST_ECHO: {
        size_t size = body.left < ANSWER_SIZE_MAX - 4 ? body.left : ANSWER_SIZE_MAX - 4;
        frame_write(c, FRAME_MESSAGE, read_bytes(&body, size), size);
        return ACT_SEND;
    }
    case TWIST_KEEPALIVES:
        frame_write(c, FRAME_KEEPALIVE, NULL, 0);
        frame_write(c, FRAME_KEEPALIVE, NULL, 0);
        break;
    case TWIST_NONE:
    case TWIST_DRIBBLE:
    case TWIST_UNASKED:
    case TWIST_OTHER_MID:
    case TWIST_OTHER_COMMAND:
    case TWIST_WORDS_OUTSIDE:
    case TWIST_BYTES_OUTSIDE:
    case TWIST_OFFSETS_OUTSIDE:
        break;
    }
    struct reader look = body;
    return read_u8(&look) == SMB2_MAGIC ? smb2_answer(c, body) : smb1_answer(c, body);
}

enum act frame_answer(struct connection *c, uint8_t type, struct reader body)
{
    if (c->is_silent || type == FRAME_KEEPALIVE)
        return ACT_NOTHING;
    if (type == FRAME_SESSION)
        return session_answer(c, body);
    if (type == FRAME_MESSAGE && (c->session_stands || !c->is_session))
        return answer_twisted(c, body);
    log_step(c, "no frame of this port");
    return ACT_CLOSE;
}

static size_t node_status_write(const struct variant *v, uint8_t *out)
{
    char name[NETBIOS_NAME_LENGTH + 1] = "", domain[NETBIOS_NAME_LENGTH + 1] = "";
    strncpy(name, name_of_server(v), NETBIOS_NAME_LENGTH);
    strncpy(domain, name_of_domain(v), NETBIOS_NAME_LENGTH);
    struct netbios_message m = {.is_response = true, .own_count = 4, .mac = 0x00163e112233};
    memset(m.name.bytes, 0, sizeof m.name.bytes);
    m.name.bytes[0] = '*';
    m.own[0] = netbios_name_of(name, NETBIOS_WORKSTATION, false);
    m.own[1] = netbios_name_of(domain, NETBIOS_WORKSTATION, true);
    m.own[2] = netbios_name_of(name, NETBIOS_SERVER, false);
    m.own[3] = netbios_name_of(domain, 0x1e, true);
    struct writer w = writer_over(out, SPOKEN_SIZE);
    netbios_build(&w, &m);
    return w.failed ? 0 : w.used;
}

void names_receive(struct rig *rig, const struct listener *l)
{
    enum { COUNT_AT = 56, CUT_SIZE = 80, AUTHORITATIVE = 0x04 };
    const struct variant *v = rig->settings->hosts[l->host].variant;
    uint8_t asked[512], told[SPOKEN_SIZE];
    struct sockaddr_in peer;
    socklen_t size = sizeof peer;
    ssize_t got = recvfrom(l->fd, asked, sizeof asked, 0, (struct sockaddr *)&peer, &size);
    struct reader r = reader_over(asked, got > 0 ? (size_t)got : 0);
    uint16_t id = read_be16(&r), flags = read_be16(&r), questions = read_be16(&r);
    if (r.failed || (flags & 0xf800) != 0 || questions != 1 || v->node == NODE_SILENT)
        return; /* an answer, or another operation: two of us would not stop */
    size_t used = node_status_write(v, told);
    told[0] = (uint8_t)(id >> 8);
    told[1] = (uint8_t)id;
    told[2] |= AUTHORITATIVE;
    if (v->node == NODE_CUT)
        used = CUT_SIZE;
    if (v->node == NODE_LIES)
        told[COUNT_AT] = 0xff;
    for (size_t i = 2; v->node == NODE_GARBAGE && i < used; i++)
        told[i] = (uint8_t)(told[i] * 37 + i);
    if (used != 0 && sendto(l->fd, told, used, 0, (struct sockaddr *)&peer, size) < 0 &&
        errno != EAGAIN)
        note(rig, "node status: %s", strerror(errno));
}
