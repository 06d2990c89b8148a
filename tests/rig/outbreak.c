/* outbreak FILE: writes the made-up capture samples/outbreak.pcap, the same bytes every time.
 *
 * One hour of a site, 10.9.0.0/16, on Tuesday 2009-04-21 from 16:00 UTC, as a mirror port would
 * have seen it: four infected hosts, eight that only look it, and the office around them. Who is
 * what, and how the shipped file is made from it, stands in samples/README.md. */
#include "outbreak.h"

int main(int argc, char **argv)
{
    if (argc != 2) {
        (void)fprintf(stderr, "usage: outbreak FILE\n");
        return 2;
    }
    struct tape t = {0};
    play_infected_a(&t);
    play_infected_b(&t);
    play_infected_d(&t);
    play_quiet_d(&t);
    play_scanner(&t);
    play_asker(&t);
    play_sharer(&t);
    play_other_bot(&t);
    play_browser(&t);
    play_unlucky(&t);
    play_office(&t);
    FILE *file = fopen(argv[1], "wb");
    bool good = file != NULL && tape_write(&t, file);
    if (file != NULL && fclose(file) != 0)
        good = false;
    if (!good)
        perror(argv[1]);
    tape_free(&t);
    return good ? 0 : 4;
}
