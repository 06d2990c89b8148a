/* All files are checked before the first is opened, as opening empties it.
 *
 * Each report stands behind one of ours: the reason of a failed write is in errno just then, and
 * lost at the end; and the progress line must make way before the first line of results. */
#include "cli/outputs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/output_key.h"
#include "cli/version.h"
#include "engine/partial.h"
#include "source/source.h"
#include "store/store.h"

enum {
    FILE_WIDTH = 100,    /* columns of a text report in a file */
    TALK_NAME_MAX = 1000 /* of a longer file name the end is said, so that the reason has room */
};

/* Later failures only say that the stream was already broken. */
static bool noted(struct output *output, bool good)
{
    if (!good && output->error == 0)
        output->error = errno != 0 ? errno : EIO;
    return good;
}

/* A scan reports while it runs, and draws its progress in between. */
static struct output *ready(struct report *r)
{
    struct output *output = r->state;
    if (output->path == NULL)
        console_make_way(output->console);
    errno = 0;
    return output;
}

static struct report *first_of(struct output *output)
{
    return output->front.format != NULL ? &output->front : &output->report;
}

static bool output_begin(struct report *r)
{
    struct output *output = ready(r);
    struct report *to = first_of(output);
    return noted(output, to->format->begin(to));
}

static bool output_host(struct report *r, const struct verdict *v)
{
    struct output *output = ready(r);
    struct report *to = first_of(output);
    return noted(output, to->format->host(to, v));
}

static bool output_edge(struct report *r, const struct infection *i)
{
    struct output *output = ready(r);
    struct report *to = first_of(output);
    return noted(output, to->format->edge(to, i));
}

static bool output_dark(struct report *r, const struct dark_visitor *d, const struct verdict *v)
{
    struct output *output = ready(r);
    struct report *to = first_of(output);
    return to->format->dark == NULL || noted(output, to->format->dark(to, d, v));
}

static bool output_change(struct report *r, const struct host_change *c)
{
    struct output *output = ready(r);
    struct report *to = first_of(output);
    return to->format->change == NULL || noted(output, to->format->change(to, c));
}

static bool output_end(struct report *r, const struct totals *t)
{
    struct output *output = ready(r);
    struct report *to = first_of(output);
    output->ended = noted(output, to->format->end(to, t));
    return output->ended;
}

static const struct report_format output_format = {
    .id = "output",
    .claim = "Another report, and why it could not be written.",
    .begin = output_begin,
    .host = output_host,
    .edge = output_edge,
    .dark = output_dark,
    .change = output_change,
    .end = output_end,
};

/* The talk of a run, as a report that goes to stderr: where a program or a file gets the results,
 * the person who started the run must still be told what is wrong with the input. */
static bool talk_begin(struct report *r)
{
    (void)r;
    return true;
}

static bool talk_host(struct report *r, const struct verdict *v)
{
    (void)r, (void)v;
    return true;
}

static bool talk_edge(struct report *r, const struct infection *i)
{
    (void)r, (void)i;
    return true;
}

static void talk_of_input(struct console *console, const struct input_totals *input)
{
    const char *name = strcmp(input->name, "-") == 0 ? "stdin" : input->name;
    size_t length = strlen(name);
    bool is_long = length > TALK_NAME_MAX;
    if (is_long)
        name += length - TALK_NAME_MAX;
    for (size_t i = 0; i < INPUT_DAMAGES_MAX && i < input->damage_count; i++)
        console_complain(console, "%s%s: %s", is_long ? "..." : "", name, input->damage[i].reason);
    if (input->interrupted && input->interrupted_at > 0)
        console_complain(console, "%s%s: interrupted at byte %llu: the rest was not read",
                         is_long ? "..." : "", name, (unsigned long long)input->interrupted_at);
    else if (input->interrupted)
        console_complain(console, "%s%s: interrupted before it was read", is_long ? "..." : "",
                         name);
}

static bool talk_end(struct report *r, const struct totals *t)
{
    struct console *console = r->state;
    for (size_t i = 0; i < t->input_count; i++)
        talk_of_input(console, &t->inputs[i]);
    for (size_t i = 0; i < t->note_count; i++)
        console_note(console, "%s", t->notes[i]);
    return true;
}

