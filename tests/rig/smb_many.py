#!/usr/bin/env python3
"""smb_many.py SMB_SERVER PORT COUNT ADDRESS...: holds COUNT dialogues with it at once, step by step, and
says how many were answered as infected, and what a dialogue costs the server:

    2000 answered, 45 us of its time each: 22000 a second"""
import os
import sys
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))
import resource

from rig import SmbRig
from smb_client import Client


def seconds_used(process):
    """Of the processor, by a process and the system for it."""
    fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def dialogues(port, count, addresses):
    """How many answer as Conficker A, B or C does; all stand until the last has answered."""
    clients = [Client(addresses[i % len(addresses)], port) for i in range(count)]
    for step in ("negotiate", "setup", "tree", "create", "bind"):
        for client in clients:
            getattr(client, step)()
    calls = [[client.canonicalize(step, path) for step, path in (("call1", "\\"), ("call2", "\\..\\"))] for client in clients]
    for client in clients:
        client.leave()
        client.close()
    return sum(answers == [(0, 0x84B), (0x5C450000, 0x57)] for answers in calls)


def main(path, port, count, *addresses):
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
    is_elsewhere = not addresses[0].startswith("127.")  # only in a namespace of a test
    roles = dict.fromkeys(addresses, "infected-abc")
    with SmbRig(roles, ports=(int(port), 0, 0), program=path, anywhere=is_elsewhere) as rig:
        before = seconds_used(rig.child.pid)
        answered = dialogues(int(port), int(count), addresses)
        time.sleep(0.05)
        each = (seconds_used(rig.child.pid) - before) / int(count)
    print(f"{answered} answered, {each * 1e6:.0f} us of its time each: {1 / max(each, 1e-9):.0f} a second")
    return 0 if answered == int(count) else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
