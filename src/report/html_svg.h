/* Pictures as static SVG, of few shapes. Colours come from the page's style by class, so that a
 * picture follows light, dark and print; what a class means is said in words beside it, never by
 * colour alone.
 *
 * A picture is PICTURE_WIDTH units wide and shrinks with the screen. On a narrow one the style
 * makes its words larger, and leaves out those that can be spared. Texts are ours. */
#ifndef WORMSIGN_REPORT_HTML_SVG_H
#define WORMSIGN_REPORT_HTML_SVG_H

#include "report/html_markup.h"
#include "report/html_scale.h"

enum { PICTURE_WIDTH = 760, PICTURE_LABELS = 150, PICTURE_MARGIN = 38 };

/* A figure with its caption; `says` tells in a sentence what is to be seen, for those who do not
 * see it, too. Both are ours. */
void svg_begin(struct markup *m, const char *title, const char *says, double height);
void svg_end(struct markup *m);

void svg_line(struct markup *m, const char *class, double x1, double y1, double x2, double y2);
void svg_box(struct markup *m, const char *class, double x, double y, double width, double height);
void svg_dot(struct markup *m, const char *class, double x, double y, double radius);

/* Anchor: "start", "middle" or "end". */
void svg_words(struct markup *m, const char *anchor, double x, double y, const char *format, ...)
    PRINTF_LIKE(5, 6);

/* A name on an axis that a narrow screen can do without: every second one. */
void svg_spare_words(struct markup *m, double x, double y, const char *words);

/* Ticks from top to bottom, named below. */
void svg_time_axis(struct markup *m, const struct time_axis *a, double top, double bottom);

#endif
