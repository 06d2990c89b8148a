/* Web ports: where HTTP is expected, so that HTTP anywhere else is odd. The worm serves itself to
 * its victims on a port of 1024 to 10000 that it draws; the ports below are those of ordinary web
 * servers, proxies, remote management (5985) and Windows' update servers (8530, 8531). */
#ifndef WORMSIGN_CONFICKER_WEB_PORTS_H
#define WORMSIGN_CONFICKER_WEB_PORTS_H

#include <stdbool.h>
#include <stdint.h>

bool port_is_web(uint16_t port);

#endif
