/* Ten bytes are hashed: use 1, transport 1, host 4, port 2, own port 2. libsodium needs
 * no beginning for this function, so that no global state is touched. */
#include "scan/raw_cookie.h"

#include <assert.h>
#include <sodium/crypto_shorthash.h>

#include "base/hash.h"
#include "base/reader.h"
#include "base/writer.h"

enum { INPUT_BYTES = 10 };

_Static_assert(RAW_COOKIE_KEY_BYTES == crypto_shorthash_KEYBYTES, "the key of SipHash");

struct raw_cookie_key raw_cookie_key_of(uint64_t seed)
{
    struct raw_cookie_key key;
    struct writer w = writer_over(key.bytes, sizeof key.bytes);
    write_le64(&w, hash_pair(seed, 1));
    write_le64(&w, hash_pair(seed, 2));
    return key;
}

uint64_t raw_cookie(const struct raw_cookie_key *key, enum raw_cookie_use use, uint32_t host,
                    enum transport transport, uint16_t port, uint16_t own_port)
{
    uint8_t input[INPUT_BYTES], output[crypto_shorthash_BYTES];
    struct writer w = writer_over(input, sizeof input);
    write_u8(&w, (uint8_t)use);
    write_u8(&w, (uint8_t)transport);
    write_le32(&w, host);
    write_le16(&w, port);
    write_le16(&w, own_port);
    assert(!w.failed && w.used == INPUT_BYTES);
    (void)crypto_shorthash(output, input, sizeof input, key->bytes);
    struct reader r = reader_over(output, sizeof output);
    return read_le64(&r);
}
