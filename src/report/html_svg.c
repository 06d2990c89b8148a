/* Numbers are whole: a unit is about a pixel, and a page has thousands of them. */
#include "report/html_svg.h"

#include <stdarg.h>
#include <stdio.h>

enum { WORDS_SIZE = 160 };

void svg_begin(struct markup *m, const char *title, const char *says, double height)
{
    markup_say(m,
               "<figure class=\"picture\"><figcaption><b>%s.</b> %s</figcaption>"
               "<div class=\"scroll\"><svg viewBox=\"0 0 %d %.0f\" role=\"img\" "
               "aria-label=\"%s\">",
               title, says, PICTURE_WIDTH, height, title);
}

void svg_end(struct markup *m)
{
    markup_say(m, "</svg></div></figure>\n");
}

void svg_line(struct markup *m, const char *class, double x1, double y1, double x2, double y2)
{
    markup_say(m, "<line class=\"%s\" x1=\"%.0f\" y1=\"%.0f\" x2=\"%.0f\" y2=\"%.0f\"/>", class, x1,
               y1, x2, y2);
}

void svg_box(struct markup *m, const char *class, double x, double y, double width, double height)
{
    markup_say(m,
               "<rect class=\"%s\" x=\"%.0f\" y=\"%.0f\" width=\"%.0f\" height=\"%.0f\" rx=\"2\"/>",
               class, x, y, width, height);
}

void svg_dot(struct markup *m, const char *class, double x, double y, double radius)
{
    markup_say(m, "<circle class=\"%s\" cx=\"%.0f\" cy=\"%.0f\" r=\"%.0f\"/>", class, x, y, radius);
}

static void begin_words(struct markup *m, const char *anchor, double x, double y)
{
    markup_say(m, "<text text-anchor=\"%s\" x=\"%.0f\" y=\"%.0f\">", anchor, x, y);
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

void svg_spare_words(struct markup *m, double x, double y, const char *words)
{
    markup_say(m, "<text class=\"spare\" text-anchor=\"middle\" x=\"%.0f\" y=\"%.0f\">%s</text>", x,
               y, words);
}

void svg_time_axis(struct markup *m, const struct time_axis *a, double top, double bottom)
{
    enum { WORDS_BELOW = 16 };
    int64_t ticks[TICKS];
    time_axis_ticks(a, ticks);
    svg_line(m, "axis", a->left, bottom, a->right, bottom);
    markup_say(m, "<path class=\"tick\" d=\"");
    for (unsigned i = 0; i < TICKS; i++)
        markup_say(m, "M%.0f %.0fV%.0f", time_axis_at(a, ticks[i]), top, bottom);
    markup_say(m, "\"/>");
    for (unsigned i = 0; i < TICKS; i++) {
        char text[TICK_TEXT_SIZE];
        double x = time_axis_at(a, ticks[i]);
        (void)time_axis_text(a, ticks[i], text);
        if (i % 2 == 0)
            svg_words(m, "middle", x, bottom + WORDS_BELOW, "%s", text);
        else
            svg_spare_words(m, x, bottom + WORDS_BELOW, text);
    }
}
