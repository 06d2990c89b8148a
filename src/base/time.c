/* The calendar arithmetic is the well-known division into eras of 400 years beginning on 1
 * March. */
#include "base/time.h"

#include <stdio.h>
#include <string.h>

static int64_t floor_divide(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

int32_t day_of(int64_t when_us)
{
    return (int32_t)floor_divide(when_us, US_PER_DAY);
}

int32_t day_of_date(int year, int month, int day_of_month)
{
    int y = month <= 2 ? year - 1 : year;
    int era = (int)floor_divide(y, 400);
    int year_of_era = y - era * 400;
    int day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day_of_month - 1;
    int day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

static void date_of_day(int32_t day, int *year, int *month, int *day_of_month)
{
    int64_t shifted = (int64_t)day + 719468;
    int64_t era = floor_divide(shifted, 146097);
    int day_of_era = (int)(shifted - era * 146097);
    int year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) /
                      365;
    int day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int shifted_month = (5 * day_of_year + 2) / 153;
    *day_of_month = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    *month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
    *year = year_of_era + (int)era * 400 + (*month <= 2);
}

const char *date_text(int32_t day, char buffer[static DATE_TEXT_SIZE])
{
    int year, month, day_of_month;
    date_of_day(day, &year, &month, &day_of_month);
    if (year < 0 || year > 9999)
        memcpy(buffer, "-", 2);
    else
        (void)snprintf(buffer, DATE_TEXT_SIZE, "%04u-%02u-%02u", (unsigned)year,
                       (unsigned)month % 100, (unsigned)day_of_month % 100);
    return buffer;
}

#define US_FROM_1601 (INT64_C(11644473600) * US_PER_SECOND)

uint64_t filetime_of_time(int64_t when_us)
{
    return (uint64_t)(when_us + US_FROM_1601) * 10;
}

int64_t time_of_filetime(uint64_t filetime)
{
    if (filetime == 0 || filetime > INT64_MAX)
        return TIME_NONE;
    return (int64_t)(filetime / 10) - US_FROM_1601;
}

const char *time_text(int64_t when_us, char buffer[static TIME_TEXT_SIZE])
{
    char date[DATE_TEXT_SIZE];
    int64_t day = floor_divide(when_us, US_PER_DAY);
    int64_t in_day = when_us % US_PER_DAY + (when_us % US_PER_DAY < 0 ? US_PER_DAY : 0);
    unsigned seconds = (unsigned)(in_day / US_PER_SECOND);
    if (when_us == TIME_NONE || date_text((int32_t)day, date)[0] == '-')
        memcpy(buffer, "-", 2);
    else
        (void)snprintf(buffer, TIME_TEXT_SIZE, "%sT%02u:%02u:%02u.%06uZ", date, seconds / 3600,
                       seconds / 60 % 60, seconds % 60, (unsigned)(in_day % US_PER_SECOND));
    return buffer;
}

/* Takes exactly `digits` decimal digits at *text, steps over them; false when they are not
 * there. */
static bool take_number(const char **text, int digits, int least, int most, int *out)
{
    int value = 0;
    for (int i = 0; i < digits; i++) {
        if (**text < '0' || **text > '9')
            return false;
        value = value * 10 + (*(*text)++ - '0');
    }
    *out = value;
    return value >= least && value <= most;
}

static bool take_char(const char **text, const char *choices)
{
    if (**text == '\0' || strchr(choices, **text) == NULL)
        return false;
    (*text)++;
    return true;
}

static bool take_date(const char **text, int32_t *day)
{
    static const int lengths[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int year, month, of_month;
    if (!take_number(text, 4, 0, 9999, &year) || !take_char(text, "-") ||
        !take_number(text, 2, 1, 12, &month) || !take_char(text, "-") ||
        !take_number(text, 2, 1, 31, &of_month))
        return false;
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    *day = day_of_date(year, month, of_month);
    return of_month <= lengths[month - 1] + (month == 2 && leap);
}

/* "Z", "+02:00" or nothing, which is UTC too: what is to be added to come to UTC. */
static bool take_offset(const char **text, int64_t *to_utc_us)
{
    int hours, minutes;
    bool is_ahead = **text == '+';
    *to_utc_us = 0;
    if (take_char(text, "Z") || !take_char(text, "+-"))
        return true;
    if (!take_number(text, 2, 0, 23, &hours) || !take_char(text, ":") ||
        !take_number(text, 2, 0, 59, &minutes))
        return false;
    int64_t offset_us = ((int64_t)hours * 3600 + minutes * 60) * US_PER_SECOND;
    *to_utc_us = is_ahead ? -offset_us : offset_us;
    return true;
}

static bool take_time(const char **text, int64_t *in_day_us)
{
    int hour, minute, second = 0;
    int64_t fraction = 0, to_utc_us;
    if (!take_number(text, 2, 0, 23, &hour) || !take_char(text, ":") ||
        !take_number(text, 2, 0, 59, &minute))
        return false;
    bool has_second = take_char(text, ":");
    if (has_second && !take_number(text, 2, 0, 60, &second))
        return false;
    if (has_second && take_char(text, ".")) {
        int64_t place = US_PER_SECOND / 10;
        if (**text < '0' || **text > '9')
            return false;
        for (; **text >= '0' && **text <= '9'; (*text)++, place /= 10)
            fraction += place * (**text - '0');
    }
    if (!take_offset(text, &to_utc_us))
        return false;
    *in_day_us = ((int64_t)hour * 3600 + minute * 60 + second) * US_PER_SECOND + fraction;
    *in_day_us += to_utc_us;
    return true;
}

bool date_parse(const char *text, int32_t *day, struct error *err)
{
    const char *next = text;
    int32_t parsed;
    if (!take_date(&next, &parsed) || *next != '\0')
        return fail(err, ERROR_USAGE, "'%.100s' is not a date; write it as 2009-04-21", text);
    *day = parsed;
    return true;
}

bool time_parse(const char *text, int64_t *when_us, struct error *err)
{
    const char *next = text;
    int32_t day;
    int64_t in_day = 0;
    bool good = take_date(&next, &day);
    if (good && *next != '\0')
        good = take_char(&next, "T ") && take_time(&next, &in_day) && *next == '\0';
    if (!good)
        return fail(err, ERROR_USAGE,
                    "'%.100s' is not a time; write it as 2009-04-21, 2009-04-21T16:44 or "
                    "2009-04-21T16:44:11Z, or with an offset as 2009-04-21T18:44+02:00",
                    text);
    *when_us = day * US_PER_DAY + in_day;
    return true;
}
