/* With whose account a conversation is held: nobody's, guest's with an empty password, then the one
 * that a person gave. Nobody's is enough for the hosts of the worm's days.
 *
 * The given account is never under way with more hosts than it may still be refused by, so a wrong
 * password locks nothing. Source: spec of asking, section c, step 2; MS-NLMP 3.1.5. */
#include <string.h>

#include "base/hash.h"
#include "base/time.h"
#include "base/writer.h"
#include "scan/smb_accounts.h"
#include "scan/smb_talk.h"
#include "wire/ntlm_answer.h"
#include "wire/ntlmssp.h"
#include "wire/smb_requests.h"
#include "wire/spnego.h"

#define NTLMSSP_ANONYMOUS UINT32_C(0x00000800)

enum { ANSWER_MAX = SMB_TALK_BLOB_MAX };

#define US "wormsign"

static bool is_given(const struct smb_accounts *given)
{
    return given != NULL && given->user != NULL && given->failures < SMB_FAILURES_MAX;
}

/* True when the given account may be used now. */
static bool take_turn(struct smb_talk *t, struct smb_accounts *given)
{
    if (t->account != SMB_GIVEN || t->under_way)
        return true;
    if (given->failures + given->under_way >= SMB_FAILURES_MAX)
        return false;
    given->under_way++;
    t->under_way = true;
    return true;
}

void smb_account_is_known(struct smb_talk *t, struct smb_accounts *given, bool refused)
{
    if (!t->under_way)
        return;
    t->under_way = false;
    given->under_way--;
    given->failures += refused;
}

/* No account is left; denied: what the last one wanted was. */
static void give_up(struct smb_talk *t, bool denied, struct dialogue_step *out)
{
    bool given = denied && t->account == SMB_GIVEN;
    if (t->denied || t->login_status == SMB_STATUS_ACCESS_DENIED)
        smb_conclude(t,
                     t->found.demands_signing ? SMB_CAUSE_SIGNING
                     : given                  ? SMB_CAUSE_DENIED_GIVEN
                                              : SMB_CAUSE_DENIED,
                     SMB_STATUS_ACCESS_DENIED, out);
    else
        smb_conclude(t, SMB_CAUSE_LOGIN_FAILED, t->login_status, out);
}

void smb_log_in(struct smb_talk *t, struct smb_accounts *given, struct dialogue_step *out)
{
    t->waits_for_account = false;
    if (t->account == SMB_GIVEN && !t->under_way && !is_given(given)) {
        give_up(t, false, out);
        return;
    }
    if (!take_turn(t, given)) {
        t->waits_for_account = true;
        out->wish = DIALOGUE_PAUSE;
        out->pause_us = SMB_TALK_ACCOUNT_PAUSE_US;
        return;
    }
    t->tree = t->user = 0;
    t->has_tree = false;
    smb_ask(t, t->extended ? SMB_STEP_LOGIN_OFFER : SMB_STEP_LOGIN, out);
}

void smb_next_account(struct smb_talk *t, struct smb_accounts *given, bool denied, uint32_t status,
                      struct dialogue_step *out)
{
    t->denied = t->denied || denied;
    if (!denied)
        t->login_status = status;
    if (t->account == SMB_GIVEN || (t->account == SMB_GUEST && !is_given(given))) {
        give_up(t, denied, out);
        return;
    }
    t->account++;
    smb_log_in(t, given, out);
}

/* Who logs in, and by what. */
struct who {
    const char *account, *domain, *password;
    bool version1;
};

static struct who who_of(const struct smb_talk *t)
{
    if (t->account == SMB_GIVEN)
        return (struct who){t->given->user, t->given->domain, t->given->password, t->given->ntlmv1};
    return (struct who){t->account == SMB_GUEST ? "guest" : "", "", "", false};
}

/* Both answers to the challenge; false for a text that is too long. Nobody answers one zero, and
 * nothing. */
static bool answer(const struct smb_talk *t, const struct who *who, struct reader target_info,
                   struct writer *lm, struct writer *nt)
{
    struct ntlm_challenges challenges;
    struct ntlm_hash hash, v2;
    uint8_t short_answer[NTLM_ANSWER_SIZE];
    uint64_t random = hash_pair(t->random, t->multiplex);
    if (t->account == SMB_NOBODY) {
        write_u8(lm, 0);
        return true;
    }
    memcpy(challenges.server, t->challenge, sizeof challenges.server);
    memcpy(challenges.client, &random, sizeof challenges.client);
    if (!ntlm_nt_hash(who->password, &hash))
        return false;
    if (who->version1) {
        ntlm_v1_answer(&hash, challenges.server, short_answer);
        write_bytes(lm, short_answer, sizeof short_answer);
        write_bytes(nt, short_answer, sizeof short_answer);
        return true;
    }
    if (!ntlm_v2_hash(&hash, who->account, who->domain, &v2))
        return false;
    ntlm_v2_short_answer(&v2, &challenges, short_answer);
    write_bytes(lm, short_answer, sizeof short_answer);
    ntlm_v2_answer(nt, &v2, &challenges, filetime_of_time(t->now_us), target_info);
    return !nt->failed;
}

