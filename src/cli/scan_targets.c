/* Lists are as nmap reads them: targets separated by blanks, any number a line, and what follows a
 * # is a comment. */
#include "cli/scan_targets.h"

#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/room.h"
#include "cli/lines.h"

enum { LIST_LINE_MAX = 65536, LABEL_MAX = 63 };

/* One list, or the command line, while it is read. */
struct reading {
    struct scan_targets *out;
    const struct call *call;
    const char *list; /* NULL: the command line */
    uint64_t line;
    bool exclude, no_names;
};

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* A host name by RFC 1123, with at least one letter in its last label, so that no mistyped address
 * is one; underscores occur. */
static bool may_be_name(const char *text)
{
    size_t label = 0;
    bool letter = false;
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '.') {
            if (label == 0)
                return false;
            letter = letter && c[1] == '\0';
            label = 0;
            continue;
        }
        bool good = is_letter(*c) || (*c >= '0' && *c <= '9') || *c == '_' || *c == '-';
        if (!good || (label == 0 && *c == '-') || ++label > LABEL_MAX)
            return false;
        letter = letter || is_letter(*c);
    }
    return letter && strlen(text) < PENDING_NAME_SIZE;
}

static bool add_name(struct reading *r, const char *name, struct error *err)
{
    struct scan_targets *out = r->out;
    if (out->pending == NULL)
        out->pending = calloc(SCAN_NAMES_MAX, sizeof *out->pending);
    if (out->pending == NULL)
        return fail(err, ERROR_SYSTEM, "no memory for names");
    if (out->pending_count == SCAN_NAMES_MAX)
        return fail(err, ERROR_LIMIT, "'%.100s': more than %d targets are names", name,
                    SCAN_NAMES_MAX);
    struct pending_name *pending = &out->pending[out->pending_count++];
    *pending = (struct pending_name){.list = r->list, .line = r->line, .exclude = r->exclude};
    memcpy(pending->name, name, strlen(name) + 1);
    return true;
}

static bool add_word(struct reading *r, const char *word, struct error *err)
{
    struct target target;
    if (target_parse(word, &target, err)) {
        if (r->exclude)
            target_set_exclude(r->out->set, &target);
        else
            target_set_add(r->out->set, &target);
        return true;
    }
    if (!may_be_name(word))
        return false;
    if (r->no_names)
        return fail(err, ERROR_USAGE, "'%.100s' is a name, and -n forbids to look names up", word);
    return add_name(r, word, err);
}

/* Commas separate what is excluded, and parts of an octet: what is one target as a whole is one. */
static bool add_excluded(struct reading *r, const char *text, struct error *err)
{
    struct target target;
    char one[TARGET_TEXT_SIZE];
    if (target_parse(text, &target, NULL)) {
        target_set_exclude(r->out->set, &target);
        return true;
    }
    for (const char *next = text;; next++) {
        size_t length = strcspn(next, ",");
        if (length >= sizeof one)
            return fail(err, ERROR_USAGE, "'%.100s' is not a target", next);
        memcpy(one, next, length);
        one[length] = '\0';
        if (!add_word(r, one, err))
            return false;
        next += length;
        if (*next == '\0')
            return true;
    }
}

static bool add_line(void *context, uint64_t number, struct reader line, struct error *err)
{
    struct reading *r = context;
    r->line = number;
    char word[TARGET_TEXT_SIZE];
    bool too_long;
    while (line_word(&line, word, sizeof word, &too_long)) {
        if (word[0] == '#')
            return true;
        if (!add_word(r, word, err))
            return false;
    }
    return too_long ? fail(err, ERROR_USAGE, "a target is longer than %d bytes, or has a NUL in it",
                           TARGET_TEXT_SIZE - 1)
                    : true;
}

/* A list that cannot be opened leaves nothing to scan; one with a wrong line is a wrong request. */
static enum exit_code read_lists(struct reading *r, const struct option_texts *paths)
{
    enum exit_code code = EXIT_DONE;
    for (size_t i = 0; i < paths->count; i++) {
        const struct option_texts one = {1, &paths->items[i]};
        r->list = paths->items[i];
        enum exit_code result = lines_each(r->call, &one, LIST_LINE_MAX, add_line, r);
        if (result != EXIT_DONE)
            code = exit_graver(code, result == EXIT_FAILED ? EXIT_FAILED : EXIT_USAGE);
    }
    r->list = NULL;
    return code;
}

