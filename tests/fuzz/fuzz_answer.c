/* What comes back from a host that was asked: whatever it sends is judged, and convicts only as a
 * whole message with a checksum that holds, sane flags and a key that is not ours. The first byte
 * chooses the transport. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "conficker/message.h"
#include "scan/probe.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_valid(const struct shot *shot, struct reader came)
{
    static uint8_t scratch[ANSWER_SIZE];
    struct message m;
    assert(message_parse(came, shot->transport, scratch, sizeof scratch, &m) == MESSAGE_OK);
    assert(message_checksum_holds(&m) && message_flags_are_sane(m.flags, shot->transport));
    assert(m.key != shot->key);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2 || size > ANSWER_SIZE)
        return 0;
    enum transport transport = data[0] % 2 == 0 ? TRANSPORT_UDP : TRANSPORT_TCP;
    struct shot shot = {.transport = transport, .port = 4000, .key = 0x1122334455667788};
    struct answer answer = {0};
    struct reader came = reader_over(data + 1, size - 1);
    const struct probe *probe = probes[0];
    probe->judge(&shot, came, &answer);
    assert(answer.size == size - 1 && answer.head_size <= ANSWER_HEAD);
    assert(memchr(answer.system, '\0', sizeof answer.system) != NULL);
    struct check check = {.transport = transport, .cause = answer.cause};
    enum check_result result = check_result_of(&check);
    assert(result == CHECK_INFECTED || result == CHECK_ODD);
    if (answer.cause == CAUSE_VALID)
        check_valid(&shot, came);
    if (transport == TRANSPORT_TCP && probe->is_whole(came))
        assert(answer.cause != CAUSE_CUT_STREAM);
    struct asked host = {.count = 1, .shots = {shot}, .answers = {answer}};
    struct sign signs[PROBE_SIGNS_MAX];
    assert(probe->report(&host, signs) == 1);
    assert(signs[0].says[0] != '\0' && signs[0].fact_count >= 1);
    return 0;
}
