/* Where the reports of a run go: stdout, a talk on stderr, and the files of -oN, -oJ and -oA.
 *
 * No file is emptied before all are known to be safe to write: one that is yet to be read, one that
 * is a capture, whatever its name, and one that stdout is already are refused. */
#ifndef WORMSIGN_CLI_OUTPUTS_H
#define WORMSIGN_CLI_OUTPUTS_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/verbs.h"
#include "report/report.h"

enum { OUTPUTS_MAX = 5, OUTPUT_PATH_SIZE = 4096 };

/* What the command line asks for. */
struct output_wishes {
    bool json, colour;                        /* of stdout */
    const char *text_file, *json_file, *base; /* NULL: not asked for */
    const struct option_texts *inputs;        /* paths that are to be read */
};

/* One stream: its report stands behind one that keeps the reason of the first write that fails. */
struct output {
    struct console *console;
    const char *path; /* NULL: stdout */
    struct report report;
    int error; /* an errno, or 0 */
};

struct outputs {
    struct report reports[OUTPUTS_MAX + 1]; /* for the engine: one an output, then the talk */
    size_t report_count;
    struct output outputs[OUTPUTS_MAX];
    size_t count;
    char base_text[OUTPUT_PATH_SIZE], base_json[OUTPUT_PATH_SIZE];
};

/* EXIT_DONE when all are open; otherwise it is said why not. outputs_close in either case. The
 * struct must stay where it is, as reports point into it. */
enum exit_code outputs_open(struct outputs *out, const struct call *call,
                            const struct output_wishes *wishes);

/* False when not all could be written. Of a file that is said, of stdout console_close says it. */
bool outputs_close(struct outputs *out);

#endif
