/* The ordinary afternoon: names, pages, clocks and files of an office, over IPv4 and a little
 * IPv6, with a tagged network, fragments, and a mirror port that now and then sees a frame
 * twice. */
#include "outbreak.h"

#include <string.h>

#include "base/compiler.h"

enum { CLIENTS_A_NET = 6, VLAN_OF_TAGGED = 105, PAGE_SIZE = 900 };

struct website {
    const char *name;
    uint32_t address;
};

static const struct website websites[] = {
    {"www.example.com", OUTSIDE_1(10)},        {"news.example.org", OUTSIDE_1(11)},
    {"mail.example.net", OUTSIDE_1(12)},       {"update.example.com", OUTSIDE_1(13)},
    {"maps.example.org", OUTSIDE_1(14)},       {"shop.example.co.uk", OUTSIDE_1(15)},
    {"images.cdn.example.net", OUTSIDE_1(16)}, {"timetable.example.de", OUTSIDE_1(17)}};

static void read_page(struct stage *s, int64_t when_us, uint32_t client)
{
    char body[PAGE_SIZE + 1];
    size_t size = 40 + dice_below(&s->dice, PAGE_SIZE - 40);
    memset(body, '.', size);
    body[size] = '\0';
    const struct website *site = &websites[dice_below(&s->dice, COUNT_OF(websites))];
    struct question q = {client, site->name, site->address, dice_below(&s->dice, 3) != 0};
    look_up(s, when_us, &q);
    struct web_page page = {.client = {client, dice_own_port(&s->dice)},
                            .server = {site->address, 80},
                            .host = site->name,
                            .path = "/index.html",
                            .type = "text/html",
                            .body = body};
    fetch(s, when_us + 140 * MILLISECONDS, &page);
}

static void read_page_in_secret(struct stage *s, int64_t when_us, uint32_t client)
{
    static const uint8_t hello[120] = {22, 3, 1, 0, 115, 1, 0, 0, 111, 3, 1};
    static const uint8_t data[400] = {23, 3, 1, 1, 139};
    struct place server = {OUTSIDE_1(12), 443};
    struct call c = call_open(s, when_us, (struct place){client, dice_own_port(&s->dice)}, server);
    call_say(&c, CLIENT, hello, sizeof hello);
    call_say(&c, SERVER, data, sizeof data);
    call_say(&c, CLIENT, data, 200);
    call_say(&c, SERVER, data, sizeof data);
    call_close(&c);
}

static void ask_time(struct stage *s, int64_t when_us, uint32_t client)
{
    uint8_t bytes[48] = {0xdb, 0, 4, 0xfa};
    struct datagram d = {{client, 123}, {OUTSIDE_1(123), 123}, bytes, sizeof bytes, false};
    tape_udp(s->tape, when_us, &d);
    bytes[0] = 0x1c;
    bytes[1] = 2;
    d.from = (struct place){OUTSIDE_1(123), 123};
    d.to = (struct place){client, 123};
    tape_udp(s->tape, when_us + 18000 + dice_below(&s->dice, 9000), &d);
}

/* A file is read from the server; the mirror port repeats the last frame of some. */
static void read_file(struct stage *s, int64_t when_us, uint32_t client)
{
    static const uint8_t zeros[68] = {0xff};
    char block[1100];
    memset(block, 'f', sizeof block);
    struct call c = smb_call(s, when_us, client, FILE_SERVER);
    const struct smb_words dialogue[] = {{0xa2, zeros, 48, "\\plans\\floor2.txt", 18},
                                         {0xa2, zeros, 68, "", 0},
                                         {0x2e, zeros, 24, "", 0},
                                         {0x2e, zeros, 24, block, sizeof block},
                                         {0x2e, zeros, 24, "", 0},
                                         {0x2e, zeros, 24, block, sizeof block},
                                         {0x04, zeros, 6, "", 0},
                                         {0x04, zeros, 0, "", 0}};
    for (size_t i = 0; i < COUNT_OF(dialogue); i++) {
        smb_say(&c, i % 2 == 0 ? CLIENT : SERVER, &dialogue[i]);
        if (dice_below(&s->dice, 12) == 0)
            tape_duplicate(s->tape, TICK_US);
    }
    call_close(&c);
}

static void look_at_intranet(struct stage *s, int64_t when_us, uint32_t client)
{
    struct question q = {client, "intranet.example.com", INTRANET, true};
    look_up(s, when_us, &q);
    struct web_page page = {.client = {client, dice_own_port(&s->dice)},
                            .server = {INTRANET, 80},
                            .host = "intranet.example.com",
                            .path = "/menu.html",
                            .type = "text/html",
                            .body = "<html><title>menu</title>soup</html>"};
    fetch(s, when_us + 30 * MILLISECONDS, &page);
}

/* An hour of one client. */
static void work(struct stage *s, uint32_t client)
{
    int64_t when_us = START_US + dice_time(&s->dice, 3 * MINUTES);
    while (when_us < START_US + 59 * MINUTES) {
        uint32_t what = dice_below(&s->dice, 10);
        if (what < 5)
            read_page(s, when_us, client);
        else if (what < 7)
            read_page_in_secret(s, when_us, client);
        else if (what < 8)
            read_file(s, when_us, client);
        else if (what < 9)
            look_at_intranet(s, when_us, client);
        else
            ask_time(s, when_us, client);
        if (what == 0)
            look_up_six(s, when_us + SECONDS, client, "www.example.com");
        when_us += 5 * MINUTES + dice_time(&s->dice, 12 * MINUTES);
    }
}

/* Large datagrams that need two or three frames. */
static void copy_in_fragments(struct stage *s)
{
    static uint8_t block[3600];
    memset(block, 'n', sizeof block);
    for (unsigned i = 0; i < 6; i++) {
        struct datagram d = {{FILE_SERVER, 2049}, {SITE(1, 102), 1021}, block, 2200, false};
        d.size += 250 * (size_t)i;
        tape_udp(s->tape, START_US + (5 + 9 * (int64_t)i) * MINUTES, &d);
    }
}

void play_office(struct tape *t)
{
    static const uint32_t others[] = {INFECTED_A, INFECTED_B, INFECTED_D, QUIET_D, VICTIM,
                                      SHARER,     BROWSER,    OTHER_BOT,  UNLUCKY};
    struct stage s = {.tape = t, .dice = {0x0ff1ce}};
    for (uint32_t net = 1; net <= 4; net++)
        for (uint32_t i = 0; i < CLIENTS_A_NET; i++)
            work(&s, SITE(net, 101 + i));
    for (size_t i = 0; i < COUNT_OF(others); i++)
        work(&s, others[i]);
    t->vlan = VLAN_OF_TAGGED;
    work(&s, TAGGED);
    t->vlan = 0;
    copy_in_fragments(&s);
}
