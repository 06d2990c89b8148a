/* Ports that the table of services of Debian 12 (netbase) names, as far as a rule of direction asks
 * for them: the list stands here, so that no result depends on the machine. */
#include "source/argus_inside.h"

#include "base/compiler.h"

/* Ascending; of TCP to 1024. */
static const uint16_t tcp_services[] = {
    1,   7,   9,   11,  13,  15,  17,  19,  20,  21,  22,  23,  25,  37,  43,  49,  53,  70,
    79,  80,  88,  102, 104, 106, 110, 111, 113, 119, 135, 139, 143, 161, 162, 163, 164, 174,
    179, 199, 209, 210, 345, 346, 369, 370, 389, 427, 443, 444, 445, 464, 465, 487, 512, 513,
    514, 515, 538, 540, 543, 544, 548, 554, 563, 587, 607, 628, 631, 636, 646, 655, 706, 749,
    750, 751, 754, 775, 777, 783, 853, 871, 873, 989, 990, 992, 993, 995,
};

/* Ascending; of UDP above 1024. */
static const uint16_t udp_services[] = {
    1194, 1210, 1434, 1645, 1646, 1701, 1812, 1813, 2049, 2086, 2101,  2102,  2103,  2104,  2430,
    2431, 2432, 2433, 2583, 3130, 3205, 3493, 4500, 4569, 5060, 5061,  5353,  5555,  6346,  6347,
    6696, 7000, 7001, 7002, 7003, 7004, 7005, 7007, 7008, 7009, 17001, 17002, 17003, 27374,
};

static bool holds(const uint16_t *ports, size_t count, uint16_t port)
{
    size_t from = 0;
    while (count > 0) {
        size_t half = count / 2;
        if (ports[from + half] == port)
            return true;
        if (ports[from + half] < port) {
            from += half + 1;
            count -= half + 1;
        } else {
            count = half;
        }
    }
    return false;
}

bool argus_is_tcp_service(uint16_t port)
{
    return holds(tcp_services, COUNT_OF(tcp_services), port);
}

bool argus_is_udp_service(uint16_t port)
{
    return holds(udp_services, COUNT_OF(udp_services), port);
}