static const struct report_format talk = {
    .id = "talk",
    .claim = "What is wrong with the input, and advice, on stderr.",
    .begin = talk_begin,
    .host = talk_host,
    .edge = talk_edge,
    .end = talk_end,
};

static bool is_same(const struct stat *file, const char *path)
{
    struct stat other;
    bool there = strcmp(path, "-") == 0 ? fstat(STDIN_FILENO, &other) == 0
                                        : stat(path, &other) == 0;
    return there && file->st_dev == other.st_dev && file->st_ino == other.st_ino;
}

static bool is_to_be_read(const struct call *call, const struct option_texts *inputs,
                          const struct stat *file)
{
    bool found = is_same(file, "-");
    for (size_t i = 0; i < inputs->count && !found; i++)
        found = is_same(file, inputs->items[i]);
    for (size_t i = 0; i < call->words.operand_count && !found; i++)
        found = is_same(file, call->words.operands[i]);
    return found;
}

/* What a file holds that a report must not replace. */
static enum output_treasure treasure_of(const char *path)
{
    struct error err;
    enum output_treasure found = OUTPUT_NOTHING;
    struct input *in = input_open(path, &err);
    if (in != NULL && source_format_for(in) != NULL) {
        found = OUTPUT_CAPTURE;
    } else if (in != NULL) {
        size_t size;
        const uint8_t *start = input_peek(in, sizeof(uint32_t), &size);
        found = partial_recognises(start, size) ? OUTPUT_EVIDENCE : OUTPUT_NOTHING;
        start = input_peek(in, STORE_MAGIC_BYTES, &size);
        found = store_recognises(start, size) ? OUTPUT_STORE : found;
    }
    input_close(in);
    return found;
}

/* Two reports on one stream make neither; a terminal or /dev/null takes any number. */
static bool is_stdout(const char *path)
{
    struct stat results, file;
    if (strcmp(path, "-") == 0)
        return true;
    return fstat(STDOUT_FILENO, &results) == 0 && !S_ISCHR(results.st_mode) &&
           stat(path, &file) == 0 && file.st_dev == results.st_dev && file.st_ino == results.st_ino;
}

/* A file may be found by a walk through a directory, now or another day, so what it holds counts as
 * much as whether it was named. */
static enum exit_code check_file(const struct call *call, const struct option_texts *inputs,
                                 const char *path, enum output_treasure may_hold)
{
    static const char *const words[] = {[OUTPUT_CAPTURE] = "a capture",
                                        [OUTPUT_EVIDENCE] = "evidence",
                                        [OUTPUT_STORE] = "a store or another database"};
    struct stat file;
    if (is_stdout(path))
        return call_is_wrong(call,
                             "'%s' is stdout, which has a report already: --json chooses its "
                             "form, and further reports need files",
                             path);
    if (stat(path, &file) != 0 || !S_ISREG(file.st_mode))
        return EXIT_DONE;
    if (is_to_be_read(call, inputs, &file)) {
        console_complain(call->console,
                         "%s is also to be read: give the report another name, or it is lost",
                         path);
        return EXIT_FAILED;
    }
    enum output_treasure treasure = treasure_of(path);
    if (treasure != OUTPUT_NOTHING && treasure != may_hold) {
        console_complain(call->console,
                         "%s holds %s, which the report would replace: give the report "
                         "another name",
                         path, words[treasure]);
        return EXIT_FAILED;
    }
    return EXIT_DONE;
}

static struct output *add_output(struct outputs *out, const struct call *call, const char *format,
                                 const char *path)
{
    struct output *output = &out->outputs[out->count++];
    *output = (struct output){.console = call->console,
                              .path = path,
                              .report = {.format = report_format_named(format),
                                         .width = FILE_WIDTH,
                                         .began_us = call->now_us,
                                         .version = WORMSIGN_VERSION,
                                         .verb = call->verb->name},
                              .anonymous = {.key = out->key, .to = &output->report}};
    if (out->key != NULL)
        output->front = (struct report){.format = &anonymous_format, .state = &output->anonymous};
    out->reports[out->report_count++] = (struct report){
        .format = &output_format,
        .state = output,
        .at_end = output->report.format->is_a_list,
    };
    return output;
}

