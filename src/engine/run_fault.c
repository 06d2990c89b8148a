/* A run keeps its summary as it said it (docs/json.md): the first damage of the first input that
 * has any, or was not read to its end, is the fault, else the first limit that was hit. The summary
 * may be a stranger's: what is not as expected there is not told, and names are escaped. */
#include "engine/run_fault.h"

#include <jansson.h>
#include <string.h>

#include "base/time.h"
#include "base/writer.h"
#include "store/store.h"

enum { NAME_SHOWN = 80, REASON_SHOWN = 110, VERB_SHOWN = 8 }; /* bytes */

/* The summary has escaped what had to be, so a backslash is one of its own. */
static void add_bounded(struct text *out, const char *text, size_t most)
{
    size_t size = strnlen(text, most);
    for (size_t at = 0; at < size;) {
        size_t plain = strcspn(text + at, "\\");
        if (plain > size - at)
            plain = size - at;
        text_add_escaped(out, text + at, plain);
        at += plain;
        if (at < size) {
            text_add(out, "\\");
            at++;
        }
    }
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
        const json_t *interrupted = json_object_get(input, "interrupted_at");
        if (damage == NULL && interrupted == NULL)
            continue;
        add_bounded(out, text_of(input, "name"), NAME_SHOWN);
        text_add(out, ": ");
        if (damage != NULL)
            add_bounded(out, text_of(damage, "reason"), REASON_SHOWN);
        else
            text_add(out, "interrupted before it was read whole");
        return true;
    }
    return false;
}

static void say_why(const struct store_run *run, struct text *out)
{
    json_t *summary = json_loads(run->summary, 0, NULL);
    const char *limit = json_string_value(
        json_array_get(json_object_get(summary, "limits_hit"), 0));
    if (!run->ended)
        text_add(out, "it was ended before it was whole");
    else if (!say_input(summary, out) && limit != NULL)
        add_bounded(out, limit, REASON_SHOWN);
    else if (out->used == 0)
        text_add(out, "it was cut short");
    json_decref(summary);
}

void run_fault_why(const struct store_run *run, char why[static RUN_FAULT_SIZE])
{
    struct text out = text_over(why, RUN_FAULT_SIZE);
    say_why(run, &out);
}

void run_told(const struct store_run *run, char told[static RUN_TOLD_SIZE])
{
    char date[DATE_TEXT_SIZE];
    struct text out = text_over(told, RUN_TOLD_SIZE);
    text_add_escaped(&out, run->verb, strnlen(run->verb, VERB_SHOWN));
    text_add(&out, " of %s", date_text(day_of(run->began_us), date));
}

void run_fault_say(const struct store_run *run, char says[static RUN_FAULT_SIZE])
{
    char told[RUN_TOLD_SIZE], why[RUN_FAULT_SIZE];
    struct text out = text_over(says, RUN_FAULT_SIZE);
    run_fault_why(run, why);
    run_told(run, told);
    text_add(&out, "run %lld (%s): %s", (long long)run->number, told, why);
}
