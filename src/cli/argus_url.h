/* argus://HOST[:PORT]: which servers the command line means, and where they are. */
#ifndef WORMSIGN_CLI_ARGUS_URL_H
#define WORMSIGN_CLI_ARGUS_URL_H

#include <stdbool.h>
#include "base/error.h"
#include "source/argus_live.h"

/* Fills name, port and addresses, by the resolver where HOST is a name: asked once. An address of
 * IPv6 stands in brackets. */
bool argus_url_parse(const char *url, struct argus_server *out, struct error *err) MUST_CHECK;

#endif
