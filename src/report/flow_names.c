/* Tables, and the order in which what was seen of a connection outweighs the rest of it. */
#include "report/flow_names.h"

#include <stdio.h>
#include <string.h>

#include "base/compiler.h"
#include "observe/packet.h"
#include "wire/assigned_names.h"

enum { ETHERTYPE_LLC = 0, ETHERTYPE_LLDP = 0x88cc };

const char *flow_protocol_name(const struct flow_record *r, char buffer[static FLOW_NAME_SIZE])
{
    const char *name = NULL;
    switch (r->kind) {
    case FLOW_IPV4:
    case FLOW_IPV6:
        if (flow_is_rtp(r) && r->protocol == IP_UDP)
            return "rtp";
        name = r->protocol == 0 ? "ip" : protocol_name(r->protocol);
        if (name == NULL)
            (void)snprintf(buffer, FLOW_NAME_SIZE, "%u", r->protocol);
        break;
    case FLOW_ETHERNET:
        name = r->ethertype == ETHERTYPE_LLC    ? "llc"
               : r->ethertype == ETHERTYPE_LLDP ? "lldp"
                                                : NULL;
        if (name == NULL)
            (void)snprintf(buffer, FLOW_NAME_SIZE, "%u", r->ethertype);
        break;
    case FLOW_ARP:
        return "arp";
    case FLOW_RARP:
        return "rarp";
    case FLOW_MANAGEMENT:
        return "man";
    case FLOW_OTHER:
        return "other";
    }
    return name != NULL ? name : buffer;
}

static bool has_both(const struct flow_record *r)
{
    return r->side[0].packets > 0 && r->side[1].packets > 0;
}

static const char *tcp_state(const struct flow_record *r)
{
    uint32_t s = r->tcp_status;
    if ((s & (FLOW_SOURCE_RESET | FLOW_DESTINATION_RESET)) != 0)
        return "RST";
    if ((s & (FLOW_FIN | FLOW_FIN_ACK)) != 0)
        return "FIN";
    if ((s & FLOW_CLOSED_WELL) != 0)
        return "CLO";
    if ((r->cause & FLOW_TIMEOUT) != 0)
        return "TIM";
    if ((s & FLOW_ESTABLISHED) != 0)
        return "CON";
    if ((s & FLOW_SYN_ACK) != 0)
        return "ACC";
    if ((s & FLOW_SYN) != 0)
        return "REQ";
    return s != 0 || has_both(r) ? "CON" : "INT";
}

static const char *unreachable_state(uint8_t code)
{
    static const char *const of_code[] = {"URN",    "URH",   "URO",   "URP",    "URF",    "URS",
                                          "URNU",   "URHU",  "URISO", "URNPRO", "URHPRO", "URNTOS",
                                          "URHTOS", "URFIL", "URPRE", "URCUT"};
    return code < COUNT_OF(of_code) ? of_code[code] : "UNK";
}

struct icmp_name {
    uint8_t type;
    const char *name;
};

static const struct icmp_name icmp_names[] = {
    {0, "ECR"},  {4, "SRC"},  {5, "RED"},  {8, "ECO"},  {9, "RTA"},  {10, "RTS"}, {11, "TXD"},
    {12, "PAR"}, {13, "TST"}, {14, "TSR"}, {15, "IRQ"}, {16, "IRR"}, {17, "MAS"}, {18, "MSR"},
};

static const struct icmp_name icmp6_names[] = {
    {2, "PTB"},   {3, "TXD"},   {4, "PPH"},   {128, "ECO"}, {129, "ECR"},
    {130, "MRQ"}, {131, "MHR"}, {133, "NRS"}, {134, "NRA"}, {135, "NNS"},
    {136, "NNA"}, {137, "RED"}, {143, "MHR"},
};

static const char *name_of_type(const struct icmp_name *names, size_t count, uint8_t type)
{
    for (size_t i = 0; i < count; i++)
        if (names[i].type == type)
            return names[i].name;
    return "UNK";
}

static const char *icmp_state(const struct flow_record *r)
{
    static const char *const of_code6[] = {"URN", "URFIL", "URS", "URH", "URP", "URFIL", "URN"};
    enum { UNREACHABLE = 3, UNREACHABLE_6 = 1 };
    bool is_6 = r->protocol == IP_ICMPV6;
    if (is_6 && r->icmp_type == UNREACHABLE_6)
        return r->icmp_code < COUNT_OF(of_code6) ? of_code6[r->icmp_code] : "UNK";
    if (!is_6 && r->icmp_type == UNREACHABLE)
        return unreachable_state(r->icmp_code);
    return is_6 ? name_of_type(icmp6_names, COUNT_OF(icmp6_names), r->icmp_type)
                : name_of_type(icmp_names, COUNT_OF(icmp_names), r->icmp_type);
}

static const char *management_state(const struct flow_record *r)
{
    static const char *const of_cause[] = {"",    "STA", "CON", "STP", "TIM",
                                           "FLU", "SHT", "CLO", "ERR"};
    return r->cause < COUNT_OF(of_cause) ? of_cause[r->cause] : "";
}

