/* How a server says who it is: SMB2's replies in frames; what is in their blobs, or in the bytes
 * themselves: SPNEGO and NTLMSSP. What is borrowed lies within the bytes, names are ended, a token
 * comes back from what is built around it. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/writer.h"
#include "wire/netbios_session.h"
#include "wire/ntlmssp.h"
#include "wire/smb2.h"
#include "wire/spnego.h"

enum { TOKEN_MAX = 4096 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_within(struct reader part, struct reader all)
{
    if (part.left == 0)
        return;
    assert(part.next >= all.next && part.left <= all.left);
    assert((size_t)(part.next - all.next) <= all.left - part.left);
}

static void check_name(const char name[static NTLMSSP_NAME_SIZE])
{
    assert(memchr(name, 0, NTLMSSP_NAME_SIZE) != NULL);
}

static void check_challenge(struct reader message)
{
    struct ntlmssp_challenge c;
    if (!ntlmssp_challenge_read(message, &c))
        return;
    check_within(c.target_info, message);
    check_name(c.target);
    check_name(c.computer);
    check_name(c.domain);
    check_name(c.dns_computer);
    check_name(c.dns_domain);
    check_name(c.dns_forest);
}

static void check_token(struct reader blob)
{
    static uint8_t bytes[TOKEN_MAX + 64];
    struct reader token, again;
    check_challenge(blob);
    if (!spnego_token_read(blob, &token))
        return;
    check_within(token, blob);
    check_challenge(token);
    if (token.left > TOKEN_MAX)
        return;
    struct writer w = writer_over(bytes, sizeof bytes);
    spnego_first_build(&w, token);
    assert(!w.failed && spnego_token_read(reader_over(bytes, w.used), &again));
    size_t size = token.left;
    assert(again.left == size);
    assert(size == 0 || memcmp(read_bytes(&again, size), read_bytes(&token, size), size) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reader stream = reader_over(data, size);
    struct netbios_frame frame;
    check_token(stream);
    while (netbios_frame_next(&stream, &frame)) {
        struct smb2_negotiate_reply n;
        struct smb2_setup_reply s;
        if (smb2_negotiate_reply_read(frame.message, &n)) {
            check_within(n.blob, frame.message);
            check_token(n.blob);
        }
        if (smb2_setup_reply_read(frame.message, &s)) {
            check_within(s.blob, frame.message);
            check_token(s.blob);
        }
    }
    return 0;
}
