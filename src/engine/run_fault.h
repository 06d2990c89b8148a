/* Why a run of a store was not whole, in one sentence: which run, and which of its inputs. */
#ifndef WORMSIGN_ENGINE_RUN_FAULT_H
#define WORMSIGN_ENGINE_RUN_FAULT_H

struct store_run;

enum { RUN_FAULTS_MAX = 4, RUN_FAULT_SIZE = 256 }; /* sentences in a report; the rest is counted */

/* The reason alone. */
void run_fault_why(const struct store_run *run, char why[static RUN_FAULT_SIZE]);

/* With the run before it. */
void run_fault_say(const struct store_run *run, char says[static RUN_FAULT_SIZE]);

#endif
