/* Names of the reverse zones (RFC 1035 §3.5, RFC 3596 §2.5): which address one stands for. */
#ifndef WORMSIGN_WIRE_DNS_REVERSE_H
#define WORMSIGN_WIRE_DNS_REVERSE_H

#include "wire/dns.h"

/* "5.0.0.10.in-addr.arpa" is 10.0.0.5. False, *out untouched: no such name, or of no one
 * address. */
bool dns_reverse_address(const struct dns_name *name, struct address *out);

#endif
