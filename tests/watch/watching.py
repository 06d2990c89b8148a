"""What the checks of `wormsign watch` share: a program under test, one run of it, and samples."""
import json
import signal
import subprocess
import threading
import time
from pathlib import Path

from checking import equal, holds
from schema import Schema

ROOT = Path(__file__).resolve().parent.parent.parent
ARCHIVES = ROOT / "samples" / "argus"
RUN_SECONDS = 40


def archive(version, name):
    """The records of a sample behind its start record."""
    return (ARCHIVES / f"v{version}" / f"{name}.argus").read_bytes()[128:]


class Done:
    """One run that has ended."""

    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err

    @property
    def lines(self):
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def hosts(self):
        """[(address, verdict)] in the order in which they were told."""
        return [(line["host"], line["verdict"]) for line in self.lines if line["type"] == "host"]

    @property
    def summary(self):
        return self.lines[-1]

    @property
    def damage(self):
        return [d["reason"] for one in self.summary["inputs"] for d in one["damage"]]

    def ends(self, code):
        equal(self.code, code, f"exit code ({self.err[-400:].strip()})")
        return self

    def says(self, *parts):
        for part in parts:
            holds(part in self.err, f"{part!r} is not in {self.err[-600:]!r}")
        return self

    def holds_the_schema(self):
        equal(list(Schema().complaints_of_output(self.out))[:3], [], "what docs/json.md has against it")
        return self


class Run:
    """A watch that goes on."""

    def __init__(self, program, arguments, stdout):
        self.child = subprocess.Popen([program.path, "watch", *arguments], stdin=subprocess.DEVNULL, text=True,
                                      stdout=stdout, stderr=subprocess.PIPE)
        self.out, self.err = [], []
        streams = [(self.child.stdout, self.out), (self.child.stderr, self.err)]
        self.readers = [threading.Thread(target=self.read, args=pair, daemon=True) for pair in streams if pair[0]]
        for reader in self.readers:
            reader.start()

    @staticmethod
    def read(stream, into):
        for line in stream:
            into.append(line)

    def wait_for(self, part, seconds=RUN_SECONDS, times=1):
        """Until it has said this so often, on stdout or stderr."""
        until = time.monotonic() + seconds
        while "".join(self.out + self.err).count(part) < times:
            if time.monotonic() > until or self.child.poll() is not None:
                self.child.kill()
                raise AssertionError(f"{part!r} did not come: {''.join(self.out + self.err)[-600:]!r}")
            time.sleep(0.02)

    def end(self, number=None):
        """With a signal, or by itself."""
        if number is not None:
            self.child.send_signal(number)
        try:
            self.child.wait(RUN_SECONDS)
        except subprocess.TimeoutExpired:
            self.child.kill()
            raise AssertionError("it does not end") from None
        for reader in self.readers:
            reader.join(RUN_SECONDS)
        return Done(self.child.returncode, "".join(self.out), "".join(self.err))

    def interrupt(self):
        return self.end(signal.SIGINT)


class Program:
    def __init__(self, before, path):
        self.before, self.path = before, str(path)

    def begin(self, *arguments, json=True, stdout=subprocess.PIPE):
        return Run(self, [*(["--json"] if json else []), "--look-every", "1", *arguments], stdout)

    def run(self, *arguments, **how):
        return self.begin(*arguments, **how).end()

    def hunt(self, path):
        return self.judge("hunt", path)

    def report(self, store):
        return self.judge("report", store)

    def judge(self, verb, path):
        done = subprocess.run([self.path, verb, "--json", str(path)], capture_output=True, text=True,
                              timeout=RUN_SECONDS, check=False)
        return Done(done.returncode, done.stdout, done.stderr)
