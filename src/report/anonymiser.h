/* Other addresses for addresses, by a key: the same key gives the same ones, and two that share
 * their first bits do so after it.
 *
 * Bit i is turned over, or not, by what AES makes of the i bits before it (Crypto-PAn: J. Xu,
 * J. Fan, M. Ammar, S. Moon, 2002). Whoever lacks the key sees which hosts are in one network, and
 * not which network.
 *
 * What is no address of a network on the Internet stays what it is, with its host bits changed:
 * the private networks, 100.64/10, link-local, loopback and multicast, ULA. So 10.1.2.3 becomes
 * another address of 10/8. That has a price, which no way round exists for: the neighbour of a
 * network that stays can go nowhere else either, so 192.169/16 stays itself, too, 11/8 and 126/8
 * likewise. docs/outputs.md says what stays of which. */
#ifndef WORMSIGN_REPORT_ANONYMISER_H
#define WORMSIGN_REPORT_ANONYMISER_H

#include <stddef.h>
#include <stdint.h>

#include "base/address.h"

enum {
    ANONYMISER_KEY_BYTES = 32,
    ANONYMISER_SECRET_LEAST = 16 /* bytes that a secret must have */
};

struct anonymiser;

/* NULL: no memory. The first half of the key is AES's, of the other the padding is made. */
struct anonymiser *anonymiser_new(const uint8_t key[static ANONYMISER_KEY_BYTES]);
void anonymiser_free(struct anonymiser *a); /* NULL is fine; the key is wiped */

/* The key that a secret of any length makes. */
void anonymiser_key_of(const void *secret, size_t size, uint8_t key[static ANONYMISER_KEY_BYTES]);

struct address anonymiser_address(const struct anonymiser *a, struct address from);

/* The same without a network that stays, as others do it: for their vectors. */
struct address anonymiser_plain(const struct anonymiser *a, struct address from);

#endif
