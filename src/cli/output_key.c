/* A key that is guessed gives all addresses away, so a short one is refused; any bytes will do, as
 * a digest of them is the key. What is longer than a key can sensibly be is another file. */
#include "cli/output_key.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "report/anonymiser.h"

enum { SECRET_MOST = 4096 };

enum exit_code output_key_read(const struct call *call, const char *path, struct anonymiser **out)
{
    uint8_t secret[SECRET_MOST + 1], key[ANONYMISER_KEY_BYTES];
    FILE *file = fopen(path, "re");
    size_t size = file != NULL ? fread(secret, 1, sizeof secret, file) : 0;
    bool failed = file == NULL || ferror(file) != 0;
    int reason = errno;
    if (file != NULL)
        (void)fclose(file);
    *out = NULL;
    if (failed) {
        console_complain(call->console, "cannot read the key %.1000s: %s", path, strerror(reason));
        return EXIT_FAILED;
    }
    if (size < ANONYMISER_SECRET_LEAST || size > SECRET_MOST)
        return call_is_wrong(
            call,
            "a key has %d to %d bytes, which %s has not; make one with: head -c 32 "
            "/dev/urandom >KEYFILE",
            ANONYMISER_SECRET_LEAST, SECRET_MOST, path);
    anonymiser_key_of(secret, size, key);
    *out = anonymiser_new(key);
    explicit_bzero(secret, sizeof secret);
    explicit_bzero(key, sizeof key);
    if (*out == NULL)
        console_complain(call->console, "no memory for the key");
    return *out != NULL ? EXIT_DONE : EXIT_FAILED;
}
