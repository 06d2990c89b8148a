/* The words, and what people write instead of them. Source: the spec of Argus's filter, ra's
 * answers to each; ICMP types of RFC 792 and RFC 4443. */
#include "filter/filter_words.h"

#include <string.h>

#include "base/compiler.h"
#include "filter/filter_inside.h"

#define KIND(name) (UINT64_C(1) << FLOW_##name)
#define IP_KINDS (KIND(IPV4) | KIND(IPV6))

enum {
    COUNTERS = FILTER_NEEDS_COUNTERS,
    STATE = FILTER_NEEDS_STATE,
    HEADERS = FILTER_NEEDS_HEADERS,
    SENSOR = FILTER_NEEDS_SENSOR
};

#define A_PROTOCOL(word, kinds, number)                                                            \
    {                                                                                              \
        .text = (word), .kind = WORD_PROTOCOL, .ask = ASK_KIND, .first = (kinds), .last = (number) \
    }
#define A_TYPE(word, asks, reads, wants)                                                           \
    .text = (word), .kind = WORD_TYPE, .ask = (asks), .value = (reads), .want = (wants)
#define A_NUMBER(word, of, asked, most)                                                            \
    {                                                                                              \
        A_TYPE(word, ASK_NUMBER, VALUE_NUMBER, "a number"),                                        \
            .field = (of), .needs = (asked), .has_sides = (of) < FIELD_DURATION, .last = (most)    \
    }
#define A_REAL(word, of)                                                                           \
    {                                                                                              \
        A_TYPE(word, ASK_REAL, VALUE_REAL, "a number"), .field = (of), .needs = COUNTERS,          \
                                                        .has_sides = true                          \
    }
#define A_STATE(word, asks, asked, what)                                                           \
    {                                                                                              \
        .text = (word), .kind = WORD_STATE, .ask = (asks), .needs = (asked), .first = (what)       \
    }
/* bits: of the source; those of the destination are one to the left. */
#define A_TCP_SIDE(word, bits)                                                                     \
    {                                                                                              \
        .text = (word), .kind = WORD_STATE, .ask = ASK_TCP, .needs = STATE, .has_sides = true,     \
        .first = (bits)                                                                            \
    }
#define AT_LEVEL(word, asks, where, asked, sides)                                                  \
    {                                                                                              \
        .text = (word), .kind = WORD_STATE, .ask = (asks), .level = (where), .needs = (asked),     \
        .has_sides = (sides)                                                                       \
    }
#define ANY ICMP_ANY_CODE

