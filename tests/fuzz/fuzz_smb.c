/* SMB1 streams: data lies within the stream, every walk ends, and what is found of the worm's
 * exploit is printable and never passed over. The first byte says whether the start was
 * seen. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "base/writer.h"
#include "detect/exploit_seen.h"
#include "observe/flows.h"
#include "wire/dcerpc.h"
#include "wire/smb_writes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_within(struct reader part, const uint8_t *data, size_t size)
{
    if (part.left == 0)
        return;
    assert(part.next >= data && part.left <= size);
    assert((size_t)(part.next - data) <= size - part.left);
}

static void check_calls(struct reader pipe)
{
    struct dcerpc_pdu pdu;
    size_t left = pipe.left;
    while (dcerpc_next(&pipe, &pdu)) {
        assert(pipe.left < left && pdu.stub.left < left);
        left = pipe.left;
    }
}

static void check_url(const struct exploit_url *url)
{
    char line[1024];
    struct text text = text_over(line, sizeof line);
    exploit_url_say(url, EXPLOIT_URL_MAX, &text);
    assert(!text.cut && url->size <= EXPLOIT_URL_MAX && url->path_at <= url->size);
    for (size_t i = 0; i < text.used; i++)
        assert(line[i] >= ' ' && line[i] < 0x7f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0 || size > STREAM_HEAD_BYTES)
        return 0;
    bool start_known = (data[0] & 1) != 0;
    struct reader stream = reader_over(data + 1, size - 1);
    struct smb_writes writes = smb_writes_over(stream, start_known);
    struct smb_write write;
    enum smb_target target;
    while (smb_writes_next(&writes, &write, &target)) {
        check_within(write.data, data, size);
        assert(!write.to_pipe || target == SMB_TO_PIPE);
        check_calls(write.data);
    }
    assert(writes.tree_count <= SMB_TREES_MAX);
    struct exploit_seen all = exploit_seen_in(stream, start_known);
    struct exploit raw;
    check_url(&all.exploit.url);
    if (writes.walk.ending == SMB_ENDS_WITH_BYTES && exploit_find(stream, &raw))
        assert(all.place != EXPLOIT_NOWHERE);
    return 0;
}
