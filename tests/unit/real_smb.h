/* The messages of a real run of smb-check against a host that plays an infected one, from
 * samples/smb/messages.txt, by the number of their frame; a line of it:
 *
 *   frame | TCP port from | TCP port to | UDP port to | what it is | hex, TCP | hex, UDP */
#ifndef WORMSIGN_TESTS_REAL_SMB_H
#define WORMSIGN_TESTS_REAL_SMB_H

#include "testing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/reader.h"
#include "wire/netbios_session.h"
#include "wire/smb.h"

enum { REAL_MAX = 1024, REAL_LINE = 4096, REAL_FRAME_LAST = 108 };

struct real {
    uint8_t bytes[REAL_MAX];
    size_t size;
};

static inline unsigned hex_digit(char c)
{
    return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
}

/* The field of a line, from its start on. */
static inline const char *real_field(const char *line, unsigned field)
{
    for (; field > 0; field--) {
        line = strchr(line, '|');
        assert_non_null(line);
        line++;
    }
    return line;
}

static inline struct real real_of_line(const char *line)
{
    const char *hex = real_field(line, 5);
    struct real m = {.size = 0};
    for (hex += *hex == '|'; hex[0] > ' ' && hex[0] != '|'; hex += 2) {
        assert_true(m.size < sizeof m.bytes);
        m.bytes[m.size++] = (uint8_t)(hex_digit(hex[0]) << 4 | hex_digit(hex[1]));
    }
    return m;
}

/* size 0: there is no such frame. */
static inline struct real real_find(unsigned frame)
{
    FILE *file = fopen(SAMPLES "/smb/messages.txt", "r");
    static char line[REAL_LINE];
    struct real m = {.size = 0};
    assert_non_null(file);
    while (m.size == 0 && fgets(line, sizeof line, file) != NULL)
        if (strtoul(line, NULL, 10) == frame)
            m = real_of_line(line);
    (void)fclose(file);
    return m;
}

static inline struct real real_message(unsigned frame)
{
    struct real m = real_find(frame);
    assert_true(m.size > 0);
    return m;
}

static inline struct reader real_reader(const struct real *m)
{
    return reader_over(m->bytes, m->size);
}

/* The SMB message in the frame of the session service. */
static inline struct reader real_inside(const struct real *m)
{
    struct reader stream = real_reader(m);
    struct netbios_frame frame;
    assert_true(netbios_frame_next(&stream, &frame) && frame.whole && stream.left == 0);
    return frame.message;
}

static inline struct smb_request real_part(const struct real *m)
{
    struct smb_request part;
    assert_true(smb_message_read(real_inside(m), &part));
    return part;
}

#endif
