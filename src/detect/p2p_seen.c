/* What observations hold of the worm's P2P protocol. A message is judged when it is whole, once; an
 * answer also while it is not. Source: spec of asking, section b; conficker/message. */
#include "detect/p2p_seen.h"

#include "base/writer.h"
#include "observe/flows.h"
#include "observe/packet.h"

_Static_assert((int)MESSAGE_STREAM_MAX <= (int)STREAM_HEAD_BYTES,
               "a message that is waited for fits a stream head");

enum { PREFIX_SIZE = 2, START_SIZE = 12 }; /* of a stream: prefix, key and flags */

enum transport p2p_transport(const struct observation *seen)
{
    return seen->protocol == IP_TCP ? TRANSPORT_TCP : TRANSPORT_UDP;
}

bool p2p_message_of(const struct observation *seen, struct message *out)
{
    enum transport transport = p2p_transport(seen);
    if (!message_may_be(seen->bytes, transport))
        return false;
    if (seen->is_stream) {
        size_t need = message_stream_need(seen->bytes);
        if (need > seen->bytes.left || need <= seen->bytes_before)
            return false;
    }
    uint8_t scratch[MESSAGE_SIZE_MAX + 2];
    return message_parse(seen->bytes, transport, scratch, sizeof scratch, out) == MESSAGE_OK &&
           message_checksum_holds(out) && message_flags_are_sane(out->flags, transport);
}

/* On TCP the first 8 bytes hold the prefix and six bytes of the key. */
static bool begins_as_other(const struct observation *seen, struct reader bytes)
{
    uint64_t start = read_le64(&bytes);
    return !bytes.failed && seen->other_spoke && start == seen->other_start;
}

bool p2p_is_echo(const struct observation *seen)
{
    return begins_as_other(seen, seen->bytes);
}

bool p2p_wants_datagram(struct reader bytes)
{
    return message_may_be(bytes, TRANSPORT_UDP);
}

/* An answer that was asked for is looked at whatever it is, until it is settled. */
static size_t wants_of_answer(const struct observation *head)
{
    size_t need = message_stream_need(head->bytes);
    if (p2p_judge_answer(head, head->bytes).standing != P2P_OPEN)
        return head->bytes.left;
    if (need == 0)
        return MESSAGE_SIZE_MIN + PREFIX_SIZE; /* half a prefix */
    return need <= MESSAGE_STREAM_MAX ? need : STREAM_HEAD_BYTES;
}

size_t p2p_wants(const struct observation *head)
{
    if (head->protocol != IP_TCP || !head->client_known)
        return 0;
    if (head->awaited)
        return wants_of_answer(head);
    struct reader start = head->bytes;
    uint16_t prefix = read_le16(&start);
    if (!start.failed && (prefix < MESSAGE_SIZE_MIN || prefix > MESSAGE_STREAM_MAX))
        return 0;
    if (head->bytes.left < MESSAGE_SIZE_MIN + PREFIX_SIZE)
        return MESSAGE_SIZE_MIN + PREFIX_SIZE; /* too early to tell */
    return message_may_be(head->bytes, TRANSPORT_TCP) ? message_stream_need(head->bytes) : 0;
}

static struct p2p_judgement judged(enum p2p_standing standing, const char *wrong)
{
    struct p2p_judgement j = {.standing = standing};
    struct text words = text_over(j.wrong, sizeof j.wrong);
    text_add(&words, "%s", wrong);
    return j;
}

static struct p2p_judgement judge_fault(enum p2p_standing standing, enum message_fault fault,
                                        struct reader bytes)
{
    struct p2p_judgement j = {.standing = standing};
    struct text words = text_over(j.wrong, sizeof j.wrong);
    message_fault_write(fault, bytes, &words);
    return j;
}

/* A whole datagram, or a stream of which all has come that its prefix says. */
static struct p2p_judgement judge_whole(struct reader bytes, enum transport transport)
{
    struct message m;
    uint8_t scratch[MESSAGE_SIZE_MAX + PREFIX_SIZE];
    enum message_fault fault = message_parse(bytes, transport, scratch, sizeof scratch, &m);
    if (fault != MESSAGE_OK)
        return judge_fault(P2P_ODD, fault, bytes);
    if (!message_checksum_holds(&m))
        return judged(P2P_ODD, "its checksum is wrong");
    if (!message_flags_are_sane(m.flags, transport))
        return judged(P2P_ODD, "its flags are none of the worm's");
    return judged(P2P_HOLDS, "");
}

/* A message longer than is put together: its flags must tell, and where they are sane nothing
 * does. */
static struct p2p_judgement judge_long(struct reader bytes)
{
    if (bytes.left >= START_SIZE && !message_starts_sanely(bytes, TRANSPORT_TCP))
        return judged(P2P_ODD, "its flags are none of the worm's");
    return judge_fault(bytes.left < STREAM_HEAD_BYTES ? P2P_OPEN : P2P_UNTOLD, MESSAGE_CUT_STREAM,
                       bytes);
}

static struct p2p_judgement judge_stream(struct reader bytes)
{
    if (bytes.left < PREFIX_SIZE)
        return judge_fault(P2P_OPEN, MESSAGE_CUT_PREFIX, bytes);
    size_t need = message_stream_need(bytes);
    if (need > MESSAGE_STREAM_MAX)
        return judge_long(bytes);
    if (need > bytes.left)
        return judge_fault(P2P_OPEN, MESSAGE_CUT_STREAM, bytes);
    return judge_whole(bytes, TRANSPORT_TCP); /* a prefix that is too small is found there */
}

/* True when the part that was captured could be the beginning of a message. */
static bool may_begin_message(struct reader bytes)
{
    return bytes.left < MESSAGE_SIZE_MIN || message_may_be(bytes, TRANSPORT_UDP);
}

struct p2p_judgement p2p_judge_answer(const struct observation *seen, struct reader bytes)
{
    if (begins_as_other(seen, bytes))
        return judged(P2P_ODD, "it is the request sent back");
    if (seen->is_stream)
        return judge_stream(bytes);
    if (seen->cut && may_begin_message(bytes))
        return judged(P2P_UNTOLD, "");
    return judge_whole(bytes, TRANSPORT_UDP);
}
