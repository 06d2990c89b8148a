/* Numbers have one decimal: a tenth of a unit is less than a pixel. */
#include "report/html_svg.h"

#include <stdarg.h>
#include <stdio.h>

enum { WORDS_SIZE = 160 };

void svg_begin(struct markup *m, const char *title, const char *says, double height)
{
    markup_say(m,
               "<figure class=\"picture\"><figcaption><b>%s.</b> %s</figcaption>"
               "<div class=\"scroll\"><svg viewBox=\"0 0 %d %.0f\" role=\"img\" "
               "aria-label=\"%s. %s\">\n",
               title, says, PICTURE_WIDTH, height, title, says);
}

void svg_end(struct markup *m)
{
    markup_say(m, "</svg></div></figure>\n");
}

void svg_line(struct markup *m, const char *class, double x1, double y1, double x2, double y2)
{
    markup_say(m, "<line class=\"%s\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>", class, x1,
               y1, x2, y2);
}

void svg_box(struct markup *m, const char *class, double x, double y, double width, double height)
{
    markup_say(m,
               "<rect class=\"%s\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" rx=\"2\"/>",
               class, x, y, width, height);
}

void svg_dot(struct markup *m, const char *class, double x, double y, double radius)
{
    markup_say(m, "<circle class=\"%s\" cx=\"%.1f\" cy=\"%.1f\" r=\"%.1f\"/>", class, x, y, radius);
}

static void begin_words(struct markup *m, const char *anchor, double x, double y)
{
    markup_say(m, "<text text-anchor=\"%s\" x=\"%.1f\" y=\"%.1f\">", anchor, x, y);
}

void svg_words(struct markup *m, const char *anchor, double x, double y, const char *format, ...)
{
    char words[WORDS_SIZE];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(words, sizeof words, format, arguments);
    va_end(arguments);
    begin_words(m, anchor, x, y);
    markup_say(m, "%s</text>", words);
}

void svg_name(struct markup *m, const char *anchor, double x, double y, const char *foreign)
{
    begin_words(m, anchor, x, y);
    markup_text(m, SAFE_UTF8, foreign);
    markup_say(m, "</text>");
}

void svg_time_axis(struct markup *m, const struct time_axis *a, double top, double bottom)
{
    enum { WORDS_BELOW = 16, WORDS_HALF = 34 };
    int64_t ticks[TICKS_MAX];
    size_t count = time_axis_ticks(a, ticks);
    svg_line(m, "axis", a->left, bottom, a->right, bottom);
    for (size_t i = 0; i < count; i++) {
        char text[TICK_TEXT_SIZE];
        double x = time_axis_at(a, ticks[i]);
        svg_line(m, "tick", x, top, x, bottom);
        /* Words at the edge would leave the picture. */
        double at = x + WORDS_HALF > PICTURE_WIDTH ? PICTURE_WIDTH - WORDS_HALF : x;
        svg_words(m, "middle", at, bottom + WORDS_BELOW, "%s", time_axis_text(a, ticks[i], text));
    }
}
