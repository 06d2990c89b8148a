/* The chances that the statistical signs are made of. */
#ifndef WORMSIGN_EVIDENCE_CHANCE_H
#define WORMSIGN_EVIDENCE_CHANCE_H

struct text;

/* log10 of the chance that a Poisson variable of this mean is k or more; at most 0. mean >= 0, k >=
 * 0. For k not above the mean the answer is 0 (chance 1): a tail that no verdict needs more
 * exactly. Right to 1e-9 relative for the others; a mean of 0 with k > 0 gives -infinity capped at
 * -9999. */
double chance_poisson_tail(double mean, double k);

/* Appends the chance in words for people: "by chance a host does so on one day in 10^12". */
void chance_say(struct text *out, double log10_chance);

#endif
