/* wormsign as a library: hunt captures, and the worm's own facts. The program is this library and
 * its command line.
 *
 * Handles are opaque. Nothing here prints, exits, or reads a clock or the environment. Not
 * thread-safe per handle; different handles are independent. Errors are text, given to the caller's
 * buffer, NUL-terminated. Text from the network in reports is escaped; what reports hold is in
 * docs/json.md. */
#ifndef WORMSIGN_H
#define WORMSIGN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Hunting */

struct wormsign_hunt;

/* All evidence of what is read into one handle is joined. home: networks that are ours, separated
 * by commas ("203.0.113.0/24,fd00::/8"); NULL: the private ones. NULL on failure, with the reason
 * in error (which may be NULL). Free with wormsign_hunt_free. */
struct wormsign_hunt *wormsign_hunt_new(const char *home, char *error, size_t error_size);

/* Reads one capture file to its end, or as far as it can be read; damage is told in the report's
 * summary. */
void wormsign_hunt_read(struct wormsign_hunt *hunt, const char *path);

/* Writes the verdicts as JSON lines ("json"), text ("text") or another format that `wormsign list
 * reports` names, with seconds as the run's length in the summary. Returns how many infected hosts
 * of ours there are, or -1 when the format is unknown or the stream refused. */
int64_t wormsign_hunt_report(struct wormsign_hunt *hunt, const char *format, FILE *out,
                             double seconds);

void wormsign_hunt_free(struct wormsign_hunt *hunt); /* NULL is fine */

/* The worm's facts */

/* The week of a time (microseconds since 1970-01-01T00:00:00Z); it changes on Monday 00:00 UTC. */
uint32_t wormsign_week(int64_t when_us);

/* The P2P ports of an infected host at this address (numeric, first octet highest) in a week, by
 * nmap's reading. [0] never changes, [1] is of the week. */
void wormsign_ports(uint32_t ipv4, uint32_t week, uint16_t tcp[2], uint16_t udp[2]);

/* Writes the names of variant 'A', 'B' (and C) or 'D' (and E) of a UTC day (days since 1970-01-01),
 * a line each, to out. False when the variant or the day is none that names are made for, or the
 * stream refused. */
bool wormsign_domains(char variant, int32_t day, FILE *out);

#ifdef __cplusplus
}
#endif

#endif