static bool wants_colour(const struct console *console, const struct output_options *wishes)
{
    if (wishes->colour.given && wishes->colour.value != 0)
        return wishes->colour.value == 1;
    const char *no_colour = getenv("NO_COLOR");
    return console->results_to_terminal && (no_colour == NULL || no_colour[0] == '\0');
}

/* The format of JSON lines. */
static const char *json_of(const struct output_options *wishes)
{
    static const char *const formats[] = {"json", "eve", "ecs"}; /* as in the option's choices */
    return formats[wishes->schema.given ? wishes->schema.value : 0];
}

static void add_results(struct outputs *out, const struct call *call,
                        const struct output_options *wishes)
{
    const struct console *console = call->console;
    struct output *results = add_output(out, call, wishes->json ? json_of(wishes) : "text", NULL);
    results->report.out = stdout;
    results->report.colour = !wishes->json && wants_colour(console, wishes);
    results->report.verbosity = (int)console->verbose;
    if (console->results_to_terminal)
        results->report.width = console->width;
}

static void add_file(struct output_files *files, const char *format, const char *path)
{
    if (path != NULL)
        files->files[files->count++] = (struct output_file){format, path};
}

/* Those that are asked for; the struct must stay where it is. */
static enum exit_code list_files(const struct call *call, const struct output_options *wishes,
                                 struct output_files *files)
{
    const char *base = wishes->base;
    files->count = 0;
    if (base != NULL && strlen(base) + sizeof ".jsonl" > OUTPUT_PATH_SIZE) {
        console_complain(call->console, "%.200s...: the name is too long", base);
        return EXIT_FAILED;
    }
    if (base != NULL) {
        (void)snprintf(files->base_json, sizeof files->base_json, "%s.jsonl", base);
        (void)snprintf(files->base_text, sizeof files->base_text, "%s.txt", base);
        (void)snprintf(files->base_xml, sizeof files->base_xml, "%s.xml", base);
    }
    add_file(files, "text", wishes->text_file);
    add_file(files, json_of(wishes), wishes->json_file);
    add_file(files, "xml", wishes->xml_file);
    add_file(files, json_of(wishes), base != NULL ? files->base_json : NULL);
    add_file(files, "text", base != NULL ? files->base_text : NULL);
    add_file(files, "xml", base != NULL ? files->base_xml : NULL);
    add_file(files, "csv", wishes->csv_file);
    add_file(files, "stix", wishes->stix_file);
    add_file(files, "misp", wishes->misp_file);
    add_file(files, "cef", wishes->cef_file);
    add_file(files, "html", wishes->html_file);
    return EXIT_DONE;
}

/* Whether two names are of one file; a device takes any number of reports. */
static bool are_one_file(const char *path, const char *other)
{
    struct stat file;
    bool there = stat(path, &file) == 0;
    if (there && !S_ISREG(file.st_mode))
        return false;
    return strcmp(path, other) == 0 || (there && is_same(&file, other));
}

/* Two reports in one file make neither. */
static enum exit_code check_alone(const struct call *call, const struct output_files *files,
                                  size_t at)
{
    for (size_t i = 0; i < at; i++) {
        if (!are_one_file(files->files[at].path, files->files[i].path))
            continue;
        return call_is_wrong(call, "%s is to hold two reports: give each its own file",
                             files->files[at].path);
    }
    return EXIT_DONE;
}

/* The files asked for, checked, not yet opened. */
static enum exit_code add_files(struct outputs *out, const struct call *call,
                                const struct output_options *wishes,
                                const struct option_texts *inputs)
{
    enum exit_code code = list_files(call, wishes, &out->files);
    _Static_assert(COUNT_OF(out->files.files) < OUTPUTS_MAX, "and stdout");
    for (size_t i = 0; i < out->files.count && code == EXIT_DONE; i++) {
        const struct output_file *file = &out->files.files[i];
        (void)add_output(out, call, file->format, file->path);
        code = check_file(call, inputs, file->path, OUTPUT_NOTHING);
        if (code == EXIT_DONE)
            code = check_alone(call, &out->files, i);
    }
    return code;
}

/* What is no plain file cannot be moved to. */
static bool is_written_beside(const struct output *output)
{
    struct stat file;
    return output->report.format->is_one_whole &&
           (lstat(output->path, &file) != 0 || S_ISREG(file.st_mode));
}

