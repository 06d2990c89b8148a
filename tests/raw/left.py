"""The time that is said to be left, held against the time that it then took: where hosts answer, where they
are silent, and behind --resume; on a line of which a terminal of 80 columns shows it."""
import re
import signal
import tempfile
import time

from beyond import Far, SILENT, WIDE, comes_to
from checking import check_once, equal, holds
from inside import in_namespace

WEEK = ["--checks", "p2p", "--week", "2967"]
LINE = re.compile(r"(scan: [\d.]+ % of \d+ hosts, about (\d+) s left, )\d+ infected")
AROUND, SECONDS = 0.35, 3  # that it may be off on a busy machine: of the time that it took, and beside
LAST = 1.5
COLUMNS = 80


def is_right(p, *arguments):
    """What was said each second, held against the end."""
    with tempfile.TemporaryFile() as results:
        child = p.begin("--json", "--stats-every", "1s", *arguments, stdout=results)
        found = []
        for line in child.stderr:
            match = LINE.search(line.decode())
            if match:
                holds(len(match[1]) < COLUMNS, match[1])
                found.append((time.monotonic(), int(match[2])))
        child.stderr.close()
        equal(child.wait(60), 0, "exit code")
        ended = time.monotonic()
    holds(len(found) >= 3, f"it was said {len(found)} times")
    # In the last second an answer that is late may still mean all the pauses.
    wrong = [(at, left) for at, left in found
             if ended - at > LAST and abs(ended - at - left) > SECONDS + AROUND * (ended - at)]
    equal(wrong, [], f"what was wrong of {[(round(ended - at, 1), left) for at, left in found]}")


def left(p):
    with Far(), tempfile.TemporaryDirectory() as folder:
        is_right(p, *WEEK, "--max-rate", "2000", WIDE)
        is_right(p, *WEEK, "--max-rate", "6000", SILENT)
        state = f"{folder}/state"
        child = p.begin("-q", *WEEK, "--max-rate", "20000", "--state", state, WIDE)
        comes_to(state, 1500)
        child.send_signal(signal.SIGINT)
        child.communicate(timeout=20)
        is_right(p, "--max-rate", "1000", "--resume", state)


@check_once
def the_time_that_is_left_is_right(p):
    return in_namespace(p, left)


def writes(p):
    with Far() as far, tempfile.TemporaryDirectory() as folder:
        far.run("ip", "route", "add", "local", "10.9.128.0/17", "dev", "lo")
        done = p.run("--max-rate", "0", "--stats-every", "1s", "-oA", f"{folder}/x", "--store", f"{folder}/store",
                     "10.9.128.0/17", seconds=100).ends(0)
    shares = [float(share) for share in re.findall(r"scan: writing results: ([\d.]+) % of 32768 hosts", done.err)]
    holds(shares and shares == sorted(shares) and shares[-1] <= 100, done.err[-500:])


@check_once
def what_is_written_at_the_end_is_told(p):
    return in_namespace(p, writes)
