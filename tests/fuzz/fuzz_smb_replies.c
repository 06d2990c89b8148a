/* What a server of SMB1 may answer, frame by frame: what is borrowed lies within the bytes, texts
 * are ended, and a header that was read says the same when it is written. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/writer.h"
#include "wire/netbios_session.h"
#include "wire/smb.h"
#include "wire/smb_replies.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_within(struct reader part, struct reader all)
{
    if (part.left == 0)
        return;
    assert(part.next >= all.next && part.left <= all.left);
    assert((size_t)(part.next - all.next) <= all.left - part.left);
}

static void check_text(const char text[static SMB_TEXT_SIZE])
{
    assert(memchr(text, 0, SMB_TEXT_SIZE) != NULL);
}

static void check_header(struct reader message)
{
    uint8_t again[SMB_HEADER_SIZE];
    struct smb_header h, other;
    struct writer w = writer_over(again, sizeof again);
    if (!smb_header_read(&message, &h))
        return;
    smb_header_write(&w, &h);
    struct reader r = reader_over(again, w.used);
    assert(!w.failed && smb_header_read(&r, &other) && r.left == 0);
    assert(other.process == h.process && other.multiplex == h.multiplex);
    assert(other.status == h.status && other.signature == h.signature);
}

static void check_part(const struct smb_request *part)
{
    struct smb_negotiate_reply n;
    struct smb_setup_reply s;
    struct smb_create_reply c;
    struct reader data;
    uint32_t count;
    if (smb_negotiate_reply_read(part, &n)) {
        check_within(n.blob, part->bytes);
        check_text(n.domain);
        check_text(n.server);
        assert(n.challenge_size <= SMB_CHALLENGE_SIZE);
    }
    if (smb_setup_reply_read(part, &s)) {
        check_within(s.blob, part->bytes);
        check_text(s.os);
        check_text(s.lanman);
        check_text(s.domain);
    }
    (void)smb_create_reply_read(part, &c);
    (void)smb_write_reply_read(part, &count);
    if (smb_read_reply_read(part, &data))
        check_within(data, part->message);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reader stream = reader_over(data, size);
    struct netbios_frame frame;
    while (netbios_frame_next(&stream, &frame)) {
        struct smb_request part;
        assert(frame.message.left <= frame.size &&
               frame.whole == (frame.message.left == frame.size));
        check_header(frame.message);
        if (smb_message_read(frame.message, &part))
            check_part(&part);
    }
    assert(stream.left < NETBIOS_FRAME_HEAD);
    return 0;
}