static const struct filter_word words[] = {
    A_PROTOCOL("ip", IP_KINDS, 0),
    A_PROTOCOL("ipv4", KIND(IPV4), 0),
    A_PROTOCOL("ipv6", KIND(IPV6), 0),
    A_PROTOCOL("arp", KIND(ARP), 0),
    A_PROTOCOL("rarp", KIND(RARP), 0),
    {.text = "src", .kind = WORD_SIDE, .first = SIDE_SOURCE},
    {.text = "dst", .kind = WORD_SIDE, .first = SIDE_DESTINATION},

    {A_TYPE("host", ASK_ADDRESS, VALUE_HOST, "an address"), .has_sides = true},
    {A_TYPE("net", ASK_ADDRESS, VALUE_NET, "a network, as 10.9.0.0/16"), .has_sides = true},
    {A_TYPE("port", ASK_PORT, VALUE_PORT, "a port, as 445, 53-215 or domain"), .has_sides = true},
    {A_TYPE("proto", ASK_PROTOCOL, VALUE_PROTOCOL, "a protocol of IP, as 17 or udp")},
    {A_TYPE("host", ASK_MAC, VALUE_MAC, "an address as 02:00:5e:10:00:01"), .level = LEVEL_ETHER,
     .needs = HEADERS, .has_sides = true},
    {A_TYPE("proto", ASK_NUMBER, VALUE_ETHERTYPE, "a type, as 0x806 or arp"), .level = LEVEL_ETHER,
     .field = FIELD_ETHERTYPE, .needs = HEADERS},
    A_NUMBER("pkts", FIELD_PACKETS, COUNTERS, UINT64_MAX),
    A_NUMBER("bytes", FIELD_BYTES, COUNTERS, UINT64_MAX),
    A_NUMBER("appbytes", FIELD_APP_BYTES, COUNTERS, UINT64_MAX),
    A_NUMBER("loss", FIELD_LOST, COUNTERS, UINT64_MAX),
    A_NUMBER("ttl", FIELD_TTL, HEADERS, 255),
    A_NUMBER("tos", FIELD_TOS, HEADERS, 255),
    A_NUMBER("vid", FIELD_VLAN_ID, HEADERS, 4095),
    A_NUMBER("vpri", FIELD_VLAN_PRIORITY, HEADERS, 7),
    A_NUMBER("mid", FIELD_MPLS_LABEL, HEADERS, 1048575),
    A_NUMBER("trans", FIELD_TRANSACTIONS, SENSOR, UINT32_MAX),
    A_NUMBER("seq", FIELD_SEQUENCE, SENSOR, UINT32_MAX),
    A_REAL("rate", FIELD_RATE),
    A_REAL("load", FIELD_LOAD),
    A_REAL("ploss", FIELD_LOST_PERCENT),
    {A_TYPE("dur", ASK_NUMBER, VALUE_SECONDS, "seconds, as 1.5"), .field = FIELD_DURATION,
     .needs = COUNTERS},
    {A_TYPE("srcid", ASK_NUMBER, VALUE_SENSOR, "a sensor's number or address"),
     .field = FIELD_SENSOR, .needs = SENSOR, .last = UINT32_MAX},
    {A_TYPE("inode", ASK_COMPLAINER, VALUE_HOST, "a router's address"), .needs = STATE},
    {A_TYPE("encaps", ASK_ENCAPSULATION, VALUE_LAYER, "mpls, eth, 802q, llc or gre"),
     .needs = HEADERS},

    A_STATE("man", ASK_KIND, SENSOR, KIND(MANAGEMENT)),
    A_STATE("vlan", ASK_VLAN, HEADERS, 0),
    A_STATE("mpls", ASK_MPLS, HEADERS, 0),
    A_STATE("rtp", ASK_RTP, STATE, 0),
    A_STATE("frag", ASK_FRAGMENT, STATE, 0),
    A_STATE("est", ASK_ESTABLISHED, STATE, 0),
    A_STATE("con", ASK_ESTABLISHED, STATE, 0),
    A_STATE("syn", ASK_TCP, STATE, FLOW_SYN),
    A_STATE("synack", ASK_TCP, STATE, FLOW_SYN_ACK),
    A_STATE("fin", ASK_TCP, STATE, FLOW_FIN),
    A_STATE("finack", ASK_TCP, STATE, FLOW_FIN_ACK),
    A_STATE("normal", ASK_TCP, STATE, FLOW_CLOSED_WELL),
    A_STATE("wait", ASK_TCP, STATE, FLOW_CLOSE_WAIT),
    A_TCP_SIDE("reset", FLOW_SOURCE_RESET),
    A_TCP_SIDE("retrans", FLOW_SOURCE_RETRANSMITTED),
    A_TCP_SIDE("winshut", FLOW_SOURCE_WINDOW_SHUT),
    A_TCP_SIDE("outoforder", FLOW_SOURCE_OUT_OF_ORDER),
    A_STATE("start", ASK_CAUSE, STATE, FLOW_START),
    A_STATE("status", ASK_CAUSE, STATE, FLOW_STATUS),
    A_STATE("stop", ASK_CAUSE, STATE, FLOW_STOP),
    A_STATE("timeout", ASK_CAUSE, STATE, FLOW_TIMEOUT),
    A_STATE("unreach", ASK_ICMP, STATE, ICMP_SAYS(FLOW_ICMP_UNREACHABLE, 3, ANY, 1, ANY)),
    A_STATE("unreachnet", ASK_ICMP, STATE, ICMP_SAYS(FLOW_ICMP_UNREACHABLE, 3, 0, 1, 0)),
    A_STATE("unreachhost", ASK_ICMP, STATE, ICMP_SAYS(FLOW_ICMP_UNREACHABLE, 3, 1, 1, 3)),
    A_STATE("unreachport", ASK_ICMP, STATE, ICMP_SAYS(FLOW_ICMP_UNREACHABLE, 3, 3, 1, 4)),
    A_STATE("redirect", ASK_ICMP, STATE, ICMP_SAYS(FLOW_ICMP_REDIRECT, 5, ANY, 137, ANY)),
    A_STATE("timexed", ASK_ICMP, STATE, ICMP_SAYS(FLOW_ICMP_TIME_EXCEEDED, 11, ANY, 3, ANY)),
    A_STATE("echo", ASK_ECHO, STATE, 0),
    AT_LEVEL("multicast", ASK_MULTICAST, LEVEL_ANY, 0, true),
    AT_LEVEL("broadcast", ASK_BROADCAST, LEVEL_IP, 0, true),
    AT_LEVEL("multicast", ASK_ETHER_MULTICAST, LEVEL_ETHER, HEADERS, true),
    AT_LEVEL("broadcast", ASK_ETHER_BROADCAST, LEVEL_ETHER, HEADERS, true),
    A_PROTOCOL("ether", 0, 0),
};

