#!/usr/bin/env python3
"""measure.py [--runs N] [--accept CODES] --out FILE NAME COMMAND... [-- NAME COMMAND...]...

Runs the commands in turn, N times round (1, 2, 1, 2, ...), with their outputs thrown away, and
prints a row for each: median, least and most of the wall time, median of the processor time (user
and system) and the largest peak memory of any run. FILE gets the same for scripts, a line each:
NAME, what (wall, cpu, peak), value, by tabs; seconds and MB of 10^6 bytes.

Exits 1 where a command ends otherwise than by one of CODES (0). The kernel counts into a child's
peak what this process held when it forked, so nothing below about 10 MB can be seen."""
import argparse
import os
import statistics
import subprocess
import sys
import time


def commands_of(words):
    """[(name, command)] of words that `--` parts."""
    commands, part = [], []
    for word in [*words, "--"]:
        if word != "--":
            part.append(word)
        elif part:
            commands.append((part[0], part[1:]))
            part = []
    return commands


def run_once(command):
    """(wall s, cpu s, peak MB, exit code) of a run; its complaints, if any, are let through."""
    began = time.monotonic()
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    wall = time.monotonic() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    cpu = used.ru_utime + used.ru_stime
    return wall, cpu, used.ru_maxrss * 1024 / 1e6, process.returncode


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--accept", default="0")
    parser.add_argument("--out", required=True)
    parser.add_argument("words", nargs=argparse.REMAINDER)
    settings = parser.parse_args()
    accepted = {int(code) for code in settings.accept.split(",")}
    commands = commands_of(settings.words)
    results = {name: [] for name, _ in commands}
    for _ in range(settings.runs):
        for name, command in commands:
            wall, cpu, peak, code = run_once(command)
            if code not in accepted:
                sys.exit(f"{' '.join(command)}: exit {code}")
            results[name].append((wall, cpu, peak))
    print(f"  {'':<20}{'wall s':>9}{'least':>9}{'most':>9}{'cpu s':>9}{'peak MB':>9}")
    with open(settings.out, "w", encoding="utf-8") as out:
        for name, rows in results.items():
            walls, cpus, peaks = zip(*rows)
            wall, cpu, peak = statistics.median(walls), statistics.median(cpus), max(peaks)
            print(
                f"  {name:<20}{wall:>9.3f}{min(walls):>9.3f}{max(walls):>9.3f}"
                f"{cpu:>9.3f}{peak:>9.1f}"
            )
            for what, value in (("wall", wall), ("cpu", cpu), ("peak", peak)):
                out.write(f"{name}\t{what}\t{value}\n")


main()
