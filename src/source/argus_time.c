/* When a flow's packets passed: seconds and a fraction, in microseconds or, of version 5, in
 * nanoseconds, which are cut. Sensors write the first and the last time of both sides together,
 * clients one entry for each of four: start and end of the source, start and end of the
 * destination; all but the first may be differences to that. Source: spec of Argus, 3. */
#include "base/time.h"
#include "source/argus_inside.h"

enum { UNIT = 1, RELATIVE = 2 }; /* of the qualifier: nanoseconds; since the sensor's start */
enum { FORM = 7, FORM_DIFFERENCE = 3 }; /* of the subtype */
enum { ENTRY_FIRST = 0x08, STARTS = 0x28 };
enum { NS_PER_US = 1000, QUALIFIER = 0x18 };

static int64_t read_absolute(struct reader *r, bool is_ns)
{
    int64_t seconds = read_be32(r);
    uint32_t fraction = read_be32(r);
    uint32_t us = is_ns ? fraction / NS_PER_US : fraction;
    return seconds * US_PER_SECOND + us % (uint32_t)US_PER_SECOND;
}

/* As a sensor writes it: the first time, and the last where there is room for it. */
static bool read_sensor(const struct argus_part *part, bool is_ns, int64_t *first, int64_t *last)
{
    struct reader r = part->body;
    *first = *last = read_absolute(&r, is_ns);
    if (r.failed)
        return false;
    if (r.left >= 8)
        *last = read_absolute(&r, is_ns);
    else if ((part->subtype & FORM) == FORM_DIFFERENCE && r.left >= 4)
        *last += read_be32(&r) / (is_ns ? NS_PER_US : 1);
    return true;
}

/* As a client writes it. An end without its start tells nothing. */
static bool read_client(const struct argus_part *part, bool is_ns, int64_t *first, int64_t *last)
{
    struct reader r = part->body;
    unsigned bits = part->subtype / ENTRY_FIRST & 15;
    if ((bits & 1) == 0)
        bits &= ~2U;
    if ((bits & 4) == 0)
        bits &= ~8U;
    unsigned count = (unsigned)__builtin_popcount(bits);
    bool all_absolute = r.left >= (size_t)8 * count;
    int64_t base = *first = *last = read_absolute(&r, is_ns);
    if (r.failed)
        return false;
    for (unsigned i = 1; i < count; i++) {
        int64_t when = all_absolute ? read_absolute(&r, is_ns) : base + (int32_t)read_be32(&r);
        if (r.failed)
            break;
        *first = when < *first ? when : *first;
        *last = when > *last ? when : *last;
    }
    return true;
}

void argus_time_read(const struct argus_part *part, struct argus_flow *out)
{
    int64_t first, last;
    bool is_ns = (part->qualifier & UNIT) != 0;
    if ((part->qualifier & ~(UNIT | RELATIVE)) != QUALIFIER || (part->qualifier & RELATIVE) != 0)
        return;
    bool good = (part->subtype & STARTS) != 0 ? read_client(part, is_ns, &first, &last)
                                              : read_sensor(part, is_ns, &first, &last);
    if (!good)
        return;
    out->times_known = true;
    out->first_us = first;
    out->last_us = last > first ? last : first;
}
