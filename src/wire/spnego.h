/* SPNEGO around NTLMSSP's messages, in DER:
 *
 *   first    60 { 06 SPNEGO | A0 { 30 { A0 { 30 { 06 NTLMSSP } } | A2 { 04 token } } } }
 *   then     A1 { 30 { A0 { 0A state } | A1 { 06 NTLMSSP } | A2 { 04 token } ... } }
 *
 * Lengths of unknown end (80) are not DER, and are refused.
 * Source: RFC 4178, section 4.2; X.690, section 8.1; MS-SPNG. */
#ifndef WORMSIGN_WIRE_SPNEGO_H
#define WORMSIGN_WIRE_SPNEGO_H

#include <stdbool.h>
#include "base/reader.h"

struct writer;

/* True for what a server that speaks SPNEGO gives with its negotiation. */
bool spnego_is_offered(struct reader blob);

/* NTLMSSP's message 1, and 3, in SPNEGO. A token of 65,000 bytes or more fails the writer. */
void spnego_first_build(struct writer *w, struct reader token);
void spnego_then_build(struct writer *w, struct reader token);

/* The token in either; false where there is none. */
bool spnego_token_read(struct reader blob, struct reader *token);

#endif