static bool open_file(struct output *output)
{
    if (is_written_beside(output)) {
        bool good = whole_file_open(&output->whole, output->path);
        output->report.out = output->whole.file;
        return good;
    }
    output->report.out = fopen(output->path, "we");
    return output->report.out != NULL;
}

static enum exit_code open_files(struct outputs *out, const struct call *call)
{
    for (size_t i = 0; i < out->count; i++) {
        struct output *output = &out->outputs[i];
        if (output->path == NULL)
            continue;
        if (open_file(output))
            continue;
        console_complain(call->console, "cannot open %.1000s for writing: %s", output->path,
                         strerror(errno));
        return EXIT_FAILED;
    }
    return EXIT_DONE;
}

/* Who asks for a form of JSON and gets text would find out in his SIEM. */
static enum exit_code check_schema(const struct call *call, const struct output_options *wishes)
{
    if (!wishes->schema.given || wishes->json || wishes->json_file != NULL || wishes->base != NULL)
        return EXIT_DONE;
    return call_is_wrong(call, "--schema is the form of JSON lines, and none are asked for: add "
                               "--json, -oJ FILE or -oA BASE");
}

enum exit_code outputs_open(struct outputs *out, const struct call *call,
                            const struct output_options *wishes, const struct option_texts *inputs)
{
    memset(out, 0, sizeof *out);
    enum exit_code code = check_schema(call, wishes);
    if (code == EXIT_DONE && wishes->key_file != NULL)
        code = output_key_read(call, wishes->key_file, &out->key);
    if (code != EXIT_DONE)
        return code;
    add_results(out, call, wishes);
    code = add_files(out, call, wishes, inputs);
    if (wishes->json || !call->console->results_to_terminal)
        out->reports[out->report_count++] = (struct report){.format = &talk,
                                                            .state = call->console};
    return code == EXIT_DONE ? open_files(out, call) : code;
}

enum exit_code outputs_check(const struct call *call, const struct output_options *wishes,
                             const struct option_texts *inputs, const char *path,
                             enum output_treasure may_hold)
{
    struct output_files files;
    struct stat file;
    bool there = stat(path, &file) == 0;
    /* It is moved there when it is whole, which would replace a device. */
    if (there && !S_ISREG(file.st_mode) && strcmp(path, "-") != 0) {
        console_complain(call->console, "%s is no file that could be replaced", path);
        return EXIT_FAILED;
    }
    enum exit_code code = list_files(call, wishes, &files);
    for (size_t i = 0; i < files.count; i++) {
        if (strcmp(files.files[i].path, path) != 0 &&
            !(there && is_same(&file, files.files[i].path)))
            continue;
        console_complain(call->console, "%s is also to hold a report: give it another name", path);
        return EXIT_FAILED;
    }
    return code == EXIT_DONE ? check_file(call, inputs, path, may_hold) : code;
}

/* What is not whole is given up: what was there is worth more. */
static void close_file(struct output *output)
{
    errno = 0;
    if (output->whole.file == NULL)
        (void)noted(output, fclose(output->report.out) == 0);
    else if (output->ended && output->error == 0)
        (void)noted(output, whole_file_move(&output->whole));
    whole_file_give_up(&output->whole);
}

static bool output_close(struct output *output)
{
    anonymous_free(&output->anonymous);
    if (output->path == NULL) {
        errno = output->error;
        return output->error == 0 || console_failed(output->console);
    }
    if (output->report.out == NULL)
        return true;
    close_file(output);
    if (output->error != 0)
        console_complain(output->console, "cannot write all of the report to %.1000s: %s",
                         output->path, strerror(output->error));
    return output->error == 0;
}

bool outputs_flush(struct outputs *out)
{
    bool good = true;
    for (size_t i = 0; i < out->count; i++) {
        struct output *output = &out->outputs[i];
        if (output->front.format != NULL && output->path == NULL)
            console_make_way(output->console);
        errno = 0;
        bool flushed = anonymous_flush(&output->anonymous);
        good = noted(output, fflush(output->report.out) == 0 && flushed) && good;
    }
    return good;
}

bool outputs_close(struct outputs *out)
{
    bool good = true;
    for (size_t i = 0; i < out->count; i++)
        good = output_close(&out->outputs[i]) && good;
    anonymiser_free(out->key);
    out->key = NULL;
    return good;
}
