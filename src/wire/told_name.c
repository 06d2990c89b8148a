/* Names are cut, so that a host with a long one costs no more than others. */
#include "wire/told_name.h"

#include <string.h>

static const char cut_mark[] = "...";

void told_name_set(struct told_name *t, struct reader name)
{
    size_t room = sizeof t->text - 1, length = name.left;
    const char *bytes = (const char *)read_bytes(&name, length);
    if (length > 0)
        length = strnlen(bytes, length);
    while (length > 0 && (bytes[length - 1] == ' ' || bytes[length - 1] == '.'))
        length--;
    bool is_cut = length > room;
    size_t kept = is_cut ? room - (sizeof cut_mark - 1) : length;
    memset(t->text, 0, sizeof t->text);
    if (kept > 0)
        memcpy(t->text, bytes, kept);
    if (is_cut)
        memcpy(t->text + kept, cut_mark, sizeof cut_mark - 1);
}

bool told_address_can_be(struct address a)
{
    if (!address_is_v4(a))
        return (a.high != 0 || a.low > 1) && a.high >> 56 != 0xff;
    uint32_t first = address_v4(a) >> 24;
    return first != 0 && first != 127 && first < 224;
}
