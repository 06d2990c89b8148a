"""The numbers that decide a verdict, a sign, a mark or an edge, and what to put in their place.

ROWS: {file: [(text, replacements, tests)]}. The text stands in the file once; in it the number is
between two @. Each replacement is one mutant, one a little lower and one a little higher; one of the
tests named must find it. A row with one replacement says why the other would change nothing.

SPARED: {file: {name or NAME_*: reason}}: numeric constants of FILES that are in no row. Memory and
words decide nothing; a reason says which of both it is, or what else."""

# Where every numeric #define, enum constant and `const` scalar is in ROWS or SPARED.
FILES = [
    "src/evidence/*.[ch]",
    "src/detect/*.[ch]",
    "src/engine/relays.[ch]",
    "src/engine/edges.[ch]",
    "src/engine/home.[ch]",
    "src/engine/hunt.h",
    "src/conficker/web_ports.[ch]",
    "src/conficker/worm_sites.[ch]",
    "src/conficker/ports.[ch]",
    "src/conficker/domains.[ch]",
    "src/conficker/message.[ch]",
]

ROWS = {
    "src/evidence/verdict.c": [
        ("#define S_INFECTED @9.0@", "8.99 9.01", "verdict verdict_bounds"),
        ("#define S_SUSPICIOUS @3.0@", "2.99 3.01", "verdict verdict_bounds"),
        ("#define A_SUSPICIOUS @3.0@", "2.99 3.01", "verdict verdict_bounds"),
        ("#define SUM_SUSPICIOUS @4.0@", "3.99 4.01", "verdict verdict_bounds"),
        ("#define A_MOST @8.0@", "7.99 8.01", "verdict verdict_bounds"),
        ("#define ONES_MOST @2.0@", "1.99 2.01", "verdict verdict_bounds"),
        ("#define SWEEPS_MOST @5.0@", "4.99 5.01", "verdict verdict_sweeps"),
        ("#define LISTENER_MOST @6.0@", "5.99 6.01", "verdict_sweeps verdict_bounds"),
        ("#define BARE_POINTS @3.0@", "2.99 3.01", "verdict verdict_bounds"),
        # One test or none is no correction, so a lower bound says the same.
        ("log10(s->tests > @1@ ? s->tests : 1)", "2", "verdict verdict_bounds"),
        ("return weight > @0@ ? fmin(weight, most_of(s)) : 0;", "-1 1", "verdict verdict_bounds"),
        # Proofs go before all else; anything above every chance does.
        ("s->weight == WEIGHT_PROOF         ? @1e9@", "8", "verdict verdict_bounds"),
        # A sweep of no points is never reported.
        ("signs[i].day == day && signs[i].points > @0@)", "1", "verdict_sweeps verdict_bounds"),
        ("else if (signs[i].points <= @1@)", "0.99 1.01", "verdict verdict_bounds"),
        ("gravity_of(&v->signs[0]) <= @0@)", "-1 1", "verdict verdict_bounds"),
        # A sweep weighs one point or three.
        ("v->signs[i].id == SIGN_SMB_SWEEP && v->signs[i].points >= @1@)", "1.01", "verdict_sweeps verdict_bounds"),
        (": gravity_of(&v->signs[i]) >= @1@)", "0.99 1.01", "verdict verdict_bounds"),
    ],
    "src/evidence/verdict.h": [
        ("#define VERDICT_ODD_ANSWER_POINTS @3.0@", "2.99 3.01", "odd_answers"),
        ("#define VERDICT_EXPLOIT_ELSEWHERE_POINTS @3.0@", "2.99 3.01", "exploit_detector"),
        ("#define VERDICT_FALSE_PER_HOST_DAY @1e-9@", "0.9e-9 1.1e-9", "hunt_bounds"),
    ],
    "src/evidence/trail.h": [
        ("#define TRAIL_PASSES_WITHIN_US (INT64_C(@60@) * 1000000)", "59 61", "trail relays"),
    ],
    "src/evidence/set.h": [
        ("#define SET_SIGMA @0.0325@", "0.0324 0.0326", "set"),
    ],
    "src/evidence/set.c": [
        ("count * (1 + @4@ * SET_SIGMA)", "3.9 4.1", "set"),
        ("set_count(set) * (1 - @4@ * SET_SIGMA)", "3.9 4.1", "set"),
        ("const double least = SET_EXACT_MAX + @1@;", "0 2", "set"),
    ],
    "src/evidence/chance.c": [
        ("static const double never = @-30@", "-29 -31", "chance"),
        ("in_days = @-6@;", "-5 -7", "chance"),
        ("static const double smallest = @-9999.0@;", "-9998 -10000", "chance"),
    ],
    "src/evidence/names.h": [
        ("NAMES_A_KIND = @4@,", "3 5", "names"),
        ("NAMES_LEASES = @8@,", "7 9", "names"),
        ("NAMES_LEASE_TRUST_DAYS = @8@ ", "7 9", "names"),
    ],
    "src/detect/callback.c": [
        ("#define POINTS_CLIENT @1.0@", "0.99 1.01", "callback"),
        ("#define POINTS_PROGRAM @6.0@", "5.99 6.01", "callback"),
        ("#define POINTS_PLAIN @3.0@", "2.99 3.01", "callback"),
        ("#define WITHIN_US (INT64_C(@10@) * 60 * US_PER_SECOND)", "9 11", "callback"),
        ("#define WITHIN_US (INT64_C(10) * @60@ * US_PER_SECOND)", "59 61", "callback"),
        ("enum { PORT_SMB = @445@, PORT_NETBIOS", "444 446", "callback"),
        ("PORT_NETBIOS = @139@, PATH_KEPT", "138 140", "callback"),
        ("if (after < @0@ || after > WITHIN_US", "-1 1", "callback"),
    ],
    "src/detect/exploit_seen.c": [
        ("enum { PORT_SMB = @445@, PORT_NETBIOS", "444 446", "exploit_detector"),
        ("PORT_NETBIOS = @139@, SMB_START", "138 140", "exploit_detector"),
    ],
    "src/detect/known_site.c": [
        ("#define POINTS @1.0@", "0.99 1.01", "http_detectors"),
        ("enum { DNS_PORT = @53@ };", "52 54", "http_detectors"),
    ],
    "src/detect/odd_http.c": [
        ("#define POINTS @1.0@", "0.99 1.01", "http_detectors"),
    ],
    "src/detect/rendezvous_http.c": [
        ("#define POINTS @6.0@", "5.99 6.01", "http_detectors"),
        ("COUNT_DIGITS_MAX = @3@,", "2 4", "http_detectors"),
        ("AQ_HEX_DIGITS = @8@ }", "7 9", "http_detectors"),
    ],
    "src/detect/p2p_listener.c": [
        ("READINGS = @2@ };", "1 3", "p2p_listener"),
        ("double tried = @PROTOCOLS@ * READINGS", "1 3", "p2p_listener"),
        ("!= week_of(noon_us) ? @2@ : 1;", "1 3", "p2p_listener"),
        ("!= week_of(noon_us) ? 2 : @1@;", "0.5 2", "p2p_listener"),
        ("double chance = @2@ * log10", "1.9 2.1", "p2p_listener"),
    ],
    "src/detect/p2p_ports.c": [
        ("enum { ADDRESSES_TO_CONVICT = @5@ };", "4 6", "p2p_detectors"),
        ("((day + @4@) % 7 + 7) % 7;", "3 5", "p2p_detectors"),
        ("% @7@ + 7) % 7;", "6 8", "p2p_detectors"),
        ("% 7 + @7@) % 7;", "6 8", "p2p_detectors"),
        ("% 7 + 7) % @7@;", "6 8", "p2p_detectors"),
        ("return of_week <= @1@;", "0 2", "p2p_detectors"),
        ("day_is_near_monday(day) ? @3@ : 2;", "2 4", "p2p_detectors"),
        ("day_is_near_monday(day) ? 3 : @2@;", "1 3", "p2p_detectors"),
    ],
    "src/detect/p2p_seen.c": [
        ("enum { PREFIX_SIZE = @2@,", "1 3", "p2p_detectors odd_answers no_odd_answers"),
        ("START_SIZE = @12@ };", "11 13", "no_odd_answers"),
    ],
    "src/detect/rendezvous_dns.c": [
        ("DNS_PORT = @53@,", "52 54", "rendezvous_dns"),
        ("DAYS_GRACE = @1@,", "0 2", "rendezvous_dns"),
        ("OTHER_DAYS_SMALL = @30@,", "29 31", "rendezvous_dns"),
        ("OTHER_DAYS_D = @7@,", "6 8", "rendezvous_dns"),
        ("LIST_NAMED_LOG10 = @-9@,", "-8 -10", "rendezvous_dns"),
        ("LABEL_FLOOR = @5@,", "4 6", "rendezvous_dns"),
        ("NAMES_TO_CONVICT = @3@\n", "2 4", "rendezvous_dns"),
        ("list == NAME_LIST_D ? @4@ : 5,", "3 5", "rendezvous_dns"),
        ("list == NAME_LIST_D ? 4 : @5@,", "4 6", "rendezvous_dns"),
        ("longest = list == NAME_LIST_D ? @9@ : 11;", "8 10", "rendezvous_dns"),
        ("longest = list == NAME_LIST_D ? 9 : @11@;", "10 12", "rendezvous_dns"),
        ("domain_chance(list, length) * (@2@ * DAYS_GRACE + 1);", "1 3", "rendezvous_dns"),
        ("(2 * DAYS_GRACE + @1@);", "0 2", "rendezvous_dns"),
        ("log10(longest - shortest + @1@)", "0 2", "rendezvous_dns"),
        ("+ log10(@NAME_LISTS@);", "2 4", "rendezvous_dns"),
        ("if (best.hits < @1@)", "0 2", "rendezvous_dns"),
        ("&s->trails->asked_by) > @0@;", "-1 1", "rendezvous_dns"),
    ],
    "src/detect/smb_sweep.c": [
        ("enum { PORT_SMB = @445@,", "444 446", "smb_sweep"),
        ("PORT_NETBIOS = @139@ };", "138 140", "smb_sweep"),
        ("ADDRESSES_FEW = @20@,", "19 21", "smb_sweep"),
        ("ADDRESSES_MANY = @50@ };", "49 51", "smb_sweep"),
        ("#define POINTS_FEW @1.0@", "0.99 1.01", "smb_sweep"),
        ("#define POINTS_MANY @3.0@", "2.99 3.01", "smb_sweep"),
        ("#define ANSWER_WITHIN_US (@60@ * US_PER_SECOND)", "59 61", "smb_sweep"),
        ("head->by_client ? @1@ : 0;", "0 2", "smb_sweep"),
        ("|| @2@ * failed < tried)", "1.9 2.1", "smb_sweep"),
        ("w->sampling <= @1@ ?", "0 2", "smb_sweep"),
    ],
    "src/detect/sweep_pattern.c": [
        ("enum { PORT_SMB = @445@,", "444 446", "sweep_pattern"),
        ("NEIGHBOURS = @10@ };", "9 11", "sweep_pattern"),
        (
            "#define BITS_SPARED UINT32_C(@0x00800080@)",
            "0x00800000 0x00000080 0x00c00080 0x008000c0",
            "sweep_pattern",
        ),
        ("{@0x00000000@, 8},  /* 0.0.0.0", "0x01000000", "sweep_pattern"),
        ("{0x00000000, @8@},  /* 0.0.0.0", "7 9", "sweep_pattern"),
        ("{0x0a000000, @8@},", "7 9", "sweep_pattern"),
        ("{0x64400000, @10@},", "9 11", "sweep_pattern"),
        ("{0x7f000000, @8@},", "7 9", "sweep_pattern"),
        ("{0xa9fe0000, @16@},", "15 17", "sweep_pattern"),
        ("{0xac100000, @12@},", "11 13", "sweep_pattern"),
        ("{0xc0a80000, @16@},", "15 17", "sweep_pattern"),
        ("{0xc6120000, @15@},", "14 16", "sweep_pattern"),
        ("{0xe0000000, @3@},", "2 4", "sweep_pattern"),
        ("&s->networks, target >> @16@);", "15 17", "sweep_pattern"),
        ("-networks * log10(@4@);", "3.9 4.1", "sweep_pattern"),
    ],
    "src/engine/hunt.h": [
        ("#define HUNT_SIGN_FLOOR @2.0@", "1.99 2.01", "hunt_bounds"),
    ],
    "src/engine/hunt_finish.c": [
        # Who fetches for one point shows odd-http at the same time, so a lower bound says the same.
        ("signs[i].weight == WEIGHT_POINTS && signs[i].points <= @1@;", "3", "hunt_bounds"),
    ],
    "src/engine/relays.h": [
        ("enum { RELAYED_MIN = @2@ };", "1 3", "relays"),
    ],
    "src/engine/relays.c": [
        ("passed_on[i] * @2u@ >= t->count", "19/10 21/10", "relays"),
    ],
    "src/engine/edges.c": [
        ("exploit->url_port != @0@ &&", "-1 4321", "edges"),
    ],
    "src/engine/home.c": [
        ("V4_NET(10, 0, 0, 0, @8@),", "7 9", "home"),
        ("V4_NET(172, 16, 0, 0, @12@),", "11 13", "home"),
        ("V4_NET(192, 168, 0, 0, @16@),", "15 17", "home"),
        ("V4_NET(100, 64, 0, 0, @10@),", "9 11", "home"),
        ("V4_NET(169, 254, 0, 0, @16@),", "15 17", "home"),
        ("{{UINT64_C(0xfe80000000000000), 0}, @10@},", "9 11", "home"),
        ("{{UINT64_C(0xfc00000000000000), 0}, @7@},", "6 8", "home"),
        ("a.low & ~UINT64_C(@0xffff@)}, 112};", "0x7fff 0x1ffff", "home"),
        ("a.high & ~UINT64_C(@0xffff@), 0}, 48};", "0x7fff 0x1ffff", "home"),
        ("UINT64_C(0xffff)}, @112@};", "111 113", "home"),
        ("UINT64_C(0xffff), 0}, @48@};", "47 49", "home"),
        ("best->count * @2@ <= all.looked_at", "19/10 21/10", "home"),
    ],
    "src/conficker/web_ports.c": [
        ("case @80@:", "79 81", "http_detectors"),
        ("case @443@:", "442 444", "http_detectors"),
        ("case @591@:", "590 592", "http_detectors"),
        ("case @3128@:", "3127 3129", "http_detectors"),
        ("case @5985@:", "5984 5986", "http_detectors"),
        ("case @8000@:", "7999 8001", "http_detectors"),
        ("case @8008@:", "8007 8009", "http_detectors"),
        ("case @8080@:", "8079 8082", "http_detectors"),
        ("case @8081@:", "8079 8082", "http_detectors"),
        ("case @8443@:", "8442 8444", "http_detectors"),
        ("case @8530@:", "8529 8532", "http_detectors"),
        ("case @8531@:", "8529 8532", "http_detectors"),
        ("case @8888@:", "8887 8889", "http_detectors"),
    ],
    "src/conficker/ports.h": [
        ("PORT_LOWEST = @2112@,", "2111 2113", "ports p2p_detectors"),
        ("PORTS_USABLE = @56384@ }", "56383 56385", "ports p2p_detectors p2p_listener"),
    ],
    "src/conficker/ports.c": [
        ("first_monday_us = @4@ * US_PER_DAY;", "3 5", "ports"),
        ("week_us = @7@ * US_PER_DAY;", "6 8", "ports"),
        ("if (into_week_us < @US_PER_DAY@)", "US_PER_DAY-1 US_PER_DAY+1", "ports"),
        ("into_week_us > week_us - @US_PER_DAY@ ?", "US_PER_DAY-1 US_PER_DAY+1", "ports"),
    ],
    "src/conficker/domains.c": [
        ("0xB46A7637, 0x64236735, @250@, 5, 11}", "249 251", "domains"),
        ("0xB46A7637, 0x64236735, 250, @5@, 11}", "4 6", "domains rendezvous_dns"),
        ("0xB46A7637, 0x64236735, 250, 5, @11@}", "10 12", "domains rendezvous_dns"),
        ("0xA3596526, 0x53125624, @250@, 5, 11}", "249 251", "domains"),
        ("0xA3596526, 0x53125624, 250, @5@, 11}", "4 6", "domains rendezvous_dns"),
        ("0xA3596526, 0x53125624, 250, 5, @11@}", "10 12", "domains rendezvous_dns"),
        ("0xF1E34A09, 0x4F3D859E, @50000@, 4, 9}", "49999", "domains"),
        ("0xF1E34A09, 0x4F3D859E, 50000, @4@, 9}", "5", "domains rendezvous_dns"),
        ("0xF1E34A09, 0x4F3D859E, 50000, 4, @9@}", "8 10", "domains rendezvous_dns"),
        ("double share = 1.0 / @6@;", "5 7", "domains"),
        ("label_letters == 8 ? 1.0 / @4@ :", "3 5", "domains"),
        ("label_letters == 8 ? 1.0 / 4 : 1.0 / @8@;", "7 9", "domains"),
        ("label_letters == @8@ ?", "7 9", "domains"),
        ("enum { LETTERS = @26@,", "25 27", "domains"),
        ("DAY_FIRST = @13879@", "13878 13880", "domains"),
        ("DAY_LAST = @47846@", "47845 47847", "domains"),
    ],
    "src/conficker/domains.h": [
        # Beyond these no list has a name, whatever is let through here.
        ("DOMAIN_LABEL_MIN = @4@,", "5", "domains"),
        ("DOMAIN_LABEL_MAX = @11@,", "10", "domains"),
    ],
    "src/conficker/message.h": [
        ("MESSAGE_IS_TCP = @0x0004@,", "0x0002 0x0008", "message message_built"),
        ("MESSAGE_HAS_IP = @0x0008@,", "0x0004 0x0010", "message message_built"),
        ("MESSAGE_HAS_UNKNOWN0 = @0x0010@,", "0x0008 0x0020", "message message_built"),
        ("MESSAGE_HAS_UNKNOWN1 = @0x0020@,", "0x0010 0x0040", "message message_built"),
        ("MESSAGE_HAS_DATA = @0x0040@,", "0x0020 0x0080", "message message_built"),
        ("MESSAGE_HAS_SYSINFO = @0x0080@,", "0x0040 0x0100", "message message_built"),
        ("MESSAGE_ENCODED = @0x8000@", "0x4000 0x2000", "message message_built"),
        ("MESSAGE_SIZE_MIN = @14@, ", "13 15", "message message_built odd_answers"),
        ("MESSAGE_STREAM_MAX = @8192@", "8191 8193", "message_built p2p_detectors"),
    ],
    "src/conficker/message.c": [
        ("enum { KEY_SIZE = @8@,", "7 9", "message message_built"),
        ("PREFIX_SIZE = @2@,", "1 3", "message message_built"),
        ("FIELDS_MASK = @0x00f8@,", "0x00f0 0x0078 0x00fc 0x01f8", "message_built p2p_detectors"),
        ("INSANE_MASK = @0x7f00@ }", "0x7e00 0x3f00 0x7f80", "message_built p2p_detectors"),
    ],
}

