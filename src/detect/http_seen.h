/* HTTP in observations, for the detectors that look at it: requests of a known client, their path,
 * and which answers bring a Windows program that says it is a picture. */
#ifndef WORMSIGN_DETECT_HTTP_SEEN_H
#define WORMSIGN_DETECT_HTTP_SEEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/reader.h"
#include "evidence/examples.h"
#include "observe/observation.h"
#include "wire/http.h"

/* A request that the client sent, over TCP, and it is known who began. */
bool http_is_request(const struct observation *seen);

/* The request's method is GET. */
bool http_is_get(const struct http_message *m);

/* The path with its slash and its query; of "http://host/path", as proxies are asked, the part
 * behind the host. Empty where there is none. */
struct reader http_path(const struct http_message *m);

uint64_t http_path_hash(struct reader path);

/* A slash and ASCII letters, one or more; nothing else. */
bool http_path_is_letters(struct reader path);

/* The server's answer to a known client: a body that begins with MZ under an image type. */
bool http_is_program_as_image(const struct observation *seen);

/* Keeps "10.0.0.5:4321 /path", where and what was asked, as an example of the request with this
 * hash; the path as it came. */
void http_keep_example(struct examples *examples, uint64_t asked, const struct observation *seen,
                       struct reader path);

#endif
