/* `wormsign decode`: P2P messages in hex, explained as JSON.
 *
 * A line is `udp HEX` or `tcp HEX`, as the bytes stand on the wire; blanks and colons between the
 * bytes are allowed, as packet tools print them. */
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/address.h"
#include "base/writer.h"
#include "cli/lines.h"
#include "cli/verbs.h"
#include "conficker/message.h"

enum {
    DECODE_BYTES_MAX = MESSAGE_SIZE_MAX + 2, /* with the length prefix of TCP */
    DECODE_LINE_MAX = 4 * DECODE_BYTES_MAX,
    FLAG_BITS = 16
};

struct decode_settings {
    struct common_settings common;
    bool json;
    struct option_texts lists;
};

/* The buffers of one message; on the heap because they are large. */
struct decode_run {
    struct console *console;
    uint8_t bytes[DECODE_BYTES_MAX], scratch[DECODE_BYTES_MAX];
    char hex[2 * MESSAGE_SIZE_MAX + 1];
};

static const struct option decode_options[] = {
    {.short_name = "iL",
     .value = "FILE",
     .help = "read the lines from FILE (-: stdin, which is the default); can be repeated",
     .kind = OPTION_TEXTS,
     .into = offsetof(struct decode_settings, lists)},
    {.name = "json",
     .help = "a JSON object a line, which it is anyway",
     .kind = OPTION_FLAG,
     .into = offsetof(struct decode_settings, json)},
};

static const char hex_digits[] = "0123456789abcdef";

