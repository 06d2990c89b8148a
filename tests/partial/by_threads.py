"""`hunt -j`: whatever the number of threads, the same text, the same JSON and the same evidence
file; what is damaged, empty or there twice among the inputs included. And who asks for an end gets
one, which names what was not read."""
import gzip
import json
import os
import re
import signal
import struct
import subprocess
import time


def without_times(text):
    return re.sub(r'"seconds":[0-9.e-]+|Time taken: [0-9.]+ s', "", text)


def lay_out(folder, captures, archive):
    """Captures, one twice, one cut, an archive, an empty file and one that is no capture at all."""
    inputs = folder / "inputs"
    inputs.mkdir()
    for number, capture in enumerate(captures):
        (inputs / f"{number}.pcap").write_bytes(capture)
    (inputs / "2-again.pcap").write_bytes(captures[2])
    (inputs / "3-cut.pcap").write_bytes(captures[3][: len(captures[3]) * 2 // 3])
    (inputs / "4.argus").write_bytes(archive)
    (inputs / "5-empty").write_bytes(b"")
    (inputs / "6-words").write_text("no capture\n")


def one_run(bench, threads):
    """All that a hunt of the inputs says with so many threads."""
    partial = bench.folder / f"threads-{threads}.wormsign"
    words = ("hunt", "-q", "-j", threads, "-R", "inputs")
    text = bench.run(*words, "missing.pcap")
    lines = bench.run(*words, "--json", "--partial", partial, "missing.pcap")
    said = [without_times(done.stdout) + done.stderr for done in (text, lines)]
    return [text.returncode, lines.returncode, *said, partial.read_bytes()]


def hunts_alike(bench, captures, archive, equal, holds):
    lay_out(bench.folder, captures, archive)
    alone = one_run(bench, 1)
    equal(alone[0], 1, "the exit code of one thread")
    holds("the same as another" in alone[2], "one thread does not name the input that is there twice")
    holds('"verdict":"infected"' in alone[3], "one thread finds nobody")
    for threads in (2, 3, 8, 256):
        together = one_run(bench, threads)
        for now, before, what in zip(together, alone, ("code", "code", "text", "JSON", "evidence")):
            equal(now, before, f"the {what} of {threads} threads")


def large(frames, head):
    """A capture that is large enough to be read by several: the same hour again and again, each a
    minute after the other."""
    parts, size, later = [head], 0, 0
    while size <= 64 << 20:
        for seconds, record in frames:
            parts.append(struct.pack("<I", seconds + later) + record[4:])
            size += len(record)
        later += 61
    return b"".join(parts)


def shares_one(bench, frames, head, equal, holds):
    """Cut in its last record, which is told once."""
    (bench.folder / "large.pcap").write_bytes(large(frames, head)[:-3])
    runs = [bench.run("hunt", "-q", "-j", threads, "--json", "large.pcap") for threads in (1, 2, 5)]
    said = [without_times(done.stdout) for done in runs]
    holds(said[0].count('"reason":') >= 1 and '"verdict":"infected"' in said[0], said[0][-500:])
    for now, threads in zip(said[1:], (2, 5)):
        equal(now, said[0], f"the JSON of {threads} threads")


def ends_without_files(bench, frames, head, equal, holds):
    """Where not every thread can open the capture, the others wait for none that never comes: all
    ends, and says what could not be read."""
    (bench.folder / "large.pcap").write_bytes(large(frames, head))
    whole = 0
    for most in range(4, 14):
        words = ["sh", "-c", f'ulimit -n {most}; exec "$@"', "sh", str(bench.program)]
        done = subprocess.run([*words, "hunt", "-q", "-j", "3", "large.pcap"], cwd=bench.folder, timeout=60,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        said = done.stdout + done.stderr
        missed = "Too many open files" in said or "no input could be" in said.lower()
        equal(missed, "INCOMPLETE" in said or done.returncode == 4, f"with {most} descriptors {said[-400:]!r}")
        whole += done.returncode == 1 and not missed
    holds(whole > 0, "no run had enough")


def shares_archives(bench, archive, frames, head, equal, holds):
    """Two archives that are large enough to be read by several, one behind the other, while another
    thread reads what is compressed; and a copy of one of them."""
    times = (64 << 20) // len(archive) + 1
    (bench.folder / "large.argus").write_bytes(archive * times)
    (bench.folder / "larger.argus").write_bytes(archive * (times + 1) + archive[:-7])
    (bench.folder / "copy.argus").write_bytes(archive * times)
    (bench.folder / "small.pcap.gz").write_bytes(
        gzip.compress(head + b"".join(record for _, record in frames)))
    inputs = ["large.argus", "small.pcap.gz", "copy.argus", "larger.argus"]
    runs = [bench.run("hunt", "-q", "-j", threads, "--json", *inputs) for threads in (1, 5, 7)]
    said = [without_times(done.stdout) for done in runs]
    holds('"verdict":"suspicious"' in said[0] and said[0].count("record cut") == 1, said[0][-500:])
    for now, threads in zip(said[1:], (5, 7)):
        equal(now, said[0], f"the JSON of {threads} threads")


def stops_shares(bench, frames, head, equal):
    """Threads that read one capture together all end when the signal comes, and say that they did
    not read all of it. What is behind the capture is a hole: empty records, for minutes."""
    endless = bench.folder / "endless.pcap"
    endless.write_bytes(large(frames, head))
    os.truncate(endless, 1 << 37)
    words = [str(bench.program), "hunt", "--json", "-q", "-j", "3", "endless.pcap"]
    with subprocess.Popen(words, cwd=bench.folder, stdout=subprocess.PIPE, text=True,
                          stderr=subprocess.DEVNULL) as hunt:
        time.sleep(0.3)
        hunt.send_signal(signal.SIGINT)
        lines = hunt.communicate(timeout=60)[0].splitlines()
    endless.unlink()
    summary = json.loads(lines[-1])
    equal(summary["complete"], False, "complete")
    capture = summary["inputs"][0]
    equal(("interrupted_at" in capture, capture["damage"]), (True, []), "interrupted, and damage")


def stops(bench, captures, equal, holds):
    """Two pipes that give a capture and stay open: both threads read when the signal comes."""
    names = ["one.fifo", "two.fifo"]
    for name in names:
        os.mkfifo(bench.folder / name)
    (bench.folder / "later.pcap").write_bytes(captures[0])
    words = [str(bench.program), "hunt", "--json", "-q", "-j", "2", *names, "later.pcap"]
    with subprocess.Popen(words, cwd=bench.folder, stdout=subprocess.PIPE, text=True,
                          stderr=subprocess.DEVNULL) as hunt:
        pipes = [open(bench.folder / name, "wb") for name in names]
        for pipe, capture in zip(pipes, captures):
            pipe.write(capture)
            pipe.flush()
        time.sleep(0.5)
        hunt.send_signal(signal.SIGINT)
        time.sleep(0.3)
        for pipe in pipes:
            pipe.close()
        lines = hunt.communicate(timeout=60)[0].splitlines()
    summary = json.loads(lines[-1])
    equal(summary["complete"], False, "complete")
    equal([one["name"] for one in summary["inputs"]], [*names, "later.pcap"], "the inputs")
    places = [one.get("interrupted_at") for one in summary["inputs"]]
    holds(0 in places, f"nothing says what was not read: {places}")
