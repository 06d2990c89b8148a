/* wire/smb2: requests field by field, replies as a server writes them, every truncation. */
#include "testing.h"

#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/writer.h"
#include "wire/netbios_session.h"
#include "wire/smb.h"
#include "wire/smb2.h"

enum { ROOM = 512, HEAD = 64, BLOB_AT = HEAD + 64 };

struct made_reply {
    struct writer w;
    uint8_t bytes[ROOM];
};

static void begin(struct made_reply *m, uint32_t status, uint16_t command, uint32_t flags)
{
    m->w = writer_over(m->bytes, sizeof m->bytes);
    write_be32(&m->w, SMB2_MAGIC);
    write_le16(&m->w, HEAD);
    write_le16(&m->w, 0);
    write_le32(&m->w, status);
    write_le16(&m->w, command);
    write_le16(&m->w, 1);
    write_le32(&m->w, flags);
    write_le32(&m->w, 0);
    write_le64(&m->w, 7);
    write_zeros(&m->w, 8);
    write_le64(&m->w, 0x1122334455667788);
    write_zeros(&m->w, 16);
}

static struct reader reader_of(const struct made_reply *m)
{
    assert_false(m->w.failed);
    return reader_over(m->bytes, m->w.used);
}

static struct made_reply negotiated(void)
{
    struct made_reply m;
    begin(&m, SMB_STATUS_OK, SMB2_NEGOTIATE, 1);
    write_le16(&m.w, 65);
    write_le16(&m.w, 3);
    write_le16(&m.w, SMB2_DIALECT_2_1);
    write_le16(&m.w, 0);
    write_bytes(&m.w, "0123456789abcdef", SMB2_GUID_SIZE);
    write_le32(&m.w, 7);
    write_zeros(&m.w, 12);
    write_le64(&m.w, 111);
    write_le64(&m.w, 222);
    write_le16(&m.w, BLOB_AT);
    write_le16(&m.w, 4);
    write_zeros(&m.w, 4);
    write_bytes(&m.w, "blob", 4);
    return m;
}

static struct made_reply set_up(uint32_t status)
{
    struct made_reply m;
    begin(&m, status, SMB2_SESSION_SETUP, 1);
    write_le16(&m.w, 9);
    write_le16(&m.w, 1);
    write_le16(&m.w, HEAD + 8);
    write_le16(&m.w, 4);
    write_bytes(&m.w, "blob", 4);
    return m;
}

static void test_negotiation_asks_for_three_dialects(void **state)
{
    (void)state;
    struct made_reply m;
    struct netbios_frame frame;
    struct smb2_header h;
    m.w = writer_over(m.bytes, sizeof m.bytes);
    smb2_negotiate_build(&m.w, (const uint8_t *)"GGGGGGGGGGGGGGGG");
    struct reader stream = reader_of(&m);
    assert_true(netbios_frame_next(&stream, &frame) && frame.whole && stream.left == 0);
    assert_true(smb2_header_read(&frame.message, &h));
    assert_true(h.command == SMB2_NEGOTIATE && !h.is_reply && h.message == 0);
    assert_int_equal(read_le16(&frame.message), 36);
    assert_int_equal(read_le16(&frame.message), 3);
    read_skip(&frame.message, 8);
    assert_memory_equal(read_bytes(&frame.message, 16), "GGGGGGGGGGGGGGGG", 16);
    read_skip(&frame.message, 8);
    assert_int_equal(read_le16(&frame.message), 0x0202);
    assert_int_equal(read_le16(&frame.message), 0x0210);
    assert_int_equal(read_le16(&frame.message), 0x0300);
    assert_true(frame.message.left == 0 && !frame.message.failed);
}

