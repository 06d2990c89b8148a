#!/usr/bin/env python3
"""play_smb.py KIND LIST: plays hosts for bench/smb until its stdin ends; writes their addresses to LIST, prints
`ready`, and at the end how many connections stood at once, at most.

  named      20 infected hosts on ports 445 and 139; their UDP port 137 hears everything and says nothing
  answering  5000 infected hosts on port 445
  silent     10000 hosts on port 445 that fall silent in the middle, 50 a /24"""
import os
import resource
import select
import socket
import sys
from contextlib import ExitStack
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "rig"))
from rig import SmbRig

SAMPLE_SECONDS = 0.1


def addresses(count, a_network):
    """Of networks by the number of this process, so that two runs are not in each other's way."""
    second = 64 + os.getpid() % 60
    return [f"127.{second + i // a_network // 256}.{i // a_network % 256}.{1 + i % a_network}" for i in range(count)]


def silence(stack, address):
    """Nobody reads what comes to its UDP port 137."""
    one = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    one.bind((address, 137))


def groups_of(kind):
    """({address: variant} of each server, its ports); a server has fewer descriptors than the hosts need."""
    if kind == "named":
        return [dict.fromkeys(addresses(20, 20), "infected-abc")], (445, 139, 0)
    if kind == "answering":
        return [dict.fromkeys(addresses(5000, 250), "infected-abc")], (445, 0, 0)
    hosts = addresses(10000, 50)
    return [dict.fromkeys(hosts[i::2], "silent-tree") for i in range(2)], (445, 0, 0)


def descriptors(rigs):
    return sum(len(os.listdir(f"/proc/{rig.child.pid}/fd")) for rig in rigs)


def main(kind, path):
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
    groups, ports = groups_of(kind)
    with ExitStack() as stack:
        rigs = [stack.enter_context(SmbRig(roles, ports=ports, seconds=3600)) for roles in groups]
        hosts = [address for roles in groups for address in roles]
        if kind == "named":
            for address in hosts:
                silence(stack, address)
        Path(path).write_text("\n".join(hosts) + "\n", encoding="ascii")
        print("ready", flush=True)
        before, most = descriptors(rigs), 0
        while not select.select([sys.stdin], [], [], SAMPLE_SECONDS)[0]:
            most = max(most, descriptors(rigs) - before)
        print(most, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
