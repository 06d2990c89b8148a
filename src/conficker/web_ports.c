/* One list for every detector that asks. */
#include "conficker/web_ports.h"

bool port_is_web(uint16_t port)
{
    switch (port) {
    case 80:
    case 443:
    case 591:
    case 3128:
    case 5985:
    case 8000:
    case 8008:
    case 8080:
    case 8081:
    case 8443:
    case 8530:
    case 8531:
    case 8888:
        return true;
    default:
        return false;
    }
}
