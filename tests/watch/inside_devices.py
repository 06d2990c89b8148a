#!/usr/bin/env python3
"""inside_devices.py SCENE PROGRAM CAPTURE FOLDER [ARGUMENTS]: within a network namespace of its own, lets
`PROGRAM watch` look at an interface while packets of the capture pass. Prints what the watch prints and
ends with its exit code. Scenes: the functions below."""
import ctypes
import fcntl
import os
import signal
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path

from inside import frames_of, replay, run, wait_for

FLOOD_FRAMES, FLOOD_BYTES = 60000, 1400  # more than the ring holds
FRAGMENTED, PARTING = 15, 200  # frames of scenes
PR_CAPBSET_DROP, CAP_NET_RAW = 24, 13
ETH_P_ALL, FRAMES_AT_ONCE = 3, 50  # of which the witness has room for all


def link_up(*names):
    run("ip", "link", "add", names[0], "type", "veth", "peer", "name", names[1])
    for name in names:
        Path(f"/proc/sys/net/ipv6/conf/{name}/disable_ipv6").write_text("1")
        run("ip", "link", "set", name, "up")


class Scene:
    def __init__(self, program, capture, folder, arguments):
        self.program, self.arguments = program, arguments
        self.frames = frames_of(capture)
        self.folder = Path(folder)
        self.out, self.err = self.folder / "out", self.folder / "err"
        self.watch = None

    def begin(self, *arguments, **how):
        self.watch = subprocess.Popen(
            [self.program, "watch", "--json", "--look-every", "1", *arguments, *self.arguments],
            stdin=subprocess.DEVNULL, stderr=self.err.open("w"), **{"stdout": self.out.open("w"), **how})

    def heard(self, times=1):
        wait_for(self.err, "listening", times)

    def listen(self):
        self.begin("-i", "there")
        self.heard()

    def proven(self):
        for host in ("10.9.3.33", "10.9.4.44"):
            wait_for(self.out, f'"host":"{host}"')

    def end(self):
        time.sleep(1.5)  # what came last is looked at
        self.watch.send_signal(signal.SIGINT)
        return self.watch.wait(20)


def plain(scene):
    """-i IFACE and more are the arguments."""
    link_up("other", "another")
    scene.begin()
    scene.heard(scene.arguments.count("-i"))
    replay(scene.frames)
    return scene.end()


def recorded(scene):
    file = scene.folder / "recorded.pcap"
    beside = subprocess.Popen(["tcpdump", "-i", "there", "-B", "32768", "-Z", "root", "-w", str(file)],
                              stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                              stderr=(scene.folder / "tcpdump").open("w"))
    wait_for(scene.folder / "tcpdump", "listening")
    scene.listen()
    replay(scene.frames)
    scene.proven()
    code = scene.end()
    beside.send_signal(signal.SIGINT)
    beside.wait(10)
    return code


def fragments_of(frame):
    """Two, of an IPv4 packet."""
    def part(start, end, more):
        head = bytearray(frame[14:34])
        head[2:12] = struct.pack("!HHHBBH", 20 + end - start, 0x1234, more << 13 | start // 8, head[8], head[9], 0)
        total = sum(struct.unpack("!10H", head))
        head[10:12] = struct.pack("!H", ~(total % 0xFFFF) & 0xFFFF)
        return frame[:14] + bytes(head) + frame[34 + start : 34 + end]

    return [part(0, 64, 1), part(64, len(frame) - 34, 0)]


def fragmented(scene):
    """What comes with the last fragment of a packet, and nothing behind it."""
    whole = [f for f in scene.frames if f[12:14] == b"\x08\x00" and len(f) > 200]
    scene.listen()
    replay((fragments_of(whole[0]) + whole[1:])[:FRAGMENTED])
    return scene.end()


def pass_by(frames):
    """Sends them, and ends when whoever listens there was given them: on a busy machine they wait in a queue
    of the kernel's, which an interface that goes away takes along."""
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL)) as witness:
        witness.bind(("there", 0))
        witness.settimeout(20)
        for at in range(0, len(frames), FRAMES_AT_ONCE):
            some = frames[at : at + FRAMES_AT_ONCE]
            replay(some)
            missing = len(some)
            while missing > 0:
                missing -= witness.recvfrom(1)[1][2] != socket.PACKET_OUTGOING


