/* The exit codes of every verb, in one place (design: the command).
 *
 * The first that holds in the order 4, 2, 1, 3, 0 is the one that the program ends with. */
#ifndef WORMSIGN_CLI_EXIT_H
#define WORMSIGN_CLI_EXIT_H

enum exit_code {
    EXIT_DONE = 0,       /* all done; nobody infected, suspicious hosts or not */
    EXIT_INFECTED = 1,   /* infected home hosts were found (by scan: infected targets) */
    EXIT_USAGE = 2,      /* the command line is wrong; nothing was done */
    EXIT_INCOMPLETE = 3, /* nobody infected, but input was damaged or the run was cut short */
    EXIT_FAILED = 4      /* nothing or not all could be written, or no input could be opened */
};

/* The graver of two codes, in the order above. */
static inline enum exit_code exit_graver(enum exit_code a, enum exit_code b)
{
    static const unsigned char gravity[] = {0, 2, 3, 1, 4};
    return gravity[a] >= gravity[b] ? a : b;
}

#endif