static void test_session_setup_holds_its_blob(void **state)
{
    (void)state;
    struct made_reply m;
    struct netbios_frame frame;
    struct smb2_header h;
    m.w = writer_over(m.bytes, sizeof m.bytes);
    smb2_setup_build(&m.w, 5, 0x1122334455667788, reader_over("token", 5));
    struct reader stream = reader_of(&m);
    assert_true(netbios_frame_next(&stream, &frame) && frame.whole);
    struct reader message = frame.message;
    assert_true(smb2_header_read(&message, &h));
    assert_true(h.command == SMB2_SESSION_SETUP && h.message == 5);
    assert_true(h.session == 0x1122334455667788);
    assert_int_equal(read_le16(&message), 25);
    read_skip(&message, 10);
    size_t where = read_le16(&message);
    assert_int_equal(read_le16(&message), 5);
    read_skip(&frame.message, where);
    assert_int_equal(frame.message.left, 5);
    assert_memory_equal(read_bytes(&frame.message, 5), "token", 5);
}

static void test_negotiation_tells_dialect_clock_and_blob(void **state)
{
    (void)state;
    struct made_reply m = negotiated();
    struct smb2_negotiate_reply n;
    assert_true(smb2_negotiate_reply_read(reader_of(&m), &n));
    assert_int_equal(n.dialect, SMB2_DIALECT_2_1);
    assert_true(n.security_mode == 3 && n.capabilities == 7);
    assert_true(n.filetime == 111 && n.started == 222);
    assert_memory_equal(n.guid, "0123456789abcdef", SMB2_GUID_SIZE);
    assert_int_equal(n.blob.left, 4);
    assert_memory_equal(read_bytes(&n.blob, 4), "blob", 4);
}

static void test_session_setup_gives_session_and_blob(void **state)
{
    (void)state;
    struct made_reply m = set_up(SMB_STATUS_MORE_PROCESSING);
    struct smb2_setup_reply s;
    struct smb2_header h;
    struct reader r = reader_of(&m);
    assert_true(smb2_header_read(&r, &h));
    assert_true(h.is_reply && h.session == 0x1122334455667788);
    assert_int_equal(h.status, SMB_STATUS_MORE_PROCESSING);
    assert_true(smb2_setup_reply_read(reader_of(&m), &s));
    assert_true(s.as_guest && !s.as_nobody && s.blob.left == 4);
}

static void test_other_replies_and_refusals_are_none(void **state)
{
    (void)state;
    struct made_reply n = negotiated(), s = set_up(0xc000006d);
    struct smb2_negotiate_reply negotiate;
    struct smb2_setup_reply setup;
    assert_false(smb2_setup_reply_read(reader_of(&n), &setup));
    assert_false(smb2_setup_reply_read(reader_of(&s), &setup)); /* logon failure */
    assert_false(smb2_negotiate_reply_read(reader_of(&s), &negotiate));
    n.bytes[16] = 0; /* a request */
    assert_false(smb2_negotiate_reply_read(reader_of(&n), &negotiate));
    n = negotiated();
    n.bytes[0] = 0xff; /* SMB1 */
    assert_false(smb2_negotiate_reply_read(reader_of(&n), &negotiate));
    n = negotiated();
    n.bytes[HEAD + 57] = 0xff; /* where the blob is */
    assert_false(smb2_negotiate_reply_read(reader_of(&n), &negotiate));
}

static void test_every_cut_is_refused(void **state)
{
    (void)state;
    const struct made_reply all[] = {negotiated(), set_up(SMB_STATUS_OK)};
    for (size_t i = 0; i < COUNT_OF(all); i++)
        for (size_t size = 0; size < all[i].w.used; size++) {
            struct smb2_negotiate_reply n;
            struct smb2_setup_reply s;
            uint8_t *copy = malloc(size > 0 ? size : 1);
            assert_non_null(copy);
            memcpy(copy, all[i].bytes, size);
            assert_false(smb2_negotiate_reply_read(reader_over(copy, size), &n));
            assert_false(smb2_setup_reply_read(reader_over(copy, size), &s));
            free(copy);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_negotiation_asks_for_three_dialects),
        cmocka_unit_test(test_session_setup_holds_its_blob),
        cmocka_unit_test(test_negotiation_tells_dialect_clock_and_blob),
        cmocka_unit_test(test_session_setup_gives_session_and_blob),
        cmocka_unit_test(test_other_replies_and_refusals_are_none),
        cmocka_unit_test(test_every_cut_is_refused),
    };
    return cmocka_run_group_tests_name("smb2", tests, NULL, NULL);
}
