/* What a host told of its NetBIOS names when it was asked for them (node status, UDP 137).
 * Source: RFC 1002, section 4.2.18; the spec of asking, section d. */
#ifndef WORMSIGN_EVIDENCE_NETBIOS_CHECK_H
#define WORMSIGN_EVIDENCE_NETBIOS_CHECK_H

#include <stdint.h>

enum { NETBIOS_CHECK_NAME = 64 };

/* Texts are UTF-8 without control characters, but foreign: writers escape them. Empty: not told. */
struct netbios_check {
    int64_t when_us;                   /* of the answer, UTC */
    char computer[NETBIOS_CHECK_NAME]; /* its name as a workstation */
    char server[NETBIOS_CHECK_NAME];   /* its name as a server, which SMB on port 139 is asked by */
    char group[NETBIOS_CHECK_NAME];    /* its domain or workgroup */
    char user[NETBIOS_CHECK_NAME];     /* who is logged in */
    uint64_t mac;                      /* 0: not told, as by Samba */
};

#endif
