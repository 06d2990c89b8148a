/* Text that came from a network, a file name or a user, made harmless for a report.
 *
 * A name may hold terminal escapes, line feeds, bytes that are no UTF-8, or marks that turn the
 * direction of writing. Each byte of such a thing is written as the four letters \xNN, and a
 * backslash as two of them, so that the original bytes can be had back. */
#ifndef WORMSIGN_REPORT_FOREIGN_H
#define WORMSIGN_REPORT_FOREIGN_H

enum safe_form {
    SAFE_ASCII,   /* foreign; everything but printable ASCII is escaped */
    SAFE_UTF8,    /* foreign; well-formed UTF-8 that is printable stays */
    SAFE_SENTENCE /* our own sentence, whose foreign parts are escaped already: as SAFE_UTF8, but a
                     backslash stays one */
};

/* The text in that form, for the caller to free; NULL when memory is out. */
char *text_made_safe(const char *text, enum safe_form form);

#endif
