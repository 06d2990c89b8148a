/* Time is an argument everywhere below cli/: microseconds since 1970-01-01T00:00:00Z, no leap
 * seconds.
 *
 * Days are counted from the same instant (day 0 is 1970-01-01). The calendar is the proleptic
 * Gregorian one. Text is RFC 3339 in UTC. */
#ifndef WORMSIGN_BASE_TIME_H
#define WORMSIGN_BASE_TIME_H

#include <stdbool.h>
#include <stdint.h>
#include "base/error.h"

#define US_PER_SECOND INT64_C(1000000)
#define US_PER_DAY (INT64_C(86400) * US_PER_SECOND)

enum { TIME_TEXT_SIZE = 40, DATE_TEXT_SIZE = 16 };

/* No time: an absent time in observations and signs. */
#define TIME_NONE INT64_MIN

/* The UTC day that holds this time (rounded down, also before 1970). */
int32_t day_of(int64_t when_us);

/* The day of a date; the date must be valid. */
int32_t day_of_date(int year, int month, int day_of_month);

/* A FILETIME, which counts 100 ns from 1601; TIME_NONE for 0 and for what cannot be told in us. */
int64_t time_of_filetime(uint64_t filetime);

/* The other way; the time must be one after 1601. */
uint64_t filetime_of_time(int64_t when_us);

/* "2009-04-21T16:44:11.000123Z", in buffer; returns buffer. Years outside 0..9999 give "-". */
const char *time_text(int64_t when_us, char buffer[static TIME_TEXT_SIZE]);

/* "2009-04-21", in buffer; returns buffer. */
const char *date_text(int32_t day, char buffer[static DATE_TEXT_SIZE]);

/* Parses "2009-04-21", "2009-04-21T16:44" or "2009-04-21T16:44:11Z" (seconds may have up to six
 * decimals, the T may be a blank, the Z may be missing: it is UTC all the same), or with an offset
 * from UTC in the place of the Z: "2009-04-21T18:44+02:00". */
bool time_parse(const char *text, int64_t *when_us, struct error *err) MUST_CHECK;

/* Parses "2009-04-21" alone. */
bool date_parse(const char *text, int32_t *day, struct error *err) MUST_CHECK;

#endif