void smb_build_login(const struct smb_talk *t, const struct smb_ids *ids, struct writer *w)
{
    uint8_t lm_bytes[NTLM_ANSWER_SIZE], nt_bytes[ANSWER_MAX];
    struct writer lm = writer_over(lm_bytes, sizeof lm_bytes);
    struct writer nt = writer_over(nt_bytes, sizeof nt_bytes);
    struct who who = who_of(t);
    /* Guest's password is empty: the old answer, which every host takes, gives nothing away. */
    who.version1 = who.version1 || t->account == SMB_GUEST;
    if (!answer(t, &who, reader_over(NULL, 0), &lm, &nt))
        lm.used = nt.used = 0; /* it will be refused */
    const struct smb_login login = {.session_key = t->session_key,
                                    .lm = reader_over(lm_bytes, lm.used),
                                    .nt = reader_over(nt_bytes, nt.used),
                                    .account = who.account,
                                    .domain = who.domain,
                                    .os = US,
                                    .lanman = US};
    smb_session_setup_build(w, ids, &login);
}

/* Who the server says it is. In no domain, the name of its "domain" is its own. */
static void take_names(struct smb_talk *t, const struct ntlmssp_challenge *c)
{
    struct smb_check *found = &t->found;
    smb_copy(found->computer, sizeof found->computer, c->computer);
    smb_copy(found->fqdn, sizeof found->fqdn, c->dns_computer);
    if (c->domain[0] != '\0' && strcasecmp(c->domain, c->computer) != 0) {
        smb_copy(found->domain, sizeof found->domain, c->domain);
        smb_copy(found->dns_domain, sizeof found->dns_domain, c->dns_domain);
        smb_copy(found->forest, sizeof found->forest, c->dns_forest);
        found->workgroup[0] = '\0';
    }
    if (found->os[0] == '\0' && c->major != 0) {
        struct text os = text_over(found->os, sizeof found->os);
        text_add(&os, "Windows %u.%u", c->major, c->minor);
        if (c->build != 0)
            text_add(&os, " build %u", c->build);
    }
}

/* NTLMSSP's third message, into the state: the challenge is gone with the bytes it came in. */
static bool prepare_proof(struct smb_talk *t, const struct ntlmssp_challenge *c)
{
    uint8_t lm_bytes[NTLM_ANSWER_SIZE], nt_bytes[ANSWER_MAX], token[SMB_TALK_BLOB_MAX];
    struct writer lm = writer_over(lm_bytes, sizeof lm_bytes);
    struct writer nt = writer_over(nt_bytes, sizeof nt_bytes);
    struct writer message = writer_over(token, sizeof token);
    struct writer blob = writer_over(t->blob, sizeof t->blob);
    struct who who = who_of(t);
    if (!answer(t, &who, c->target_info, &lm, &nt))
        return false;
    const struct ntlmssp_login login = {.flags = NTLMSSP_FLAGS | NTLMSSP_VERSION |
                                                 (who.version1 ? 0 : NTLMSSP_EXTENDED) |
                                                 (t->account == SMB_NOBODY ? NTLMSSP_ANONYMOUS : 0),
                                        .lm = reader_over(lm_bytes, lm.used),
                                        .nt = reader_over(nt_bytes, nt.used),
                                        .account = who.account,
                                        .domain = who.domain,
                                        .host = US};
    ntlmssp_authenticate_build(&message, &login);
    if (t->spnego)
        spnego_then_build(&blob, reader_over(token, message.used));
    else
        write_bytes(&blob, token, message.used);
    t->blob_size = blob.used;
    return !message.failed && !blob.failed;
}

static bool read_challenge(const struct smb_talk *t, struct reader blob,
                           struct ntlmssp_challenge *out)
{
    struct reader token = blob;
    if (t->spnego && !spnego_token_read(blob, &token))
        return false;
    return ntlmssp_challenge_read(token, out);
}

/* Nobody proves nothing, so a challenge that cannot be read keeps nobody out. */
bool smb_take_challenge(struct smb_talk *t, struct reader blob)
{
    struct ntlmssp_challenge c = {0};
    if (!read_challenge(t, blob, &c) && (t->account != SMB_NOBODY || t->smb2))
        return false;
    memcpy(t->challenge, c.challenge, sizeof t->challenge);
    take_names(t, &c);
    return t->smb2 || prepare_proof(t, &c);
}
