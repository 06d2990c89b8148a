"""Runs one function of a module here inside a network namespace of its own, as its root, and tells how
it ended. The shell is process 1 of new process numbers, so that the responder can see that the network
is not the machine's, and so that nothing outlives the check."""
import importlib
import os
import subprocess
import sys
from pathlib import Path

from checking import holds
from scanning import Program

# Root stays what it is: as root of a user namespace tcpdump may not set its groups.
NAMESPACE = ["unshare", "-pf" if os.geteuid() == 0 else "-rpf", "--kill-child", "--mount-proc", "sh", "-c",
             'unshare -n -- sh -c "$0" "$@"; exit $?']
SKIPPED = 77
SECONDS = 120


class Lacks(Exception):
    """Something that the check needs is not here."""


def command(*words):
    """One that makes a part of the network; where the kernel does not have it, the check is skipped."""
    done = subprocess.run(words, capture_output=True, text=True, timeout=30, check=False)
    if done.returncode != 0:
        raise Lacks(f"'{' '.join(words)}' does not work here: {done.stderr.strip()}")


def ip(words):
    command("ip", *words.split())


def in_namespace(p, function):
    """Why it is skipped, or None; raises what it raised."""
    lacks = subprocess.run([*NAMESPACE, "ip link set lo up"], capture_output=True, text=True, timeout=60, check=False)
    if lacks.returncode != 0:
        return "no namespaces here: " + " ".join(lacks.stderr.split())
    number = "1" if p.is_sanitized else "0"
    name = f"{function.__module__}.{function.__name__}"
    words = ['exec "$0" "$@"', sys.executable, str(Path(sys.argv[0]).resolve()), "--inside", name]
    done = subprocess.run([*NAMESPACE, *words, p.path, number], capture_output=True, text=True,
                          timeout=SECONDS, check=False, stdin=subprocess.DEVNULL)
    if done.returncode == SKIPPED:
        return done.stdout.strip()
    holds(done.returncode == 0, (done.stdout + done.stderr)[-800:])
    return None


def main(name, path, number):
    """What runs inside; the exit code tells."""
    module, _, function = name.partition(".")
    try:
        ip("link set lo up")
        getattr(importlib.import_module(module), function)(Program("", path, int(number)))
    except Lacks as reason:
        print(reason)
        return SKIPPED
    except Exception as reason:  # any failure is the answer
        print(str(reason) or repr(reason))
        return 1
    return 0
