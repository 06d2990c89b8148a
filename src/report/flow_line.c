/* A value is written where it belongs, at the end of the text, and then moved, padded or cut to its
 * column: most values need neither. */
#include "report/flow_line.h"

#include <string.h>

#include "base/compiler.h"
#include "base/time.h"
#include "wire/assigned_names.h"

enum { COLUMN_SECONDS = 18 /* of a time as seconds alone */ };

static void add_column(struct flow_layout *l, const char *name)
{
    const struct flow_field *field = flow_field_named(name, strlen(name));
    l->columns[l->column_count++] = (struct flow_column){field, field->width, false};
}

void flow_layout_default(struct flow_layout *l, bool json)
{
    static const char *const of_text[] = {"stime", "flgs",  "proto", "saddr", "sport", "dir",
                                          "daddr", "dport", "pkts",  "bytes", "state"};
    static const char *const of_json[] = {"stime", "ltime", "proto", "saddr",  "sport",  "daddr",
                                          "dport", "spkts", "dpkts", "sbytes", "dbytes", "state"};
    *l = (struct flow_layout){.decimals = 6, .json = json};
    if (json)
        for (size_t i = 0; i < COUNT_OF(of_json); i++)
            add_column(l, of_json[i]);
    else
        for (size_t i = 0; i < COUNT_OF(of_text); i++)
            add_column(l, of_text[i]);
}

static void take_out(struct flow_layout *l, const struct flow_field *field)
{
    size_t kept = 0;
    for (size_t i = 0; i < l->column_count; i++)
        if (l->columns[i].field != field)
            l->columns[kept++] = l->columns[i];
    l->column_count = kept;
}

static bool read_width(const char *text, size_t length, size_t *out)
{
    struct reader r = reader_over(text, length);
    size_t width = 0;
    if (length == 0 || length > 5)
        return false;
    while (r.left > 0) {
        uint8_t c = read_u8(&r);
        if (c < '0' || c > '9')
            return false;
        width = width * 10 + (size_t)(c - '0');
    }
    *out = width;
    return width > 0 && width <= FLOW_COLUMN_WIDTH_MAX;
}

/* One name of the list: [+-]NAME[:WIDTH]. */
static bool choose_one(struct flow_layout *l, const char *word, size_t length, char *unknown,
                       size_t size, struct error *err)
{
    char sign = word[0];
    if (sign == '+' || sign == '-') {
        word++;
        length--;
    }
    const char *colon = memchr(word, ':', length);
    size_t name = colon != NULL ? (size_t)(colon - word) : length;
    struct flow_column column = {.field = flow_field_named(word, name)};
    if (column.field == NULL) {
        size_t kept = name < size ? name : size - 1;
        memcpy(unknown, word, kept);
        unknown[kept] = '\0';
        return fail(err, ERROR_USAGE, "there is no field '%.*s'", (int)(name < 40 ? name : 40),
                    word);
    }
    column.width = column.field->width;
    if (colon != NULL) {
        column.width_chosen = true;
        if (!read_width(colon + 1, length - name - 1, &column.width))
            return fail(err, ERROR_USAGE, "the width of %s is a number from 1 to %d",
                        column.field->name, FLOW_COLUMN_WIDTH_MAX);
    }
    if (sign == '-') {
        take_out(l, column.field);
        return true;
    }
    if (l->column_count == FLOW_COLUMNS_MAX)
        return fail(err, ERROR_LIMIT, "more than %d fields", FLOW_COLUMNS_MAX);
    l->columns[l->column_count++] = column;
    return true;
}

bool flow_layout_choose(struct flow_layout *l, const char *text, bool is_first, char *unknown,
                        size_t size, struct error *err)
{
    static const char between[] = ", \t";
    unknown[0] = '\0';
    text += strspn(text, between);
    if (is_first && text[0] != '+' && text[0] != '-')
        l->column_count = 0;
    while (*text != '\0') {
        size_t length = strcspn(text, between);
        if (!choose_one(l, text, length, unknown, size, err))
            return false;
        text += length;
        text += strspn(text, between);
    }
    if (l->column_count == 0)
        return fail(err, ERROR_USAGE, "no field is left to print");
    return true;
}