/* The value of a hex digit, or -1. */
static int hex_value(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool read_hex(struct reader *line, struct writer *bytes, struct error *err)
{
    while (line->left > 0) {
        uint8_t first = read_u8(line);
        if (first == ' ' || first == '\t' || first == ':')
            continue;
        if (line->left == 0 && hex_value(first) >= 0)
            return fail(err, ERROR_FORMAT, "the hex ends in the middle of a byte");
        uint8_t second = read_u8(line);
        if (hex_value(first) < 0 || hex_value(second) < 0)
            return fail(err, ERROR_FORMAT, "'%c%c' is no byte in hex", first, second);
        write_u8(bytes, (uint8_t)(hex_value(first) << 4 | hex_value(second)));
    }
    return !bytes->failed ||
           fail(err, ERROR_LIMIT, "longer than a message can be, %d bytes", DECODE_BYTES_MAX);
}

static json_t *flag_names(uint16_t flags)
{
    json_t *names = json_array();
    char number[16];
    for (unsigned i = 0; i < FLAG_BITS; i++) {
        uint16_t bit = (uint16_t)(flags & 1u << i);
        const char *name = bit != 0 ? message_flag_name(bit) : NULL;
        struct text t = text_over(number, sizeof number);
        text_add(&t, "0x%04x", bit);
        if (bit != 0)
            (void)json_array_append_new(names, json_string(name != NULL ? name : number));
    }
    return names;
}

static json_t *sysinfo(const struct message_sysinfo *s)
{
    return json_pack("{s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:I, s:[i,i,I,i,i]}", "test_flags",
                     s->test_flags, "os_major", s->os_major, "os_minor", s->os_minor, "os_build",
                     s->os_build, "sp_major", s->sp_major, "sp_minor", s->sp_minor, "ntdll",
                     s->ntdll, "prng_sample", (json_int_t)s->prng_sample, "unknown", s->unknown0,
                     s->unknown1, (json_int_t)s->unknown2, s->unknown3, s->unknown4);
}

static void put_number(json_t *line, const char *name, uint64_t number)
{
    (void)json_object_set_new(line, name, json_integer((json_int_t)number));
}

static void put_fields(struct decode_run *run, json_t *line, const struct message *m)
{
    char address[ADDRESS_TEXT_SIZE];
    if ((m->flags & MESSAGE_HAS_IP) != 0) {
        (void)json_object_set_new(line, "ip",
                                  json_string(address_text(address_of_v4(m->ip), address)));
        put_number(line, "port", m->port);
    }
    if ((m->flags & MESSAGE_HAS_UNKNOWN0) != 0)
        put_number(line, "unknown0", m->unknown0);
    if ((m->flags & MESSAGE_HAS_UNKNOWN1) != 0)
        put_number(line, "unknown1", m->unknown1);
    if ((m->flags & MESSAGE_HAS_DATA) != 0) {
        for (size_t i = 0; i < m->data_length; i++) {
            run->hex[2 * i] = hex_digits[m->data[i] >> 4];
            run->hex[2 * i + 1] = hex_digits[m->data[i] & 15];
        }
        put_number(line, "data_flags", m->data_flags);
        (void)json_object_set_new(line, "data", json_stringn(run->hex, (size_t)2 * m->data_length));
    }
    if ((m->flags & MESSAGE_HAS_SYSINFO) != 0)
        (void)json_object_set_new(line, "sysinfo", sysinfo(&m->sysinfo));
}

static void put_message(struct decode_run *run, json_t *line, const struct message *m,
                        enum transport transport)
{
    char key[20];
    struct text t = text_over(key, sizeof key);
    text_add(&t, "%016" PRIx64, m->key);
    (void)json_object_set_new(line, "key", json_string(key));
    put_number(line, "flags", m->flags);
    (void)json_object_set_new(line, "flag_names", flag_names(m->flags));
    (void)json_object_set_new(line, "sane",
                              json_boolean(message_flags_are_sane(m->flags, transport)));
    put_fields(run, line, m);
    (void)json_object_set_new(line, "checksum",
                              json_string(message_checksum_holds(m) ? "ok" : "wrong"));
    put_number(line, "checksum_value", m->checksum);
    put_number(line, "noise_length", m->noise_length);
    if (transport == TRANSPORT_TCP)
        put_number(line, "trailing_length", m->trailing_length);
}

static bool decode_line(void *context, uint64_t number, struct reader line, struct error *err)
{
    (void)number;
    struct decode_run *run = context;
    char transport_word[8], reason[ERROR_TEXT_SIZE];
    bool too_long;
    struct message m;
    struct text t = text_over(reason, sizeof reason);
    struct writer w = writer_over(run->bytes, sizeof run->bytes);
    (void)line_word(&line, transport_word, sizeof transport_word, &too_long);
    bool is_tcp = strcmp(transport_word, "tcp") == 0;
    if (too_long || (!is_tcp && strcmp(transport_word, "udp") != 0))
        return fail(err, ERROR_FORMAT, "begins with neither 'udp' nor 'tcp'");
    if (!read_hex(&line, &w, err))
        return false;
    struct reader bytes = reader_over(run->bytes, w.used);
    enum transport transport = is_tcp ? TRANSPORT_TCP : TRANSPORT_UDP;
    enum message_fault fault = message_parse(bytes, transport, run->scratch, sizeof run->scratch,
                                             &m);
    message_fault_write(fault, bytes, &t);
    json_t *object = json_pack("{s:s, s:i, s:s, s:s}", "type", "message", "schema", 1, "proto",
                               transport_word, "parse", fault == MESSAGE_OK ? "ok" : reason);
    if (object != NULL && fault == MESSAGE_OK)
        put_message(run, object, &m, transport);
    (void)console_json(run->console, object);
    return true;
}

static enum exit_code run_decode(const struct call *call)
{
    const struct decode_settings *settings = call->settings;
    const char *stdin_name = "-";
    struct option_texts lists = settings->lists;
    if (call->words.operand_count > 0)
        return call_is_wrong(call, "'%.100s': messages come on stdin or from -iL FILE",
                             call->words.operands[0]);
    if (lists.count == 0) {
        lists = (struct option_texts){1, &stdin_name};
        if (isatty(STDIN_FILENO) == 1)
            console_note(call->console, "type lines of 'udp HEX' or 'tcp HEX', then Ctrl-D");
    }
    struct decode_run *run = calloc(1, sizeof *run);
    if (run == NULL) {
        console_complain(call->console, "no memory for a message");
        return EXIT_FAILED;
    }
    run->console = call->console;
    enum exit_code code = lines_each(call, &lists, DECODE_LINE_MAX, decode_line, run);
    free(run);
    return code;
}

const struct verb verb_decode = {
    .name = "decode",
    .usage = "[-iL FILE]",
    .summary = "P2P messages in hex, explained",
    .about =
        "Reads lines of 'udp HEX' or 'tcp HEX' (as on the wire, for TCP with the length prefix) "
        "and "
        "prints a JSON object for each: key, flags, fields, whether the flags are sane and the "
        "checksum holds, and how much noise follows. Where the bytes are no message, \"parse\" has "
        "the reason and the fields are absent.\n"
        "Blanks and colons between the bytes are allowed. A line that is neither is complained "
        "about by its number, and the next one follows.\n"
        "Exit: 0 done, 2 wrong command line, 3 some lines were wrong, 4 failed.\n",
    .examples = "echo udp 0000000000000000018004290000 | wormsign decode\n",
    .settings_size = sizeof(struct decode_settings),
    .options = {decode_options, COUNT_OF(decode_options), false},
    .run = run_decode,
};
