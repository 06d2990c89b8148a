/* The formats a report can have; report.c lists them, each has a file of its own. */
#ifndef WORMSIGN_REPORT_FORMATS_H
#define WORMSIGN_REPORT_FORMATS_H

#include "report/report.h"

extern const struct report_format report_text;
extern const struct report_format report_json;
extern const struct report_format report_eve;
extern const struct report_format report_ecs;
extern const struct report_format report_nmap_xml;
extern const struct report_format report_csv;
extern const struct report_format report_stix;
extern const struct report_format report_misp;
extern const struct report_format report_cef;
extern const struct report_format report_html;

#endif
