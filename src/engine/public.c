/* The library's public face, include/wormsign.h, over what the program uses itself. */
#include "wormsign.h"

#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "conficker/domains.h"
#include "conficker/ports.h"
#include "engine/hunt.h"

enum { HOME_MAX = 256 };

struct wormsign_hunt {
    struct hunt_settings settings;
    struct prefix home[HOME_MAX];
    struct hunt *hunt;
};

/* One network of the list, which ends at a comma or at the end; *list comes to stand behind it. */
static bool take_network(const char **list, struct prefix *out, struct error *err)
{
    char text[PREFIX_TEXT_SIZE];
    size_t length = strcspn(*list, ",");
    if (length >= sizeof text)
        return fail(err, ERROR_USAGE, "'%.60s...' is too long for a network", *list);
    memcpy(text, *list, length);
    text[length] = '\0';
    *list += length + ((*list)[length] == ',');
    return prefix_parse(text, out, err);
}

static bool set_home(struct wormsign_hunt *h, const char *home, struct error *err)
{
    while (*home != '\0') {
        if (h->settings.home_count == HOME_MAX)
            return fail(err, ERROR_LIMIT, "more than %d networks", HOME_MAX);
        if (!take_network(&home, &h->home[h->settings.home_count], err))
            return false;
        h->settings.home_count++;
    }
    h->settings.home = h->home;
    return true;
}

struct wormsign_hunt *wormsign_hunt_new(const char *home, char *error, size_t error_size)
{
    struct error err = {.kind = ERROR_SYSTEM, .text = "no memory"};
    struct wormsign_hunt *h = calloc(1, sizeof *h);
    if (h != NULL) {
        h->settings = (struct hunt_settings){.since_us = INT64_MIN,
                                             .until_us = INT64_MAX,
                                             .sampling = 1,
                                             .limits = HOSTS_LIMITS_DEFAULT};
        if (home == NULL || set_home(h, home, &err))
            h->hunt = hunt_new(&h->settings, &err);
    }
    if (h != NULL && h->hunt != NULL)
        return h;
    if (error != NULL && error_size > 0)
        (void)snprintf(error, error_size, "%s", err.text);
    wormsign_hunt_free(h);
    return NULL;
}

void wormsign_hunt_read(struct wormsign_hunt *hunt, const char *path)
{
    (void)hunt_read(hunt->hunt, path, true);
}

int64_t wormsign_hunt_report(struct wormsign_hunt *hunt, const char *format, FILE *out,
                             double seconds)
{
    struct report report = {.format = report_format_named(format), .out = out, .width = 100};
    struct hunt_outcome outcome;
    if (report.format == NULL)
        return -1;
    hunt_finish(hunt->hunt, &report, 1, seconds, &outcome);
    return outcome.write_failed ? -1 : (int64_t)outcome.infected_home;
}

void wormsign_hunt_free(struct wormsign_hunt *hunt)
{
    if (hunt == NULL)
        return;
    hunt_free(hunt->hunt);
    free(hunt);
}

uint32_t wormsign_week(int64_t when_us)
{
    return week_of(when_us);
}

void wormsign_ports(uint32_t ipv4, uint32_t week, uint16_t tcp[2], uint16_t udp[2])
{
    struct p2p_ports ports = ports_predicted_for(ipv4, week, READING_NMAP);
    memcpy(tcp, ports.tcp, sizeof ports.tcp);
    memcpy(udp, ports.udp, sizeof ports.udp);
}

bool wormsign_domains(char variant, int32_t day, FILE *out)
{
    static const char variants[] = "ABD"; /* in the order of enum name_list */
    const char *found = variant != '\0' ? strchr(variants, variant) : NULL;
    if (found == NULL || !domains_day_is_covered(day))
        return false;
    enum name_list list = (enum name_list)(found - variants);
    struct domain_generator generator;
    char name[DOMAIN_NAME_SIZE];
    domains_begin(&generator, list, day);
    for (size_t i = 0; i < domains_count(list); i++) {
        domains_next(&generator, name);
        if (fputs(name, out) < 0 || fputc('\n', out) == EOF)
            return false;
    }
    return fflush(out) == 0;
}
