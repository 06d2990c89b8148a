/* The table of report formats: a new one is a file of its own and a row here. */
#include "report/report.h"

#include <string.h>

#include "report/formats.h"

const struct report_format *const report_formats[] = {
    &report_text,     &report_json, &report_eve,  &report_ecs,
    &report_nmap_xml, &report_csv,  &report_stix, &report_misp,
    &report_cef,      &report_html, NULL,
};

const char *change_kind_text(enum change_kind kind)
{
    static const char *const texts[CHANGE_KINDS] = {[CHANGE_NEW] = "new",
                                                    [CHANGE_STILL] = "still",
                                                    [CHANGE_CURED] = "cured",
                                                    [CHANGE_GONE] = "gone"};
    return texts[kind];
}

bool infection_is_attack(const struct infection *i)
{
    return strcmp(i->cause, "exploit") == 0;
}

const char *infection_word(const struct infection *i)
{
    return infection_is_attack(i) ? "attacked" : "infected";
}

const struct report_format *report_format_named(const char *id)
{
    for (const struct report_format *const *row = report_formats; *row != NULL; row++)
        if (strcmp((*row)->id, id) == 0)
            return *row;
    return NULL;
}
