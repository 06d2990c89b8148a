/* A packet's observation as a flow record. */
#include "observe/flow_record.h"

struct flow_record flow_record_of(const struct observation *seen)
{
    struct flow_record record = {.kind = address_is_v4(seen->client.address) ? FLOW_IPV4
                                                                             : FLOW_IPV6,
                                 .protocol = seen->protocol,
                                 .times_known = true,
                                 .client_known = seen->client_known,
                                 .first_us = seen->when_us,
                                 .last_us = seen->when_us,
                                 .merged = 1};
    record.side[0].end = seen->client;
    record.side[1].end = seen->server;
    return record;
}
