/* The table of probes: one row each. */
#include "scan/probe.h"

#include <string.h>

#include "base/compiler.h"

extern const struct probe probe_p2p, probe_smb, probe_netbios;

const struct probe *const probes[] = {&probe_p2p, &probe_smb, &probe_netbios};
const unsigned probe_count = COUNT_OF(probes);

const struct probe *probe_named(const char *id)
{
    for (unsigned i = 0; i < probe_count; i++)
        if (strcmp(probes[i]->id, id) == 0)
            return probes[i];
    return NULL;
}

unsigned probe_door_count(const struct probe *probe)
{
    unsigned doors = 0;
    while (doors < PROBE_DOORS_MAX && probe->doors[doors] != 0)
        doors++;
    return doors > 0 ? doors : 1;
}
