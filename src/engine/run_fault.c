/* A run keeps its summary as it said it (docs/json.md): the first damage of the first input that has
 * any is the fault, else the first limit that was hit. The summary may be a stranger's: what is not
 * as expected there is not told, and names are escaped. */
#include "engine/run_fault.h"

#include <jansson.h>
#include <string.h>

#include "base/time.h"
#include "base/writer.h"
#include "store/store.h"

enum { NAME_SHOWN = 80, REASON_SHOWN = 120 }; /* bytes */

static void add_bounded(struct text *out, const char *text, size_t most)
{
    size_t size = strlen(text);
    text_add_escaped(out, text, size < most ? size : most);
}

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text != NULL ? text : "";
}

/* False where no input had any damage. */
static bool say_input(const json_t *summary, struct text *out)
{
    size_t at;
    const json_t *input, *inputs = json_object_get(summary, "inputs");
    json_array_foreach(inputs, at, input)
    {
        const json_t *damage = json_array_get(json_object_get(input, "damage"), 0);
        if (damage == NULL)
            continue;
        add_bounded(out, text_of(input, "name"), NAME_SHOWN);
        text_add(out, ": ");
        add_bounded(out, text_of(damage, "reason"), REASON_SHOWN);
        return true;
    }
    return false;
}

void run_fault_say(const struct store_run *run, char says[static RUN_FAULT_SIZE])
{
    char date[DATE_TEXT_SIZE];
    struct text out = text_over(says, RUN_FAULT_SIZE);
    text_add(&out, "run %lld (%.16s of %s): ", (long long)run->number, run->verb,
             date_text(day_of(run->began_us), date));
    if (!run->ended) {
        text_add(&out, "it was ended before it was whole");
        return;
    }
    json_t *summary = json_loads(run->summary, 0, NULL);
    const char *limit = json_string_value(json_array_get(json_object_get(summary, "limits_hit"), 0));
    if (!say_input(summary, &out) && limit != NULL)
        add_bounded(&out, limit, REASON_SHOWN);
    else if (limit == NULL && out.used > 0 && out.start[out.used - 1] == ' ')
        text_add(&out, "it was cut short");
    json_decref(summary);
}
