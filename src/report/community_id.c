/* What is hashed is written by base/writer.h in network order, 4 bytes of an IPv4 address and 16 of
 * an IPv6 one. Source: the public specification of Community ID, version 1. */
#include "report/community_id.h"

#include <nettle/base64.h>
#include <nettle/sha1.h>

#include "base/writer.h"
#include "wire/build.h"

enum { SEED = 0, TCP = 6, UDP = 17, FLOW_BYTES = 40 };

_Static_assert(COMMUNITY_ID_SIZE == 2 + BASE64_ENCODE_RAW_LENGTH(SHA1_DIGEST_SIZE) + 1,
               "\"1:\", the hash, NUL");

static void write_flow(struct writer *w, struct address a, uint16_t a_port, struct address b,
                       uint16_t b_port, unsigned protocol)
{
    write_be16(w, SEED);
    wire_write_address(w, a);
    wire_write_address(w, b);
    write_u8(w, (uint8_t)protocol);
    write_u8(w, 0);
    write_be16(w, a_port);
    write_be16(w, b_port);
}

bool community_id(struct address a, uint16_t a_port, struct address b, uint16_t b_port,
                  unsigned protocol, char buffer[static COMMUNITY_ID_SIZE])
{
    uint8_t flow[FLOW_BYTES], digest[SHA1_DIGEST_SIZE];
    char base64[BASE64_ENCODE_RAW_LENGTH(SHA1_DIGEST_SIZE) + 1] = "";
    struct writer w = writer_over(flow, sizeof flow);
    struct text out = text_over(buffer, COMMUNITY_ID_SIZE);
    struct sha1_ctx sha1;
    int order = address_compare(a, b);
    if ((protocol != TCP && protocol != UDP) || a_port == 0 || b_port == 0 ||
        address_is_v4(a) != address_is_v4(b))
        return false;
    if (order < 0 || (order == 0 && a_port < b_port))
        write_flow(&w, a, a_port, b, b_port, protocol);
    else
        write_flow(&w, b, b_port, a, a_port, protocol);
    sha1_init(&sha1);
    sha1_update(&sha1, w.used, flow);
    sha1_digest(&sha1, sizeof digest, digest);
    base64_encode_raw(base64, sizeof digest, digest);
    text_add(&out, "1:%s", base64);
    return true;
}