def parting(scene):
    """What passes last is in the kernel when the interface goes."""
    scene.listen()
    pass_by(scene.frames[:PARTING])
    run("ip", "link", "del", "here")
    wait_for(scene.err, "the next attempt")
    return scene.end()


def hasty(scene):
    """What passes last is in the kernel when the watch is to end."""
    scene.listen()
    replay(scene.frames[:PARTING])
    scene.watch.send_signal(signal.SIGINT)
    return scene.watch.wait(20)


def unread(scene):
    """Nobody reads what it says until it has been told to end."""
    reading, writing = os.pipe()
    fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 4096)
    scene.begin("-i", "there", stdout=writing)
    os.close(writing)
    scene.heard()
    replay(scene.frames)
    time.sleep(2)
    scene.watch.send_signal(signal.SIGTERM)
    time.sleep(0.5)
    with os.fdopen(reading) as said:
        scene.out.write_text(said.read())
    return scene.watch.wait(20)


def hung_up(scene):
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    scene.listen()
    scene.watch.send_signal(signal.SIGHUP)
    return scene.watch.wait(20)


def gone(scene):
    half = len(scene.frames) // 2
    scene.listen()
    replay(scene.frames[:half])
    time.sleep(1)
    run("ip", "link", "del", "here")
    wait_for(scene.err, "the next attempt")
    link_up("here", "there")
    scene.heard(2)
    replay(scene.frames)
    scene.proven()
    return scene.end()


def blinking(scene):
    scene.listen()
    replay(scene.frames[:20])
    for state in ("down", "up"):
        time.sleep(0.7)
        run("ip", "link", "set", "there", state)
    time.sleep(2.5)  # an interface of a pair takes a moment to be ready
    replay(scene.frames)
    scene.proven()
    return scene.end()


def away(scene):
    scene.listen()
    replay(scene.frames[:20])
    time.sleep(0.5)
    run("ip", "link", "del", "here")
    return scene.watch.wait(20)


def stopped(scene):
    scene.listen()
    scene.watch.send_signal(signal.SIGSTOP)
    frame = scene.frames[0][:14] + bytes(FLOOD_BYTES)
    replay([frame] * FLOOD_FRAMES)
    scene.watch.send_signal(signal.SIGCONT)
    wait_for(scene.err, "are lost")
    return scene.end()


def behind(scene):
    """It is asked to end while more waits than it takes at a time."""
    scene.listen()
    scene.watch.send_signal(signal.SIGSTOP)
    for _ in range(3):
        replay(scene.frames)
    scene.watch.send_signal(signal.SIGINT)
    scene.watch.send_signal(signal.SIGCONT)
    return scene.watch.wait(20)


def refused(scene):
    """-i IFACE and more are the arguments."""
    scene.begin()
    return scene.watch.wait(20)


def powerless(scene):
    def drop():
        ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, CAP_NET_RAW, 0, 0, 0)

    scene.begin("-i", "there", preexec_fn=drop)
    return scene.watch.wait(20)


def down(scene):
    run("ip", "link", "set", "there", "down")
    scene.begin("-i", "there")
    return scene.watch.wait(20)


def main(name, program, capture, folder, *arguments):
    scene = Scene(program, capture, folder, arguments)
    run("ip", "link", "set", "lo", "up")
    link_up("here", "there")
    code = globals()[name](scene)
    sys.stdout.write(scene.out.read_text())
    sys.stderr.write(scene.err.read_text())
    return code


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
