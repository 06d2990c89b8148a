/* Prints the flow records of captures and archives, a line each, for tests that hold both against
 * each other: FILE...; the fields stand between tabs, in the order of print_record below. */
#include <inttypes.h>
#include <stdio.h>

#include "observe/flow_record.h"
#include "source/source.h"

static void print_end(const struct flow_side *s, enum flow_kind kind)
{
    char text[ADDRESS_TEXT_SIZE];
    if (kind == FLOW_ETHERNET || kind == FLOW_RARP)
        printf("\t%012" PRIx64 "\t0", s->mac);
    else
        printf("\t%s\t%u", address_text(s->end.address, text), s->end.port);
}

static void print_data(struct reader data)
{
    printf("\t");
    while (data.left > 0)
        printf("%02x", read_u8(&data));
}

static bool print_record(struct sink *self, const struct flow_record *r)
{
    const struct flow_side *s = &r->side[0], *d = &r->side[1];
    char by[ADDRESS_TEXT_SIZE];
    (void)self;
    if (r->kind == FLOW_MANAGEMENT)
        return false;
    printf("%d\t%u\t%" PRId64 "\t%" PRId64, (int)r->kind, r->protocol, r->first_us, r->last_us);
    print_end(s, r->kind);
    print_end(d, r->kind);
    printf("\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64, s->packets, d->packets, s->bytes,
           d->bytes);
    printf("\t%u\t%u\t%u\t%u", s->ttl, d->ttl, s->tos, d->tos);
    printf("\t%" PRIu32 "\t%d\t%u\t%u", r->tcp_status, r->is_fragment, r->icmp_type, r->icmp_code);
    printf("\t%d\t%s\t%u\t%u", (int)r->mapped,
           r->mapped != FLOW_ICMP_NONE ? address_text(r->mapped_by, by) : "-",
           s->vlan_known ? s->vlan : 0U, r->ethertype);
    printf("\t%" PRIu64 "\t%" PRIu64, s->lost, d->lost);
    print_data(s->data);
    print_data(d->data);
    printf("\n");
    return false;
}

static void pour_nothing(struct sink *self, const struct observation *seen)
{
    (void)self, (void)seen;
}

static int print_file(const char *path)
{
    struct error err;
    struct sink sink = {.take = pour_nothing, .takes_record = print_record};
    struct source_settings settings = {
        .since_us = INT64_MIN, .until_us = INT64_MAX, .flow_records = true};
    struct input *in = input_open(path, &err);
    const struct source_format *format = in != NULL ? source_format_for(in) : NULL;
    void *source = format != NULL ? format->open(in, &settings, &err) : NULL;
    enum source_result result = source != NULL ? SOURCE_MORE : SOURCE_DAMAGED;
    while (result == SOURCE_MORE || result == SOURCE_SKIPPED)
        result = format->next(source, &sink, &err);
    if (source != NULL)
        format->close(source);
    input_close(in);
    return result == SOURCE_END ? 0 : 1;
}

int main(int count, char **arguments)
{
    int result = 0;
    for (int i = 1; i < count; i++)
        result |= print_file(arguments[i]);
    return result;
}