const char *flow_state_name(const struct flow_record *r)
{
    if (r->kind == FLOW_MANAGEMENT)
        return management_state(r);
    if (flow_is_ip(r) && r->protocol == IP_TCP)
        return tcp_state(r);
    if (flow_is_ip(r) && (r->protocol == IP_ICMP || r->protocol == IP_ICMPV6))
        return icmp_state(r);
    if (has_both(r))
        return "CON";
    if (r->side[0].packets > 0)
        return (r->cause & FLOW_START) != 0 || r->kind == FLOW_ARP ? "INT" : "REQ";
    return "RSP";
}

static const char *tcp_direction(const struct flow_record *r)
{
    bool is_known = (r->tcp_status & (FLOW_SYN | FLOW_SYN_ACK)) != 0;
    bool back = r->side[1].packets > 0, there = r->side[0].packets > 0;
    if (is_known)
        return "   ->";
    return there && back ? "  <?>" : back ? "  <?" : "   ?>";
}

const char *flow_direction(const struct flow_record *r)
{
    if (r->kind == FLOW_MANAGEMENT || r->kind == FLOW_OTHER)
        return "";
    if (r->kind == FLOW_ARP || r->kind == FLOW_RARP)
        return "  who";
    if (flow_is_ip(r) && r->protocol == IP_TCP)
        return tcp_direction(r);
    if (has_both(r))
        return "  <->";
    return r->side[0].packets > 0 || r->side[1].packets == 0 ? "   ->" : "  <-";
}

static char letter_of_pair(bool source, bool destination, const char letters[static 3])
{
    if (source && destination)
        return letters[0];
    return source ? letters[1] : destination ? letters[2] : ' ';
}

static char carried_by(uint32_t encapsulation)
{
    static const struct {
        uint32_t bit;
        char letter;
    } bits[] = {{FLOW_INSIDE_MPLS, 'm'},
                {FLOW_INSIDE_ETHERNET, 'e'},
                {FLOW_INSIDE_VLAN, 'v'},
                {FLOW_INSIDE_LLC, 'l'},
                {FLOW_INSIDE_GRE, 'G'}};
    for (size_t i = 0; i < COUNT_OF(bits); i++)
        if (encapsulation == bits[i].bit)
            return bits[i].letter;
    return encapsulation != 0 ? '*' : ' ';
}

static char told_by_icmp(enum flow_icmp_mapped mapped)
{
    switch (mapped) {
    case FLOW_ICMP_UNREACHABLE:
        return 'U';
    case FLOW_ICMP_REDIRECT:
        return 'R';
    case FLOW_ICMP_TIME_EXCEEDED:
        return 'T';
    case FLOW_ICMP_NONE:
        break;
    }
    return ' ';
}

static char lost(const struct flow_record *r)
{
    enum { GAPS = 0xc00000 };
    uint32_t s = r->tcp_status;
    bool source = (s & FLOW_SOURCE_RETRANSMITTED) != 0 || r->side[0].lost > 0;
    bool destination = (s & FLOW_DESTINATION_RETRANSMITTED) != 0 || r->side[1].lost > 0;
    char letter = letter_of_pair(source, destination, "*sd");
    if (letter == ' ')
        letter = letter_of_pair((s & FLOW_SOURCE_OUT_OF_ORDER) != 0,
                                (s & FLOW_DESTINATION_OUT_OF_ORDER) != 0, "&ir");
    return letter == ' ' && (s & GAPS) != 0 ? 'g' : letter;
}

const char *flow_flags(const struct flow_record *r, char buffer[static FLOW_FLAGS_SIZE])
{
    enum { ECN_SOURCE = 0x4000, ECN_DESTINATION = 0x8000 };
    enum { CARRIED = 1, ICMP, LOSS, WINDOW, CONGESTION, FRAGMENTS };
    uint32_t s = r->tcp_status;
    memset(buffer, ' ', FLOW_FLAGS_SIZE - 1);
    buffer[FLOW_FLAGS_SIZE - 1] = '\0';
    buffer[CARRIED] = carried_by(r->encapsulation);
    buffer[ICMP] = told_by_icmp(r->mapped);
    buffer[LOSS] = lost(r);
    buffer[WINDOW] = letter_of_pair((s & FLOW_SOURCE_WINDOW_SHUT) != 0,
                                    (s & FLOW_DESTINATION_WINDOW_SHUT) != 0, "@SD");
    buffer[CONGESTION] = letter_of_pair((s & ECN_SOURCE) != 0, (s & ECN_DESTINATION) != 0, "Ext");
    buffer[FRAGMENTS] = r->is_fragment ? 'F' : ' ';
    return buffer;
}

const char *flow_cause_name(const struct flow_record *r)
{
    static const char *const names[] = {"",      "start",    "status", "stop", "timeout",
                                        "flush", "shutdown", "closed", "error"};
    return r->cause < COUNT_OF(names) ? names[r->cause] : "";
}
