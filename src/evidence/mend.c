/* The steps in their order, and why each is needed: a host that is cleaned before it is patched, or
 * patched before the passwords are changed, is infected again within the hour. */
#include "evidence/mend.h"

#include <assert.h>

#include "base/compiler.h"

static const struct mend mends[VERDICT_KINDS] = {
    [VERDICT_INFECTED] =
        {.title = "How to mend an infected host",
         .summary = "Take it off the network now, clean it, close the ways the worm came in by, "
                    "and make sure.",
         .step_count = 6,
         .steps =
             {{"Isolate it",
               "Unplug the network, wireless too, or close its switch port. Leave it running until "
               "you have noted what it holds and who uses it: an infected host attacks others by "
               "the minute."},
              {"Remove the worm",
               "Reinstall it, or clean it from a rescue medium with a current scanner: on a "
               "running system the worm hides and stops the tools. Clean USB sticks and shares "
               "that it wrote to as well: it leaves autorun.inf and a DLL there."},
              {"Patch MS08-067",
               "Install the update KB958644 from a medium, before the network is plugged in again. "
               "Where there is none for the system, close ports 445 and 139 to it."},
              {"Change passwords",
               "Of every account that was used on it, first those of administrators: the worm "
               "guesses weak passwords of shares and uses the logged-in user's rights."},
              {"Turn autorun off",
               "On this host and on all that share media with it. The update KB971029 does it."},
              {"Rescan",
               "Ask it with 'wormsign scan' and look at the records of the following days with "
               "'wormsign hunt'. It is cured when the scan says clean and no new sign shows."}}},
    [VERDICT_SUSPICIOUS] =
        {.title = "What to do about a suspicious host",
         .summary = "Look closer before you take it away: what it shows has innocent explanations.",
         .step_count = 4,
         .steps =
             {{"Ask it",
               "'wormsign scan' asks it over SMB and on the worm's ports. One proof makes it "
               "infected; a clean answer over SMB speaks for it."},
              {"Look at the machine",
               "Which programs listen and connect (netstat -ano)? Is the update MS08-067 "
               "(KB958644) there? Do its security programs and updates still run? The worm stops "
               "them."},
              {"Ask who runs it",
               "Scanners, monitoring and software distribution look like a worm. If it is one of "
               "them, name it with --exempt."},
              {"If in doubt, treat it as infected",
               "Isolate it and follow the steps for an infected host: that costs an hour, an "
               "outbreak costs weeks."}}},
    [VERDICT_CLEAN] =
        {.title = "What a clean host needs",
         .summary = "It answered, and its answer is not the worm's. That holds for the time of the "
                    "answer.",
         .step_count = 2,
         .steps = {{"Patch MS08-067",
                    "Where it is marked unpatched the worm can take it any time: install the "
                    "update KB958644, or close ports 445 and 139 to it."},
                   {"Rescan",
                    "While any host near it is infected, ask it again after each was mended."}}},
    [VERDICT_UNKNOWN] =
        {.title = "What to do about a host that stays unknown",
         .summary = "Nothing speaks against it and nothing for it: silence is no proof of health.",
         .step_count = 3,
         .steps = {{"Ask again from nearer",
                    "A filter may stand between: run 'wormsign scan' from its own network, with "
                    "an account (--smb-user) where anonymous questions are denied."},
                   {"Watch it",
                    "Read what it sends with 'wormsign hunt' or 'wormsign watch': what a host does "
                    "shows where it does not answer."},
                   {"Look at the machine",
                    "Where neither can be done, look on the host itself: is the update MS08-067 "
                    "(KB958644) there, do its security programs run?"}}},
};

const struct mend *mend_of(enum verdict_kind kind)
{
    assert((unsigned)kind < COUNT_OF(mends));
    return &mends[kind];
}
