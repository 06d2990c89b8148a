"""A scan whose targets are a list of a million lines in no order: all of them are asked, those few that answer are
found among those that do not, and it fits in little memory."""
import random
import tempfile
import time
from pathlib import Path

from beyond import Far, WIDE
from checking import check_once, equal, holds
from engines import plain
from inside import in_namespace, ip

WEEK = 2967
LINES = 1000000
REFUSING = 4096  # hosts of WIDE, all in the list
PEAK_MB = 64
NOBODY = "20.0.0.0/8"
EXCLUDED = "10.9.16.0"


def written(path):
    """The list; how many of its hosts are silent."""
    drawn = random.Random(9)
    numbers = drawn.sample(range(20 << 24, 21 << 24), LINES - REFUSING)
    numbers += range(0x0A091000, 0x0A091000 + REFUSING)
    drawn.shuffle(numbers)
    path.write_text("".join(f"{n >> 24}.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}\n" for n in numbers))
    return LINES - REFUSING


def watched(p, *arguments):
    """The most memory that it had, in MB, and what it said. It is looked at while it runs: of a child that has
    ended the system counts what its parent had before it, which here is a list of a million numbers."""
    peak_kb = 0
    with p.begin(*arguments, text=True) as child:
        while child.poll() is None:
            told = Path(f"/proc/{child.pid}/status").read_text()
            peak_kb = max([peak_kb, *(int(line.split()[1]) for line in told.splitlines() if line.startswith("VmHWM"))])
            time.sleep(0.02)
        out, err = child.communicate()
    equal(child.returncode, 1, f"exit code ({err[-300:]})")
    return peak_kb / 1024, out


def million(p):
    infected = plain(p, "10.9.17", 2) + plain(p, "10.9.29", 1)
    with Far() as far, tempfile.TemporaryDirectory() as folder:
        ip(f"route add {NOBODY} via 10.9.1.2")
        far.run("ip", "route", "add", "blackhole", NOBODY)
        silent = written(Path(folder) / "list")
        with far.infected(p, folder, infected, WEEK):
            peak_mb, done = watched(p, "-q", "--checks", "p2p", "--week", str(WEEK), "--max-rate", "0",
                                    "--max-retries", "0", "--yes", "--exclude", EXCLUDED, "-iL", f"{folder}/list")
    equal([a for a in infected if a not in done.partition("UNKNOWN")[0]], [], "infected hosts that are not told of")
    refused = REFUSING - len(infected) - 1
    holds(f"{refused} refused on every port, {silent} silent" in done, done[-900:])
    holds(peak_mb < PEAK_MB, f"it took {peak_mb:.0f} MB")


@check_once
def a_list_of_a_million_lines_is_scanned(p):
    return in_namespace(p, million)
