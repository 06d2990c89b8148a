"""Starts the responder for a test and takes it away again:

    with Rig({"127.10.0.1": "valid", "127.10.0.2": "silent"}) as rig:
        ...                      # rig.sockets is how many listen

The program is $RESPONDER, else the one beside $WORMSIGN, else the first build*/tests/rig/responder.
SmbRig does the same for smb_server.
Its stdin is a pipe that it watches, so that it ends when the test does, however that ends."""
import os
import select
import subprocess
import tempfile
import time as clock
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
READY_SECONDS = 20
END_SECONDS = 20
# The shell is process 1 of new process numbers, with the network of the machine: so the responder
# can compare the two even where the machine's own process 1 may not be looked at.
PROCESSES = ["unshare", "-rpf", "--kill-child", "--mount-proc", "sh", "-c"]
NAMESPACE = [*PROCESSES, 'unshare -n -- sh -c "$0" "$@"; exit $?']
LO = "ip link set lo up && ip address add 10.77.0.0/24 dev lo && "


class RigError(Exception):
    """The responder did not start; the text is what it said."""


def built(name):
    """The path of one of the rig's programs."""
    wormsign = os.environ.get("WORMSIGN")
    named = [os.environ.get(name.upper()), wormsign and Path(wormsign).parent / "tests/rig" / name]
    for path in [*filter(None, named), *sorted(ROOT.glob(f"build*/tests/rig/{name}"))]:
        if os.access(path, os.X_OK):
            return str(path)
    raise RigError(f"no {name} is built: ninja -C build")


def responder():
    return built("responder")


class Rig:
    """roles is {address: variant}; time is the clock of the weeks in seconds since 1970."""

    def __init__(self, roles, time=None, both_weeks=False, *, real_ip=None, seconds=None, anywhere=False,
                 program=None):
        self.roles, self.program = dict(roles), program
        self.options = ["--time", str(time)] if time is not None else []
        self.options += ["--both-weeks"] if both_weeks else []
        self.options += ["--real-ip", real_ip] if real_ip else []
        self.options += ["--for", str(seconds)] if seconds else []
        self.options += ["--any"] if anywhere else []
        self.child = self.sockets = self.code = None
        self.err = ""

    def __enter__(self):
        # The files are the test's end of nothing: they are gone from their folders at once.
        self.stderr = tempfile.TemporaryFile()
        with tempfile.NamedTemporaryFile("w") as listing:
            listing.write("".join(f"{address}={v}\n" for address, v in self.roles.items()))
            listing.flush()
            self.child = subprocess.Popen(
                [self.program or responder(), *self.options, "@" + listing.name],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.stderr)
            line = self._first_line()
        if not line.startswith(b"ready "):
            self.stop(kill=self.child.poll() is None and line == b"")
            raise RigError(f"exit {self.code}: {self.err or 'it is not ready'}")
        self.sockets = int(line.split()[1])
        return self

    def _first_line(self):
        line, late = b"", clock.monotonic() + READY_SECONDS
        while not line.endswith(b"\n"):
            if not select.select([self.child.stdout], [], [], max(0, late - clock.monotonic()))[0]:
                return b""
            got = os.read(self.child.stdout.fileno(), 64)
            if not got:
                break
            line += got
        return line

    def stop(self, kill=False):
        """Ends it by the end of its stdin; code and err tell how it ended."""
        if self.code is not None:
            return
        self.child.stdin.close()
        if kill:
            self.child.kill()
        try:
            self.code = self.child.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.code = self.child.wait()
        self.child.stdout.close()
        self.stderr.seek(0)
        self.err = self.stderr.read().decode(errors="replace").strip()
        self.stderr.close()

    def __exit__(self, *_):
        self.stop()


class SmbRig(Rig):
    """The same with smb_server; ports are those of SMB, sessions and names; log is a path."""

    def __init__(self, roles, *, ports=(445, 139, 137), log=None, program=None, **more):
        super().__init__(roles, program=program or built("smb_server"), **more)
        for option, port in zip(("--smb", "--session", "--names"), ports):
            self.options += [option, str(port)]
        self.options += ["--log", str(log)] if log else []
