/* The shape gate and the name hash on any bytes: a shape is exactly what a slow reading of the rule
 * finds, and case and a final dot change neither shape nor hash. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "conficker/domains.h"
#include "conficker/name_index.h"
#include "conficker/suffixes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { NAME_SIZE_MAX = 1024 };

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

/* The rule, read slowly: some suffix of the list, a dot before it, and only letters before that. */
static bool stands_in(enum name_list list, const char *name, size_t length)
{
    size_t least = list == NAME_LIST_D ? 4 : 5, most = list == NAME_LIST_D ? 9 : 11;
    for (unsigned i = 0; i < suffixes_count(list); i++) {
        const struct suffix *suffix = suffix_at(list, i);
        if (length < suffix->length + 1u + least || length > suffix->length + 1u + most)
            continue;
        size_t letters = length - suffix->length - 1;
        bool same = name[letters] == '.';
        for (size_t k = 0; k < letters; k++)
            same = same && lower(name[k]) >= 'a' && lower(name[k]) <= 'z';
        for (size_t k = 0; k < suffix->length; k++)
            same = same && lower(name[letters + 1 + k]) == suffix->text[k];
        if (same)
            return true;
    }
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char changed[NAME_SIZE_MAX + 1];
    struct domain_shape shape = {0}, other = {0};
    if (size > NAME_SIZE_MAX)
        return 0;
    const char *name = (const char *)data;
    bool shaped = domain_shape_of(name, size, &shape);
    size_t bare = size > 0 && name[size - 1] == '.' ? size - 1 : size;
    for (unsigned list = 0; list < NAME_LISTS; list++)
        assert((shape.lists >> list & 1) == stands_in((enum name_list)list, name, bare));
    assert(shaped == (shape.lists != 0) && shape.lists >> NAME_LISTS == 0);
    assert(!shaped || name[shape.label_length] == '.');

    for (size_t i = 0; i < bare; i++)
        changed[i] = lower(name[i]);
    changed[bare] = '.';
    bool dotted = bare == 0 || changed[bare - 1] != '.';
    assert(!dotted || name_hash(changed, bare + 1) == name_hash(name, size));
    assert(!dotted || domain_shape_of(changed, bare + 1, &other) == shaped);
    assert(!dotted || (other.lists == shape.lists && other.label_length == shape.label_length));
    return 0;
}