static void put_time(struct flow_layout *l, int64_t us, struct fast_text *out)
{
    if (l->seconds_alone)
        fast_text_seconds(out, us, l->decimals);
    else
        fast_text_time(out, &l->last_time, us, l->decimals);
}

/* As ra writes it: of hexadecimal digits how many a whole word of them has. */
static void put_data(const struct flow_layout *l, const struct flow_value *v, struct fast_text *out)
{
    size_t count = v->data.left;
    fast_text_char(out, (char)v->mask);
    fast_text_char(out, '[');
    fast_text_count(out, l->hex ? 2 * (count + count % 2) : count);
    fast_text_add(out, "]=", 2);
    if (l->hex)
        fast_text_hex_bytes(out, v->data);
    else
        fast_text_escaped(out, v->data, l->separator != '\0' ? l->separator : '\\');
}

static void put_prefix(const struct flow_value *v, struct fast_text *out)
{
    fast_text_address(out, v->address);
    if (v->kind != FLOW_VALUE_PREFIX)
        return;
    fast_text_char(out, '/');
    fast_text_count(out, v->mask);
}

/* Our own words may be padded, for columns. */
static void put_text(const struct flow_layout *l, const char *text, struct fast_text *out)
{
    size_t length = strlen(text);
    if (l->separator == '\0' && !l->json) {
        fast_text_add(out, text, length);
        return;
    }
    size_t blanks = strspn(text, " ");
    while (length > blanks && text[length - 1] == ' ')
        length--;
    fast_text_add(out, text + blanks, length - blanks);
}

static void put_port(const struct flow_layout *l, const struct flow_value *v, struct fast_text *out)
{
    const char *name = NULL;
    if (!l->numbers && !l->json && v->number != 0)
        name = service_name((uint16_t)v->number, v->mask);
    if (name != NULL)
        fast_text_string(out, name);
    else
        fast_text_count(out, v->number);
}

static void put_value(struct flow_layout *l, const struct flow_value *v, struct fast_text *out)
{
    switch (v->kind) {
    case FLOW_VALUE_NONE:
        break;
    case FLOW_VALUE_COUNT:
        fast_text_count(out, v->number);
        break;
    case FLOW_VALUE_PORT:
        put_port(l, v, out);
        break;
    case FLOW_VALUE_CODE:
        fast_text_add(out, "0x", 2);
        fast_text_hex(out, v->number, v->mask);
        break;
    case FLOW_VALUE_TIME:
        put_time(l, v->us, out);
        break;
    case FLOW_VALUE_SPAN:
        fast_text_seconds(out, v->us, l->decimals);
        break;
    case FLOW_VALUE_DECIMAL:
        fast_text_decimal(out, v->decimal, l->decimals);
        break;
    case FLOW_VALUE_TEXT:
        put_text(l, v->text, out);
        break;
    case FLOW_VALUE_ADDRESS:
    case FLOW_VALUE_PREFIX:
        put_prefix(v, out);
        break;
    case FLOW_VALUE_MAC:
        fast_text_mac(out, v->number);
        break;
    case FLOW_VALUE_DATA:
        put_data(l, v, out);
        break;
    }
}

/* What was written from `at` on is made as wide as its column: a * stands for what is cut. */
static void fit(struct fast_text *out, size_t at, size_t width, bool to_left, bool pads)
{
    size_t size = out->used - at;
    if (width == 0 || out->failed || size == width)
        return;
    if (size > width) {
        out->used = at + width;
        out->start[out->used - 1] = '*';
        return;
    }
    if (!pads)
        return;
    fast_text_blanks(out, width - size);
    if (to_left || out->failed)
        return;
    memmove(out->start + at + width - size, out->start + at, size);
    memset(out->start + at, ' ', width - size);
}

static size_t width_of(const struct flow_layout *l, const struct flow_column *column)
{
    bool is_time = column->field->get == flow_fields[0].get;
    return l->seconds_alone && is_time && !column->width_chosen ? COLUMN_SECONDS : column->width;
}

/* Blanks at the end of a line tell nothing. */
static void end_line(const struct flow_layout *l, size_t at, struct fast_text *out)
{
    if (l->separator == '\0' && !out->failed)
        while (out->used > at && out->start[out->used - 1] == ' ')
            out->used--;
    fast_text_char(out, '\n');
}

