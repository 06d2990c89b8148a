/* The P2P message of variants D and E: parse, judge and build.
 *
 *   off 0   8 bytes  key, in clear, little-endian
 *   off 8   2        flags                       \
 *           6        IP and port       if 0x0008  |
 *           4        unknown0          if 0x0010  |
 *           4        unknown1          if 0x0020  | encrypted from offset 8 to the very end
 *           3 + n    data              if 0x0040  |
 *           26       system information if 0x0080 |
 *           4        checksum                     |
 *           0..      random noise                /
 *
 * On TCP a 2-byte little-endian count of the body's bytes stands in front, in clear. The checksum
 * covers key to last field, decrypted. All numbers are little-endian but for the address.
 * Source: nmap's p2p-conficker.nse as facts; tests/vectors/packets.tsv. */
#ifndef WORMSIGN_CONFICKER_MESSAGE_H
#define WORMSIGN_CONFICKER_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/reader.h"
#include "base/writer.h"
#include "conficker/ports.h"

enum message_flag {
    MESSAGE_MODE = 0x0001,
    MESSAGE_LOCAL_ACK = 0x0002,
    MESSAGE_IS_TCP = 0x0004,
    MESSAGE_HAS_IP = 0x0008,
    MESSAGE_HAS_UNKNOWN0 = 0x0010,
    MESSAGE_HAS_UNKNOWN1 = 0x0020,
    MESSAGE_HAS_DATA = 0x0040,
    MESSAGE_HAS_SYSINFO = 0x0080,
    MESSAGE_ENCODED = 0x8000
};

enum {
    MESSAGE_SIZE_MIN = 14,    /* key, flags, checksum */
    MESSAGE_SIZE_MAX = 65535, /* what the TCP prefix can say; a longer UDP body does not exist */
    /* A TCP message longer than this, prefix included, is not waited for by the detectors. */
    MESSAGE_STREAM_MAX = 8192
};

/* Why a body is no message: in the order of the tests. message_fault_text has the words. */
enum message_fault {
    MESSAGE_OK,
    MESSAGE_CUT_KEY,         /* [1] fewer than 8 bytes */
    MESSAGE_CUT_FLAGS,       /* [2] */
    MESSAGE_CUT_IP,          /* [3] */
    MESSAGE_CUT_UNKNOWN0,    /* [3] as well */
    MESSAGE_CUT_UNKNOWN1,    /* [4] */
    MESSAGE_CUT_DATA_HEADER, /* [5] */
    MESSAGE_CUT_DATA,        /* [6] shorter than its length says */
    MESSAGE_CUT_SYSINFO,     /* [7] */
    MESSAGE_CUT_CHECKSUM,    /* [8] no room for the checksum */
    MESSAGE_CUT_PREFIX,      /* TCP: fewer than the two bytes of the prefix */
    MESSAGE_CUT_STREAM,      /* TCP: prefix says N, fewer came */
    MESSAGE_PREFIX_SMALL     /* TCP: prefix says fewer than MESSAGE_SIZE_MIN */
};

struct message_sysinfo {
    uint16_t test_flags;
    uint8_t os_major, os_minor;
    uint16_t os_build;
    uint8_t sp_major, sp_minor;
    uint16_t ntdll;
    uint32_t prng_sample;
    uint16_t unknown0, unknown1;
    uint32_t unknown2;
    uint16_t unknown3, unknown4;
};

/* Which fields mean something is said by flags. */
struct message {
    uint64_t key;
    uint16_t flags;
    uint32_t ip; /* numeric, first octet highest */
    uint16_t port;
    uint32_t unknown0, unknown1;
    uint8_t data_flags;
    uint16_t data_length;
    const uint8_t *data; /* decrypted; inside the caller's scratch buffer */
    struct message_sysinfo sysinfo;
    uint32_t checksum;        /* as sent */
    uint32_t checksum_wanted; /* as computed */
    size_t noise_length;
    size_t trailing_length; /* TCP: bytes that came behind the message */
    uint16_t prefix;        /* TCP: what the prefix says */
};

/* Parses one message: a UDP payload, or the head of a TCP stream with its prefix. Decrypts the
 * body into scratch (at least as large as the bytes given; `out->data` points into it, and the
 * last noise_length bytes of the body there are the noise). Writes *out only when it returns
 * MESSAGE_OK; whether the checksum holds and the flags are sane is for the caller to ask. */
enum message_fault message_parse(struct reader bytes, enum transport transport, uint8_t *scratch,
                                 size_t scratch_size, struct message *out);

/* "cut: no room for the checksum" and the like; "ok" for MESSAGE_OK. For MESSAGE_CUT_STREAM the
 * words need two numbers: use message_fault_write. */
const char *message_fault_text(enum message_fault fault);

/* The words with their numbers ("cut: prefix says 14, 3 came"), given the same bytes. */
void message_fault_write(enum message_fault fault, struct reader bytes, struct text *out);

/* The checksum that was sent is the one that the bytes give. */
bool message_checksum_holds(const struct message *m);

/* ENCODED is set, IS_TCP is set exactly on TCP, bits 8 to 14 are zero. */
bool message_flags_are_sane(uint16_t flags, enum transport transport);

/* No optional field and no noise: what a scanner asks with (nmap's and our own request). */
bool message_is_bare(const struct message *m);

/* The cheap gate in front of message_parse: enough bytes, and the two flag bytes, decrypted, are
 * sane. UDP must bring a whole message. Of a TCP stream the first 12 bytes are enough (prefix,
 * key, flags), so that a message still on its way passes; what it needs must lie within
 * MESSAGE_STREAM_MAX. Costs two key steps; 1 random payload in 512 passes. */
bool message_may_be(struct reader bytes, enum transport transport);

/* The two flag bytes, decrypted, are sane; false too where they have not come (UDP: 10 bytes, TCP:
 * 12 with the prefix). */
bool message_starts_sanely(struct reader bytes, enum transport transport);

/* How many bytes of a TCP stream the message at its head needs, prefix included; 0 when the prefix
 * has not come or says too little. */
size_t message_stream_need(struct reader bytes);

/* What to build. Fields are written where `fields.flags` says so; checksum, prefix and
 * encryption are computed. noise bytes follow the checksum. */
struct message_plan {
    struct message
        fields; /* data, data_length, data_flags, key, flags, ip, port, unknowns, sysinfo */
    const uint8_t *noise;
    size_t noise_length;
    enum transport transport; /* TCP: the prefix is written */
    uint32_t checksum_xor;    /* 0 for a right checksum; else made wrong by this much (for tests) */
};

/* Writes the message; w->failed tells when it did not fit, or is longer than MESSAGE_SIZE_MAX: then
 * nothing of it is written. */
void message_build(const struct message_plan *plan, struct writer *w);

/* Encrypts or decrypts bytes in place from *key on, and steps *key: the cipher is its own
 * inverse. */
void message_cipher(uint64_t *key, uint8_t *bytes, size_t count);

/* The checksum of clear bytes, from the key on. */
uint32_t message_checksum(const uint8_t *bytes, size_t count);

/* "mode", "unknown0", ...; NULL for a bit that has no name. bit is one flag. Bits 0..7 and 15
 * have names mode, local_ack, is_tcp, ip, unknown0, unknown1, data, sysinfo, encoded. */
const char *message_flag_name(uint16_t bit);

#endif
