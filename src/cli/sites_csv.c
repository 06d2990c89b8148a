/* A list with a wrong line is not the list that was meant: nothing of it is taken. */
#include "cli/sites_csv.h"

#include <string.h>
#include <strings.h>

#include "base/writer.h"
#include "cli/lines.h"
#include "store/store.h"

enum { LINE_MAX_BYTES = 2048, FIELD_SIZE = 256, FIELDS = 3 };

struct fields {
    char text[FIELDS][FIELD_SIZE];
    unsigned count;
};

static bool add_byte(char *field, size_t *used, uint8_t byte, struct error *err)
{
    if (byte == '\0')
        return fail(err, ERROR_USAGE, "there is a NUL in it");
    if (*used + 1 == FIELD_SIZE)
        return fail(err, ERROR_USAGE, "a field is longer than %d bytes", FIELD_SIZE - 1);
    field[(*used)++] = (char)byte;
    field[*used] = '\0';
    return true;
}

static bool next_is(const struct reader *line, uint8_t byte)
{
    struct reader ahead = *line;
    return ahead.left > 0 && read_u8(&ahead) == byte;
}

/* The bytes up to the closing quote, which is taken. */
static bool read_quoted(struct reader *line, char *field, size_t *used, struct error *err)
{
    while (line->left > 0) {
        uint8_t byte = read_u8(line);
        if (byte == '"' && !next_is(line, '"'))
            return true;
        if (byte == '"')
            (void)read_u8(line);
        if (!add_byte(field, used, byte, err))
            return false;
    }
    return fail(err, ERROR_USAGE, "a quote is not closed");
}

/* One field, and the comma behind it. */
static bool read_field(struct reader *line, char *field, struct error *err)
{
    size_t used = 0, end = 0;
    field[0] = '\0';
    while (next_is(line, ' ') || next_is(line, '\t'))
        (void)read_u8(line);
    if (next_is(line, '"')) {
        (void)read_u8(line);
        if (!read_quoted(line, field, &used, err))
            return false;
        end = used;
    }
    while (line->left > 0) {
        uint8_t byte = read_u8(line);
        if (byte == ',')
            break;
        if (!add_byte(field, &used, byte, err))
            return false;
        end = byte != ' ' && byte != '\t' && byte != '\r' ? used : end;
    }
    field[end] = '\0';
    return true;
}

static bool read_fields(struct reader line, struct fields *f, struct error *err)
{
    memset(f, 0, sizeof *f);
    for (; f->count < FIELDS && line.left > 0; f->count++)
        if (!read_field(&line, f->text[f->count], err))
            return false;
    if (line.left > 0)
        return fail(err, ERROR_USAGE, "more than three fields: prefix,site,owner");
    return f->count >= 2 || fail(err, ERROR_USAGE, "a line is prefix,site,owner");
}

static bool add_line(void *context, uint64_t number, struct reader line, struct error *err)
{
    struct fields f;
    struct store_place place;
    if (!read_fields(line, &f, err))
        return false;
    if (number == 1 && strcasecmp(f.text[0], "prefix") == 0)
        return true;
    if (!prefix_parse(f.text[0], &place.net, err))
        return false;
    place.site = f.text[1];
    place.owner = f.text[2];
    return store_place_put(context, &place, err);
}

enum exit_code sites_csv_read(const struct call *call, const char *path, struct store *store)
{
    struct error err;
    const char *items[] = {path};
    const struct option_texts one = {1, items};
    if (!store_places_clear(store, &err)) {
        console_complain(call->console, "store: %s", err.text);
        return EXIT_FAILED;
    }
    enum exit_code code = lines_each(call, &one, LINE_MAX_BYTES, add_line, store);
    return code == EXIT_DONE || code == EXIT_FAILED ? code : EXIT_USAGE;
}
