#!/usr/bin/env python3
"""The right hosts are found, and nobody else: hunts over captures of known truth, which mkbench of
the shared folder makes, on a Monday (when the ports of two weeks are tried) and in midweek. One
seed of what bench/truth does with several: its code makes the captures and judges the reports.

Runs with $WORMSIGN (else build/wormsign), on Monday with $WORMSIGN_ASAN too where it is set. Prints
`ok NAME`, `not ok NAME: reason` or, without the shared folder ($WORMSIGN_SHARED, else ../shared)
or what mkbench is built with, `skip NAME: reason`."""
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "bench"))
sys.dont_write_bytecode = True
from check_truth import judge  # noqa: E402

PROGRAM = os.environ.get("WORMSIGN", ROOT / "build" / "wormsign")
SHARED = Path(os.environ.get("WORMSIGN_SHARED", ROOT / ".." / "shared"))
NEEDED = [SHARED / "tools" / "mkbench" / "mkbench.c", SHARED / "corpus"]
PACKETS, SEED, TIMEOUT_SECONDS = 1_000_000, 1, 240
DAYS = {"on a Monday": "monday", "in midweek": "thursday"}  # as bench/common.sh calls them
LIBPCAP = ["pkg-config", "--exists", "libpcap"]
# The name that a bench script goes by, then what it would do.
MAKE = [
    "bash",
    "-c",
    'words=("$@"); set --; . bench/common.sh; mkbench "${words[0]}" "${words[1]}" "${!words[2]}"',
    "bench/truth",
]


def missing():
    """Why no capture can be made here; empty: it can."""
    for path in NEEDED:
        if not path.exists():
            return f"there is no {path}"
    if not shutil.which("gcc"):
        return "gcc, which builds mkbench, is not installed"
    if subprocess.run(LIBPCAP, check=False).returncode != 0:
        return "libpcap-dev, which mkbench is built with, is not installed"
    return ""


def made(day, folder):
    """The path of a capture; its truth is beside it as .jsonl."""
    done = subprocess.run(
        [*MAKE, str(PACKETS), str(SEED), day],
        cwd=ROOT,
        env={**os.environ, "WORMSIGN_SHARED": str(SHARED), "WORMSIGN_BENCH_DIR": folder},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )
    if done.returncode != 0:
        raise OSError(f"no capture was made: {done.stderr.strip()}")
    return Path(done.stdout.strip())


def wrongs_of(program, capture, folder):
    """What is wrong of the report over a capture."""
    report = Path(folder) / "report.jsonl"
    with open(report, "wb") as out:
        done = subprocess.run(
            [str(program), "hunt", "-q", "--json", str(capture)],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.PIPE,
            text=True,
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
    if done.returncode != 1:
        return [f"exit code {done.returncode}, not 1: {done.stderr.strip()}"]
    return judge(capture.with_suffix(".jsonl"), report)[1]


def judge_is_awake(capture, folder):
    """The same report, held against a truth of which an infected host is another one."""
    truth = capture.with_suffix(".jsonl")
    right = truth.read_text(encoding="utf-8")
    lines = right.splitlines(keepends=True)
    at = next(i for i, line in enumerate(lines) if '"infected_A"' in line)
    lines[at] = '{"label":"infected_A","ip":"192.0.2.77"}\n'
    truth.write_text("".join(lines), encoding="utf-8")
    try:
        wrong = wrongs_of(PROGRAM, capture, folder)
    finally:
        truth.write_text(right, encoding="utf-8")
    missed = any("192.0.2.77" in what for what in wrong)
    extra = any("in no truth" in what for what in wrong)
    return [] if missed and extra else ["a missed and an unknown infected host pass"]


def checks_of(when, day, folder):
    """Yields (name, what is wrong)."""
    name = f"every infected host and nobody else {when}"
    capture = made(day, folder)
    yield name, wrongs_of(PROGRAM, capture, folder)
    if day == "monday" and "WORMSIGN_ASAN" in os.environ:
        yield f"{name} asan", wrongs_of(os.environ["WORMSIGN_ASAN"], capture, folder)
    yield f"another truth is not met {when}", judge_is_awake(capture, folder)
    capture.unlink()


def main():
    reason = missing()
    if reason:
        print(f"skip every infected host and nobody else: {reason}")
        return 0
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        for when, day in DAYS.items():
            for name, wrong in checks_of(when, day, folder):
                print(f"not ok {name}: {len(wrong)} wrong" if wrong else f"ok {name}", flush=True)
                for what in wrong:
                    print(f"  {what}")
                failed |= bool(wrong)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