_BITS = "bits of a set: another number of one bit says the same"
_MEMORY = "a limit of memory: reported when it is hit"
_SHOWN = "how much is shown to a person"
_TEXT = "bytes of a text"
_EXPORT = "which packets are written out, none of which is weighed"

SPARED = {
    "src/evidence/sign.h": {
        "VARIANT_*": _BITS,
        "MARK_*": _BITS,
        "VARIANTS_MAX": "how many variants there are",
        "FACT*": _SHOWN,
        "SIGN_SAYS_SIZE": _TEXT,
    },
    "src/evidence/verdict.h": {
        "VERDICT_*_SIZE": _TEXT,
        "VERDICT_*_MAX": _SHOWN,
        "HOST_NAME_SIZE": _TEXT,
        "MAC_TEXT_SIZE": _TEXT,
    },
    "src/evidence/chance.c": {"TERMS_MAX": "the sum ends by its own terms long before"},
    "src/evidence/edge.h": {"EDGE_SAYS_SIZE": _TEXT},
    "src/evidence/examples.h": {"EXAMPLE*": _SHOWN},
    "src/evidence/hosts.c": {"TABLE_FIRST": _MEMORY},
    "src/evidence/hosts.h": {"HOSTS_*": _MEMORY},
    "src/evidence/names.c": {"TABLE_FIRST": _MEMORY, "DAYS_MAX": _MEMORY},
    "src/evidence/names.h": {"NAMES_BYTES": _MEMORY},
    "src/evidence/saving.c": {"*": "the form of saved evidence, not what it weighs"},
    "src/evidence/saving.h": {"*": "what is believed of a file of strangers, not what it weighs"},
    "src/evidence/set.c": {
        "INDEX_BITS": "the form of a sketch, which SET_REGISTERS fixes",
        "RANK_*": "the form of a sketch",
        "ln_2": "a constant of mathematics",
    },
    "src/evidence/set.h": {"SET_*": _MEMORY},
    "src/evidence/smallest.c": {"ROOM_*": _MEMORY},
    "src/evidence/trail.h": {"TRAIL_KEYS": _MEMORY},
    "src/detect/attacks.h": {"ATTACKS_KEPT": _MEMORY},
    "src/detect/behind.c": {"*": _EXPORT},
    "src/detect/calendar.h": {"CALENDAR_DAYS": _MEMORY},
    "src/detect/callback.c": {"*_MAX": _MEMORY, "PATH_KEPT": _SHOWN},
    "src/detect/exploit.c": {"*": _SHOWN},
    "src/detect/exploit_seen.c": {"SMB_START": "when to look again at a stream that goes on"},
    "src/detect/exploit_seen.h": {"EXPLOIT_WRITES_MAX": _MEMORY},
    "src/detect/p2p_listener.c": {"PROTOCOLS": "how many protocols there are; its use has a row"},
    "src/detect/p2p_odd_answer.c": {
        "BYTES_KEPT": _SHOWN,
        "OPEN_MAX": _MEMORY,
        "PORTS_MAX": "all ports that there can be",
    },
    "src/detect/p2p_seen.h": {"P2P_WRONG_SIZE": _TEXT},
    "src/detect/rendezvous_dns.c": {
        "LENGTHS": "follows from the lengths of labels",
        "HALVES": _MEMORY,
    },
    "src/detect/rendezvous_http.c": {"SEEN_*": _BITS},
    "src/detect/sampled.h": {"SAMPLED_SHOWN": _SHOWN},
    "src/detect/sites.c": {"TABLE_SIZE": _MEMORY, "LABEL_MAX": "what DNS allows"},
    "src/detect/sites.h": {"SITES_MAX": _MEMORY, "SITE_NAME_MAX": "what DNS allows"},
    "src/detect/smb_sweep.c": {"TRIED_*": _BITS},
    "src/engine/edges.c": {"VICTIMS_SHOWN": _SHOWN},
    "src/engine/edges.h": {"EDGES_*": _MEMORY, "INFECTION_SAYS_SIZE": _TEXT},
    "src/engine/home.h": {"HOME_*": "memory and time of a note in the summary"},
    "src/engine/hunt.h": {"HUNT_PROGRESS_CALLS": _SHOWN},
    "src/conficker/worm_sites.h": {"WORM_SITES": "how many rows the table has"},
    "src/conficker/ports.h": {"PORT_ROUNDS_MAX": "an end for a loop that ends by itself"},
    "src/conficker/domains.c": {
        "SINE_COUNTS_BELOW": "saves time; test_domains compares all names with published lists",
        "FILETIME_*": "facts of the worm, which published lists of names confirm",
        "TICKS_*": "facts of the worm, which published lists of names confirm",
    },
    "src/conficker/domains.h": {"DOMAIN_NAME_SIZE": _TEXT, "NAMES_A_DAY_MAX": _MEMORY},
    "src/conficker/message.h": {
        "MESSAGE_MODE": "has no say in what holds",
        "MESSAGE_LOCAL_ACK": "has no say in what holds",
        "MESSAGE_SIZE_MAX": "what a prefix of 16 bits can say",
    },
}