void flow_line_titles(const struct flow_layout *l, struct fast_text *out)
{
    size_t line = out->used;
    if (l->json || (l->separator != '\0' && !l->titles))
        return;
    for (size_t i = 0; i < l->column_count; i++) {
        const struct flow_column *column = &l->columns[i];
        if (i > 0)
            fast_text_char(out, l->separator != '\0' ? l->separator : ' ');
        size_t at = out->used;
        fast_text_string(out, column->field->title);
        if (l->separator != '\0')
            continue;
        fit(out, at, width_of(l, column), column->field->to_left, true);
    }
    end_line(l, line, out);
}

/* Data as the same escaped text, of which JSON needs backslashes and quotes escaped again. */
static void put_json_data(struct fast_text *out, struct reader bytes)
{
    while (bytes.left > 0 && !out->failed) {
        uint8_t byte = read_u8(&bytes);
        if (byte == '\\') {
            fast_text_add(out, "\\\\\\\\", 4);
        } else if (byte == '"') {
            fast_text_add(out, "\\\"", 2);
        } else if (byte >= ' ' && byte <= '~') {
            fast_text_char(out, (char)byte);
        } else {
            fast_text_add(out, "\\\\x", 3);
            fast_text_hex(out, byte, 2);
        }
    }
}

/* Written without a library, as these are numbers, words of ours, addresses and escaped ASCII, and
 * there are millions of them. */
static void put_json_value(struct flow_layout *l, const struct flow_value *v, struct fast_text *out)
{
    bool is_number = v->kind == FLOW_VALUE_COUNT || v->kind == FLOW_VALUE_SPAN ||
                     v->kind == FLOW_VALUE_DECIMAL || v->kind == FLOW_VALUE_PORT;
    if (v->kind == FLOW_VALUE_CODE) {
        fast_text_count(out, v->number);
        return;
    }
    if (is_number || (v->kind == FLOW_VALUE_TIME && l->seconds_alone)) {
        put_value(l, v, out);
        return;
    }
    fast_text_char(out, '"');
    if (v->kind == FLOW_VALUE_DATA && l->hex) {
        fast_text_hex_bytes(out, v->data);
    } else if (v->kind == FLOW_VALUE_DATA) {
        put_json_data(out, v->data);
    } else {
        put_value(l, v, out);
    }
    fast_text_char(out, '"');
}

static bool is_blank(const struct flow_value *v)
{
    return v->kind == FLOW_VALUE_TEXT && v->text[strspn(v->text, " ")] == '\0';
}

static void put_json(struct flow_layout *l, const struct flow_record *r, struct fast_text *out)
{
    fast_text_string(out, "{\"type\":\"flow\",\"schema\":1");
    for (size_t i = 0; i < l->column_count; i++) {
        const struct flow_field *field = l->columns[i].field;
        struct flow_value v;
        v.kind = FLOW_VALUE_NONE;
        field->get(r, field->side, &v);
        if (v.kind == FLOW_VALUE_NONE || is_blank(&v))
            continue;
        fast_text_add(out, ",\"", 2);
        fast_text_string(out, field->name);
        fast_text_add(out, "\":", 2);
        put_json_value(l, &v, out);
    }
    fast_text_add(out, "}\n", 2);
}

void flow_line(struct flow_layout *l, const struct flow_record *r, struct fast_text *out)
{
    if (l->json) {
        put_json(l, r, out);
        return;
    }
    size_t line = out->used;
    for (size_t i = 0; i < l->column_count; i++) {
        const struct flow_column *column = &l->columns[i];
        struct flow_value v;
        if (i > 0)
            fast_text_char(out, l->separator != '\0' ? l->separator : ' ');
        size_t at = out->used;
        v.kind = FLOW_VALUE_NONE;
        column->field->get(r, column->field->side, &v);
        put_value(l, &v, out);
        if (l->separator == '\0')
            fit(out, at, width_of(l, column), column->field->to_left, true);
        else if (column->width_chosen)
            fit(out, at, column->width, true, false);
    }
    end_line(l, line, out);
}