/* What is written in other programs, or in earlier days, and what it is here. */
static const struct {
    const char *wrote, *meant;
} mistakes[] = {
    {"ip6", "ipv6"},
    {"broadcast", "ip broadcast, or ether broadcast"},
    {"data", "-e REGEX, which looks into user data"},
    {"sport", "src port"},
    {"dport", "dst port"},
    {"saddr", "src host"},
    {"daddr", "dst host"},
    {"spkts", "src pkts"},
    {"dpkts", "dst pkts"},
    {"sbytes", "src bytes"},
    {"dbytes", "dst bytes"},
    {"sttl", "src ttl"},
    {"dttl", "dst ttl"},
    {"smac", "ether src host"},
    {"dmac", "ether dst host"},
    {"mac", "ether host"},
    {"portrange", "port FIRST-LAST"},
    {"protocol", "proto"},
    {"packets", "pkts"},
    {"established", "est"},
    {"rst", "reset"},
    {"mask", "net ADDRESS mask MASK"},
    {"less", "lt"},
    {"greater", "gt"},
    {"is", "eq"},
};

const struct filter_word *filter_word(const char *text, enum filter_level level)
{
    const struct filter_word *found = NULL;
    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (strcmp(words[i].text, text) == 0 &&
            (words[i].level == level || (words[i].level == LEVEL_ANY && level != LEVEL_ETHER)))
            found = &words[i];
    return found;
}

/* Whether one letter more, less or other, or two that changed places, make one of the other. */
static bool is_near(const char *a, const char *b)
{
    size_t start = 0, length_a = strlen(a), length_b = strlen(b);
    while (a[start] != '\0' && a[start] == b[start])
        start++;
    size_t end = 0;
    while (end < length_a - start && end < length_b - start &&
           a[length_a - 1 - end] == b[length_b - 1 - end])
        end++;
    size_t rest_a = length_a - start - end, rest_b = length_b - start - end;
    if (rest_a <= 1 && rest_b <= 1)
        return true;
    return rest_a == 2 && rest_b == 2 && a[start] == b[start + 1] && a[start + 1] == b[start];
}

const char *filter_word_meant(const char *text)
{
    enum { NEAR_LENGTH_MIN = 3 };
    for (size_t i = 0; i < COUNT_OF(mistakes); i++)
        if (strcmp(mistakes[i].wrote, text) == 0)
            return mistakes[i].meant;
    static const char *const small[] = {"and", "or", "not", "gt",  "gte",  "lt",   "lte",
                                        "eq",  "ne", "tcp", "udp", "icmp", "igmp", "esp"};
    for (size_t i = 0; i < COUNT_OF(small); i++)
        if (strcasecmp(small[i], text) == 0 ||
            (strlen(text) >= NEAR_LENGTH_MIN && is_near(text, small[i])))
            return small[i];
    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (strcasecmp(words[i].text, text) == 0 ||
            (strlen(text) >= NEAR_LENGTH_MIN && is_near(text, words[i].text)))
            return words[i].text;
    return NULL;
}
