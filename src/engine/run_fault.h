/* What a run of a store was, and why it was not whole: which of its inputs, or which limit. */
#ifndef WORMSIGN_ENGINE_RUN_FAULT_H
#define WORMSIGN_ENGINE_RUN_FAULT_H

struct store_run;

enum {
    RUN_FAULTS_MAX = 4, /* sentences in a report; the rest is counted */
    RUN_FAULT_SIZE = 256,
    RUN_TOLD_SIZE = 48
};

/* "scan of 2026-11-22". The verb is of the store: of what a stranger put there, little. */
void run_told(const struct store_run *run, char told[static RUN_TOLD_SIZE]);

/* The reason alone. */
void run_fault_why(const struct store_run *run, char why[static RUN_FAULT_SIZE]);

/* With the run before it. */
void run_fault_say(const struct store_run *run, char says[static RUN_FAULT_SIZE]);

#endif
