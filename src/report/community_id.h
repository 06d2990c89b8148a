/* Community ID, version 1: a name for a flow that Suricata, Zeek, Argus and others make alike, so
 * that a record of ours is found among theirs.
 *
 *   "1:" base64(SHA-1(seed, address, address, protocol, 0, port, port))
 *
 * The smaller address, and of the same address the smaller port, stands first. The seed is 0, as
 * everybody has it. Of TCP and UDP only: of others we hold no flow.
 * Source: the public specification and its published vectors. */
#ifndef WORMSIGN_REPORT_COMMUNITY_ID_H
#define WORMSIGN_REPORT_COMMUNITY_ID_H

#include <stdbool.h>
#include <stdint.h>

#include "base/address.h"

enum { COMMUNITY_ID_SIZE = 31 };

/* In buffer; false, and an empty text, where the five are not all known: a protocol that is
 * neither TCP nor UDP, a port of 0, addresses of two kinds. */
bool community_id(struct address a, uint16_t a_port, struct address b, uint16_t b_port,
                  unsigned protocol, char buffer[static COMMUNITY_ID_SIZE]);

#endif