static enum exit_code complain(const struct call *call, const struct pending_name *name,
                               const char *reason)
{
    if (name->list != NULL)
        console_complain(call->console, "%s, line %llu: '%s' cannot be looked up: %s",
                         strcmp(name->list, "-") == 0 ? "stdin" : name->list,
                         (unsigned long long)name->line, name->name, reason);
    else
        console_complain(call->console, "'%s' cannot be looked up: %s", name->name, reason);
    return EXIT_USAGE;
}

/* Remembers what the host was called; the first name stays. */
static void note_name(struct scan_targets *out, uint32_t host, const char *name)
{
    struct scan_name *names = room_for_one(out->names, out->name_count, &out->name_room,
                                           sizeof *names);
    if (names == NULL)
        return; /* only the name in the report is lost */
    out->names = names;
    struct scan_name *added = &out->names[out->name_count++];
    size_t length = strnlen(name, HOST_NAME_SIZE - 1);
    *added = (struct scan_name){.host = host};
    memcpy(added->name, name, length);
}

static void add_address(struct scan_targets *out, const struct pending_name *name, uint32_t host)
{
    const struct target target = {.size = 1, .is_run = true, .first = host};
    if (name->exclude) {
        target_set_exclude(out->set, &target);
        return;
    }
    target_set_add(out->set, &target);
    note_name(out, host, name->name);
}

/* All IPv4 addresses of a name: they are one machine, or do the same work. */
static enum exit_code look_up(struct scan_targets *out, const struct call *call,
                              const struct pending_name *name)
{
    const struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    int result = getaddrinfo(name->name, NULL, &hints, &found);
    if (result != 0)
        return complain(call, name, gai_strerror(result));
    for (const struct addrinfo *a = found; a != NULL; a = a->ai_next) {
        struct sockaddr_in address;
        if (a->ai_family != AF_INET || a->ai_addrlen < sizeof address)
            continue;
        memcpy(&address, a->ai_addr, sizeof address);
        uint32_t host = ntohl(address.sin_addr.s_addr); /* reader: the resolver's own struct */
        add_address(out, name, host);
    }
    freeaddrinfo(found);
    return EXIT_DONE;
}

static enum exit_code look_up_all(struct scan_targets *out, const struct call *call)
{
    enum exit_code code = EXIT_DONE;
    for (size_t i = 0; i < out->pending_count; i++)
        code = exit_graver(code, look_up(out, call, &out->pending[i]));
    return code;
}

static int compare_names(const void *a, const void *b)
{
    const struct scan_name *x = a, *y = b;
    return (x->host > y->host) - (x->host < y->host);
}

static enum exit_code read_words(struct reading *r, const struct scan_target_options *options)
{
    struct error err;
    for (size_t i = 0; i < r->call->words.operand_count; i++)
        if (!add_word(r, r->call->words.operands[i], &err))
            return call_is_wrong(r->call, "%s", err.text);
    r->exclude = true;
    for (size_t i = 0; i < options->excludes.count; i++)
        if (!add_excluded(r, options->excludes.items[i], &err))
            return call_is_wrong(r->call, "--exclude: %s", err.text);
    return EXIT_DONE;
}

enum exit_code scan_targets_read(struct scan_targets *out, const struct call *call,
                                 const struct scan_target_options *options)
{
    struct reading r = {.out = out, .call = call, .no_names = options->no_names};
    *out = (struct scan_targets){.set = target_set_new()};
    if (out->set == NULL) {
        console_complain(call->console, "no memory for the targets");
        return EXIT_FAILED;
    }
    enum exit_code code = read_lists(&r, &options->lists);
    code = exit_graver(code, read_words(&r, options));
    r.exclude = true;
    code = exit_graver(code, read_lists(&r, &options->exclude_lists));
    if (code == EXIT_DONE)
        code = look_up_all(out, call);
    if (out->name_count > 0)
        qsort(out->names, out->name_count, sizeof out->names[0], compare_names);
    if (code == EXIT_DONE)
        out->count = target_set_close(out->set, &out->left_out);
    return code;
}

void scan_targets_free(struct scan_targets *t)
{
    target_set_free(t->set);
    free(t->names);
    free(t->pending);
}
