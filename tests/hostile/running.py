"""What the hostile tests share: the program run under a limit of memory, and results."""
import json
import os
import resource
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path[:0] = [str(ROOT / "tests" / "cases"), str(ROOT / "tests" / "schema"), str(ROOT / "tests" / "rig")]
from checking import holds
from schema import Schema

PLAIN = os.environ.get("WORMSIGN", str(ROOT / "build" / "wormsign"))
SANITIZED = os.environ.get("WORMSIGN_ASAN")
MEMORY_BYTES = 1 << 30
TIMEOUT_SECONDS = 120
SCHEMA = Schema()
CHECKS = []


def check(function):
    CHECKS.append(function)
    return function


class Program:
    """One of the two programs under test."""

    def __init__(self, path, sanitized):
        self.path, self.sanitized = path, sanitized

    def limits(self):
        """The sanitizers map terabytes of shadow, so only the plain program is held."""
        if not self.sanitized:
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))

    def run(self, *arguments, stdin=b"", **more):
        given = {"stdin": stdin} if hasattr(stdin, "fileno") else {"input": stdin}
        done = subprocess.run(
            [self.path, *map(os.fspath, arguments)],
            capture_output=True,
            timeout=TIMEOUT_SECONDS,
            preexec_fn=self.limits,
            check=False,
            **given,
            **more,
        )
        return Done(arguments, done)

    def hunt(self, *arguments, stdin=b"", **more):
        """Hunts with --json; the lines must be those of the schema."""
        done = self.run("hunt", "--json", *arguments, stdin=stdin, **more)
        holds(done.code in (0, 1, 3, 4), f"exits {done.code}: {done.err[-400:]}")
        complaints = list(SCHEMA.complaints_of_output(done.out))
        holds(not complaints, str(complaints[:3]))
        done.lines = [json.loads(line) for line in done.out.splitlines()]
        done.summary, done.hosts = done.lines[-1], done.lines[:-1]
        done.inputs = done.summary["inputs"]
        return done


class Done:
    """How a run ended. No output of ours may hold a byte that steers a terminal."""

    def __init__(self, arguments, done):
        self.code = done.returncode
        self.out, self.err = done.stdout.decode(), done.stderr.decode()
        what = " ".join(map(str, arguments))[:200]
        holds(self.code >= 0, f"{what} died by signal {-self.code}: {self.err[-400:]}")
        holds("Sanitizer" not in self.err, f"{what}: {self.err[-600:]}")
        for stream in (self.out, self.err):
            odd = [c for c in stream if (ord(c) < 32 and c not in "\n\t") or 127 <= ord(c) < 160]
            holds(not odd, f"{what}: a raw {odd[:1]!r} came through")


def programs():
    yield "", Program(PLAIN, False)
    if SANITIZED:
        yield "asan ", Program(SANITIZED, True)


def run_checks():
    failed = 0
    for before, program in programs():
        for function in CHECKS:
            name = before + function.__name__
            try:
                skipped = function(program)
                print(f"skip {name}: {skipped}" if skipped else f"ok {name}", flush=True)
            except Exception as reason:  # any failure of a check is its answer
                failed += 1
                words = " ".join(str(reason).split()) or repr(reason)
                print(f"not ok {name}: {words}", flush=True)
    return failed
