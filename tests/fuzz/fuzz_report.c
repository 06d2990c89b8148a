/* Random bytes as names, facts, files, sentences, checks and counts: every line of JSON parses, and
 * text holds no control byte but line feeds. */
#include <jansson.h>

#include "made_report.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(char *text)
{
    for (const char *next = text; *next != '\0'; next++)
        if (((unsigned char)*next < 0x20 && *next != '\n') || *next == 0x7f)
            abort();
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *json = report_made("json", reader_over(data, size), 2, NULL);
    size_t lines = 0;
    for (const char *next = json; *next != '\0'; lines++) {
        size_t length = strcspn(next, "\n");
        json_t *line = json_loadb(next, length, JSON_REJECT_DUPLICATES, NULL);
        if (line == NULL || next[length] != '\n')
            abort();
        json_decref(line);
        next += length + 1;
    }
    if (lines != 3)
        abort();
    free(json);
    check_text(report_made("text", reader_over(data, size), 2, NULL));
    check_text(report_made("text", reader_over(data, size), 0, NULL));
    return 0;
}
