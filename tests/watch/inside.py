#!/usr/bin/env python3
"""inside.py PROGRAM CAPTURE FOLDER: within a network namespace of its own, lets `PROGRAM watch` look at
an argus daemon while packets of the capture pass, in two halves that overlap, and the daemon is killed
between them. Prints what the watch prints and ends with its exit code."""
import gzip
import signal
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path

PORT = 5610
HEAD_BYTES, RECORD_BYTES = 24, 16
STEP = 0.02


def run(*words):
    subprocess.run(words, check=True, timeout=10, capture_output=True)


def frames_of(capture):
    data, at, found = gzip.open(capture).read(), HEAD_BYTES, []
    while at + RECORD_BYTES <= len(data):
        size = struct.unpack_from("<8xI", data, at)[0]
        found.append(data[at + RECORD_BYTES : at + RECORD_BYTES + size])
        at += RECORD_BYTES + size
    return found


def replay(frames):
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as out:
        out.bind(("here", 0))
        for number, frame in enumerate(frames):
            out.send(frame)
            if number % 50 == 0:
                time.sleep(0.002)


def listens():
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", PORT)) == 0


def daemon(folder):
    started = subprocess.Popen(["argus", "-i", "there", "-U", "512", "-S", "1", "-M", "1", "-B", "127.0.0.1",
                                "-P", str(PORT), "-F", "/dev/null"], cwd=folder, stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until = time.monotonic() + 5
    while not listens() and time.monotonic() < until:
        time.sleep(STEP)
    return started


def wait_for(path, part, times=1):
    until = time.monotonic() + 12
    while path.read_text().count(part) < times and time.monotonic() < until:
        time.sleep(STEP)


def main(program, capture, folder):
    frames = frames_of(capture)
    run("ip", "link", "set", "lo", "up")
    run("ip", "link", "add", "here", "type", "veth", "peer", "name", "there")
    for name in ("here", "there"):
        Path(f"/proc/sys/net/ipv6/conf/{name}/disable_ipv6").write_text("1")
        run("ip", "link", "set", name, "up")
    out, err = Path(folder, "out"), Path(folder, "err")
    argus = daemon(folder)
    with out.open("w") as results, err.open("w") as talk:
        watch = subprocess.Popen([program, "watch", "--json", "--look-every", "1", f"argus://127.0.0.1:{PORT}"],
                                 stdin=subprocess.DEVNULL, stdout=results, stderr=talk)
    wait_for(err, "connected\n")
    replay(frames[: len(frames) * 6 // 10])
    wait_for(out, '"verdict":"infected"')
    argus.kill()
    argus.wait(5)
    argus = daemon(folder)
    wait_for(err, "connected again")
    replay(frames[len(frames) * 4 // 10 :])
    for host in ("10.9.3.33", "10.9.4.44"):
        wait_for(out, f'"host":"{host}"')
    time.sleep(2)
    watch.send_signal(signal.SIGINT)
    code = watch.wait(10)
    argus.terminate()
    argus.wait(5)
    sys.stdout.write(out.read_text())
    sys.stderr.write(err.read_text())
    return code


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
