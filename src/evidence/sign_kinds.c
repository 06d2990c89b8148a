/* What every sign means, once, for people: `explain`, `list` and the reports read it here.
 *
 * The weights in words and the rules follow the table of signs in the design; the numbers that
 * weigh are in verdict.c alone. Facts about the worm come from the published analyses of 2009 and
 * from the public tools of that year. Variants are named as Microsoft does. */
#include "evidence/sign.h"

#include <assert.h>
#include <string.h>

#include "base/compiler.h"

#define ISOLATE_AND_CLEAN                                                                          \
    "Take the host off the network, note what it holds, and reinstall it or clean it from a "      \
    "rescue medium; then install the update MS08-067, turn autorun off and change the passwords "  \
    "of every account that was used on it. "
#define LOOK_CLOSER                                                                                \
    "By itself this is no reason to take a host away. Look at the machine itself (which programs " \
    "listen and connect, is the update MS08-067 there), ask it by 'wormsign scan', and look for "  \
    "other signs of it in older and newer records. "

static const struct sign_kind kinds[SIGN_IDS] = {
    [SIGN_P2P_ANSWER] =
        {.id = "p2p-answer",
         .weight = "proof",
         .claim = "It answered a peer-to-peer message of the worm with a valid one of its own.",
         .meaning =
             "Variants D and E (SRI's C and E) listen on two TCP and two UDP ports that follow "
             "from "
             "their address and the week. This host was sent a message on such a port and sent "
             "back bytes that decrypt, whose 32-bit checksum holds, whose flags are sane, and that "
             "are not the request echoed. An innocent service does that by chance about once in "
             "2^32 answers; only a program that speaks the worm's protocol, such as a honeypot or "
             "a test responder, can be mistaken for it.",
         .advice = ISOLATE_AND_CLEAN
         "Where the answer came through address translation, the infected machine stands behind "
         "this address: the report names it where the ports tell ('behind it'), and 'wormsign "
         "unmask' finds it from ports."},
    [SIGN_P2P_ODD_ANSWER] =
        {.id = "p2p-odd-answer",
         .weight = "3",
         .claim =
             "Asked on a port predicted for its address, it sent data that is no valid answer.",
         .meaning =
             "Something listens where the worm would listen, and what it answered to a P2P message "
             "does not hold: it does not parse or is cut, its checksum is wrong, its flags are not "
             "those of a message, it is the request sent back, or it came before it was asked for. "
             "In captures this is looked for only where the client sent a valid P2P message, as a "
             "scanner or an infected host does. Of ordinary hosts with ten open ports about one in "
             "3,000 has one that is predicted by chance, so this is a hint and no more.",
         .advice = LOOK_CLOSER
         "Find out which program owns the port (netstat -ano on the host): a known service "
         "settles it. If none does, compare the port with those of 'wormsign ports ADDRESS' for "
         "this week and the next: the worm moves its second pair on Monday 00:00 UTC and a "
         "service stays."},
    [SIGN_SMB_ANSWER] =
        {.id = "smb-answer",
         .weight = "proof (6 where a D or E answer returns an empty path)",
         .claim = "Its NetpwPathCanonicalize answers as the worm's replacement does.",
         .meaning =
             "The worm closes the hole it came through by replacing one function in memory. The "
             "replacement answers two harmless questions differently from every Windows: error "
             "0x57 for variants A to C, the path 0x5c45005c for D and E. A D or E answer whose "
             "path is empty was met in the field, is less certain, and weighs 6. A scan asks; in a "
             "capture the questions and answers of any tool count, where both sides of the "
             "session were captured from its start. Emulations such as honeypots can give the "
             "same answer.",
         .advice = ISOLATE_AND_CLEAN
         "The hook lives in memory only: a restart hides it for a while and cures nothing."},
    [SIGN_P2P_MESSAGE] =
        {.id = "p2p-message",
         .weight = "proof (3 where it sent bare requests only)",
         .claim = "It began to send peer-to-peer messages of the worm.",
         .meaning =
             "A packet that this host sent first decrypts with its own key, its 32-bit checksum "
             "holds and its flags are sane. A host that sends nothing but bare requests, without "
             "any field or noise, does what scanners do: it weighs 3, the host is marked as a "
             "scanner, and its contacts on predicted ports do not count either.",
         .advice = ISOLATE_AND_CLEAN
         "If the host is a scanner of your own, name it with --exempt."},
    [SIGN_P2P_LISTENER] =
        {.id = "p2p-listener",
         .weight = "statistical, at most 6",
         .claim = "It answered on both ports of a protocol that the worm would open on it.",
         .meaning =
             "Others reached this host on both of the TCP ports, or both of the UDP ports, that "
             "the worm computes for its address and that week, and it answered. The chance for an "
             "innocent host is (a / 56,384) squared, where a is the number of distinct ports on "
             "which it answered, of those that the worm could draw, times the four or eight ways "
             "(protocols, readings of the rule, weeks near Monday) in which this could come about. "
             "So a server that answers everywhere weighs little.",
         .advice = LOOK_CLOSER
         "'wormsign ports ADDRESS' names the four ports: find out on the host which program owns "
         "them (netstat -ano). A known service explains it."},
    [SIGN_P2P_PORTS] =
        {.id = "p2p-ports",
         .weight = "statistical",
         .claim = "It contacts many hosts on exactly the ports that the worm computes for them.",
         .meaning =
             "Of the n distinct pairs of address and port from 2112 upward that this host began "
             "to contact in a UTC day, k distinct addresses were contacted on a port that is "
             "predicted for that very address. By chance one pair in about 28,000 fits (one in "
             "19,000 near Monday 00:00 UTC); the sign's chance is the tail of that Poisson "
             "distribution. It convicts from k of 5. Scanners that look for the worm do the same: "
             "without payload they cannot be told from variant D.",
         .advice = ISOLATE_AND_CLEAN
         "First make sure that it is no scanner of yours (--exempt) and no gateway: behind a "
         "gateway, look for the host that sent the flows before translation."},
    [SIGN_SMB_SWEEP] =
        {.id = "smb-sweep",
         .weight = "1 from 20 addresses, 3 from 50",
         .claim = "It tried ports 445 or 139 on many addresses, and half or more failed.",
         .meaning =
             "Worms look for victims where nobody lives, so most of their attempts fail. Servers "
             "that manage many machines, backup programs and scanners also open many connections, "
             "but to hosts that exist. An attempt succeeded when the other answered or this host "
             "sent data, so a capture of one direction accuses nobody; sampling hides both, and "
             "there it weighs 1 at most. Other worms and careless tools sweep 445 too.",
         .advice = LOOK_CLOSER
         "Ask who runs the host and whether it scans or manages others. Closing 445 between "
         "clients stops this kind of spread whatever the cause."},
    [SIGN_SWEEP_PATTERN] =
        {.id = "sweep-pattern",
         .weight = "statistical, at most 5, only beside smb-sweep",
         .claim = "Its 445 targets avoid three quarters of the address space, as the worm's do.",
         .meaning =
             "The worm's generator of random targets never sets the highest bit of the second and "
             "of the fourth octet. When the targets of a sweep outside the own networks lie in m "
             "distinct /16s and all avoid these bits, an even scanner does so with a chance of "
             "4^-m or less; a single target with such a bit ends the sign. It is judged against "
             "even scanners only: it counts beside smb-sweep of the same day, both weigh 5 at "
             "most together, and it never convicts.",
         .advice = LOOK_CLOSER
         "Together with smb-sweep it points to variants A, B, C or E, so look on the machine "
         "itself."},
    [SIGN_EXPLOIT] =
        {.id = "exploit",
         .weight = "proof for the sender (3 anywhere else in SMB); 0 and the mark 'attacked' for "
                   "the target",
         .claim = "It sent the worm's MS08-067 exploit to another host.",
         .meaning =
             "The decoder bytes of variant A or B (C has B's), 21 bytes that stand in clear on the "
             "wire, went from client to server in a write to a named pipe, a transaction on a "
             "pipe or a DCERPC request. The URL hidden behind them is decoded and shown. Anywhere "
             "else in SMB, as in a file with rules or samples being copied, they weigh 3. The "
             "target was attacked, which does not say that the attack worked: for it this weighs "
             "nothing. SMB2, encrypted SMB and what a server sends are not looked into.",
         .advice = ISOLATE_AND_CLEAN
         "Check each host marked 'attacked': did it open the call-back soon after? Has it the "
         "update MS08-067?"},
    [SIGN_CALLBACK] =
        {.id = "callback",
         .weight = "proof for the server, 6 or 3; 1 and the mark 'fetched' for the client",
         .claim = "It served a file to a host soon after it had reached that host's port 445.",
         .meaning =
             "A victim of the exploit fetches the worm by HTTP from a port of the attacker that is "
             "no web port, within 10 minutes after a connection of the attacker to its port 445 or "
             "139 that stood. It is a proof for the server when the "
             "address is the one decoded from its own exploit to that client; 6 when the body is a "
             "Windows program under the type of a picture and the path is letters only; else 3.",
         .advice = ISOLATE_AND_CLEAN
         "Treat the client that is marked 'fetched' as infected until a look at the machine says "
         "otherwise."},
    [SIGN_ODD_HTTP] =
        {.id = "odd-http",
         .weight = "1",
         .claim = "It asked in HTTP on a port that is no web port.",
         .meaning =
             "The test of a mail of spring 2009: words of HTTP where no web server is expected. "
             "Many innocent programs do this (printers, media players, development servers), so "
             "it only adds to other signs; what was asked is listed.",
         .advice = LOOK_CLOSER
         "Read the requests in the facts: a path of a few random letters that was fetched "
         "once, right after a connection to port 445, deserves attention."},
    [SIGN_RENDEZVOUS_DNS] =
        {.id = "rendezvous-dns",
         .weight = "statistical",
         .claim = "It looked up names that the worm generates for that day.",
         .meaning =
             "Each variant makes a list of names for each date: 250 for A, 250 for B and C, 50,000 "
             "for D and E. The distinct names that this host looked up are compared with the lists "
             "of the day, the day before and the day after; the chance of an innocent match "
             "depends on the length of the name, and the best of the nested tails is taken and "
             "corrected for the number tried. It convicts from 3 names of 5 letters or more. "
             "Somebody who looks up names of other dates too checks lists and is marked as a "
             "scanner; a resolver asks for others and is marked as a relay.",
         .advice = ISOLATE_AND_CLEAN
         "Where the host is a resolver or a proxy, read its own log to find the client that "
         "asked. 'wormsign domains --check --date DATE NAME' verifies each name by hand, with the "
         "date on which it was looked up."},
    [SIGN_RENDEZVOUS_HTTP] =
        {.id = "rendezvous-http",
         .weight = "6",
         .claim = "It asked a bare IPv4 address for /search?q=N, as variants A and B do.",
         .meaning =
             "After it has resolved one of its names, the worm fetches /search?q=N with the "
             "address itself as the name of the host; N is the number of machines that this copy "
             "has infected. Few innocent programs ask a bare address for just that.",
         .advice = LOOK_CLOSER
         "The address that was asked is often a sinkhole of a security team: look it up, and "
         "take what the sinkhole's operator says about this host as a second witness."},
    [SIGN_KNOWN_SITE] =
        {.id = "known-site",
         .weight = "1",
         .claim = "It visited a site that the worm visits too.",
         .meaning = "The worm learns its own public address from a few web services, variant A "
                    "looks for a "
                    "program on a site that is long gone, and you can give a list of further names "
                    "(--sites). Plenty of innocent programs use the same services. Sites that "
                    "it asks only for the time are shown as context and weigh nothing.",
         .advice = LOOK_CLOSER "It matters only beside other signs of the same day."},
};

const struct sign_kind *sign_kind_of(enum sign_id id)
{
    assert((unsigned)id < COUNT_OF(kinds));
    return &kinds[id];
}

const struct sign_kind *sign_kind_named(const char *id)
{
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        if (strcmp(kinds[i].id, id) == 0)
            return &kinds[i];
    }
    return NULL;
}
