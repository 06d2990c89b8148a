#!/usr/bin/env python3
"""Argus archives from outside: the damaged samples row by row, names that are only names, archives
compressed, joined and rewritten; and the same traffic as a capture and as an archive that argus
made of it, which must end in the same verdicts as far as the archive's data go.

Runs with $WORMSIGN (else build/wormsign), the damaged samples also with $WORMSIGN_ASAN. argus and
ra are from Debian's argus-server and argus-client; without them their tests are skipped. Prints
`ok NAME`, `not ok NAME: reason` or `skip NAME: reason`."""
import csv
import gzip
import json
import lzma
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests" / "rig"))
from calling import path_of  # noqa: E402
from checking import Skip, equal, holds, result  # noqa: E402

SAMPLES = ROOT / "samples" / "argus"
SHARED = Path(os.environ.get("WORMSIGN_SHARED", ROOT / ".." / "shared"))
PROGRAM = os.environ.get("WORMSIGN", str(ROOT / "build" / "wormsign"))
TIMEOUT_SECONDS = 120
CUT_SHORT = "ends at the sensor's limit"
NO_DATA = "no user data in"

# The signs that need nothing but flows. All others need what was said.
OF_FLOWS = {"p2p-ports", "p2p-listener", "smb-sweep", "sweep-pattern"}
# What a sensor keeps of each side's data, and which of the outbreak's signs that is not enough for:
# the exploit stands some hundred bytes into its stream.
LIMITS = {
    "0": lambda sign: sign in OF_FLOWS,
    "512": lambda sign: sign != "exploit",
    "2048": lambda sign: True,
}


def needs(*programs):
    for program in programs:
        path_of(program)


def run(*words, program=PROGRAM, folder=None, stdin=None):
    return subprocess.run(
        [str(program), *map(str, words)],
        cwd=folder,
        stdin=subprocess.DEVNULL if stdin is None else stdin,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )


def hunt(*words, **how):
    """(exit code, hosts by address, infections, summary, what was said beside)."""
    done = run("hunt", "--json", *words, **how)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    holds(lines and lines[-1]["type"] == "summary", f"no summary: {done.stderr[:300]}")
    hosts = {each["host"]: each for each in lines if each["type"] == "host"}
    edges = {(e["from"], e["to"], e["cause"]) for e in lines if e["type"] == "infection"}
    return done.returncode, hosts, edges, lines[-1], done.stderr


def argus(capture, archive, limit):
    """An archive of the capture, as the sensor makes it."""
    sensor = path_of("argus")
    data = [] if limit == "0" else ["-U", limit]
    done = run("-X", "-r", capture, *data, "-w", archive, program=sensor)
    holds(archive.exists(), f"argus wrote nothing: {done.stderr[:300]}")
    return archive


def unpacked(capture, folder):
    if capture.suffix != ".gz":
        return capture
    plain = Path(folder) / capture.stem
    plain.write_bytes(gzip.decompress(capture.read_bytes()))
    return plain


# The tests: each is given a folder of its own.


def damaged_samples_are_told_row_by_row(_folder):
    programs = [PROGRAM] + [os.environ[v] for v in ("WORMSIGN_ASAN",) if v in os.environ]
    with open(SAMPLES / "bad.tsv", encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file, delimiter="\t"))[1:]
    names = {path.name for path in (SAMPLES / "bad").iterdir()}
    equal({row[0] for row in rows}, names, "the rows' files")
    for program in programs:
        for name, records, offset, reason, code in rows:
            got_code, _, _, summary, _ = hunt(SAMPLES / "bad" / name, program=program)
            one = summary["inputs"][0]
            damage = [] if offset == "-" else [{"offset": int(offset), "reason": reason}]
            equal(one["damage"], damage, f"the damage of {name}")
            equal(one["records"], int(records), f"the records of {name}")
            equal(got_code, int(code), f"the exit code of {name}")
            equal(summary["complete"], code == "0", f"complete, of {name}")


def damaged_parts_are_counted_and_the_rest_is_read(_folder):
    for name in ("dsrbig", "dsrzero"):
        said = hunt(SAMPLES / "bad" / name)[4]
        holds("1 flow record has a damaged part" in said, f"{name}: {said!r}")


def one_damaged_archive_ends_no_run(_folder):
    files = [SAMPLES / "bad" / "lenbig", SAMPLES / "v5" / "dns.argus", SAMPLES / "bad" / "cuttail"]
    code, _, _, summary, _ = hunt(*files)
    equal([i["records"] for i in summary["inputs"]], [7, 16, 8], "records")
    equal(code, 3, "the exit code")


def a_hostile_name_is_just_a_name(folder):
    name = 'q";touch X;".argus.gz'
    with gzip.open(Path(folder) / name, "wb") as file:
        file.write((SAMPLES / "v3" / "dns.argus").read_bytes())
    code, _, _, summary, _ = hunt(name, folder=folder)
    equal(code, 0, "the exit code")
    equal(summary["inputs"][0]["records"], 16, "records")
    equal(sorted(os.listdir(folder)), [name], "the files in the folder")


def version_2_is_refused_in_words(folder):
    path = Path(folder) / "old.argus"
    path.write_bytes(bytes.fromhex("8210002000000000e5617acb") + bytes(200))
    code, _, _, summary, _ = hunt(path)
    equal(code, 3, "the exit code")
    holds("Argus 2" in summary["inputs"][0]["damage"][0]["reason"], str(summary["inputs"]))


def compressed_joined_and_piped_archives_are_read_alike(folder):
    plain = (SAMPLES / "v3" / "dns.argus").read_bytes()
    five = (SAMPLES / "v5" / "http_odd.argus").read_bytes()
    paths = {"a.gz": gzip.compress(plain + five), "a.xz": lzma.compress(plain + five)}
    for name, data in {"a": plain + five, **paths}.items():
        path = Path(folder) / name
        path.write_bytes(data)
        _, _, _, summary, _ = hunt(path)
        one = summary["inputs"][0]
        equal((one["format"], one["records"], one["damage"]), ("argus", 24, []), name)
        equal(one["bytes"], len(plain) + len(five), f"the bytes of {name}")
    with open(Path(folder) / "a.gz", "rb") as file:
        _, _, _, summary, _ = hunt("-r", "-", stdin=file)
    equal(summary["inputs"][0]["records"], 24, "records by a pipe")


def what_a_cut_archive_lost_is_not_what_follows_it(folder):
    cut = (SAMPLES / "v3" / "http_odd.argus").read_bytes()[:-333]
    path = Path(folder) / "two"
    path.write_bytes(cut + (SAMPLES / "v5" / "dns.argus").read_bytes())
    code, _, _, summary, _ = hunt(path)
    one = summary["inputs"][0]
    equal(len(one["damage"]), 1, f"places of damage in {one['damage']}")
    holds(one["records"] >= 7 + 15, f"only {one['records']} records were found")
    equal(code, 3, "the exit code")


def damage_made_to_be_slow_is_passed_over_quickly(folder):
    """Every eighth byte looks like a record of 65281 words that has as many parts."""
    path = Path(folder) / "slow"
    start = (SAMPLES / "bad" / "128").read_bytes()
    path.write_bytes(start + b"\x13\x10\0\0" + bytes.fromhex("1310ff0101000001") * (1 << 19))
    before = time.monotonic()
    code, _, _, summary, _ = hunt(path)
    holds(time.monotonic() - before < 20, "it took more than 20 s")
    equal(summary["inputs"][0]["damage"][0]["reason"], "length 0, and no record behind it", "damage")
    equal(code, 3, "the exit code")


def signs_of(host, allowed):
    return {(s["sign"], s["count"]) for s in host["signs"] if allowed(s["sign"])}


def counted(summary):
    """Verdicts; how many were seen differs where a sensor does not look into a tunnel."""
    return {kind: count for kind, count in summary["hosts"].items() if kind != "seen"}


def compare(capture, archive, allowed, whole):
    """What the archive must show: of each host the signs that its data allow, with their counts; and
    where nothing is missing the verdicts, marks, variants and infections too."""
    code, seen, edges, summary, _ = hunt(capture)
    got_code, got, got_edges, got_summary, said = hunt(archive)
    for host in sorted(set(seen) | set(got)):
        wanted = signs_of(seen[host], allowed) if host in seen else set()
        shown = signs_of(got[host], lambda _: True) if host in got else set()
        equal(shown, wanted, f"the signs of {host} in {archive.name}")
        if whole:
            for key in ("verdict", "variants", "marks", "home", "weight"):
                equal(got[host].get(key), seen[host].get(key), f"{key} of {host}")
    if whole:
        equal(got_edges, edges, "the infections")
        equal(got_code, code, "the exit code")
        equal(counted(got_summary), counted(summary), "the hosts")
    return said


def the_outbreak_is_told_alike_by_capture_and_archive(folder):
    needs("argus")
    capture = unpacked(ROOT / "samples" / "outbreak.pcap.gz", folder)
    for limit, allowed in LIMITS.items():
        archive = argus(capture, Path(folder) / f"outbreak-{limit}.argus", limit)
        said = compare(capture, archive, allowed, limit == "2048")
        equal(NO_DATA in said, limit == "0", f"what is said of missing data: {said!r}")
        equal(CUT_SHORT in said, limit == "512", f"what is said of cut data: {said!r}")


def the_samples_are_told_alike_by_capture_and_archive(folder):
    needs("argus")
    for capture in sorted(SAMPLES.glob("*.pcap")):
        for limit in ("0", "2048"):
            archive = argus(capture, Path(folder) / f"{capture.stem}-{limit}.argus", limit)
            compare(capture, archive, LIMITS[limit], limit == "2048")


def the_archives_of_both_versions_are_told_as_their_captures(_folder):
    compared = 0
    for archive in sorted(SAMPLES.glob("v[35]/*.argus")):
        capture = SAMPLES / f"{archive.name.split('.')[0]}.pcap"
        compare(capture, archive, LIMITS["2048"], False)
        compared += len(hunt(archive)[1])
    holds(compared > 0, "no host has a sign in any of them")


def archives_that_clients_wrote_are_told_alike(folder):
    needs("argus", "ra")
    capture = unpacked(ROOT / "samples" / "outbreak.pcap.gz", folder)
    archive = argus(capture, Path(folder) / "sensor.argus", "2048")
    again = Path(folder) / "client.argus"
    run("-r", archive, "-w", again, program="ra")
    _, wanted, edges, summary, _ = hunt(archive)
    _, got, got_edges, got_summary, _ = hunt(again)
    equal(got_edges, edges, "the infections")
    equal(got_summary["hosts"], summary["hosts"], "the hosts")
    for host, one in wanted.items():
        equal(signs_of(got[host], lambda _: True), signs_of(one, lambda _: True), host)


def records_put_together_by_host_tell_no_more(folder):
    needs("argus", "racluster")
    capture = unpacked(ROOT / "samples" / "outbreak.pcap.gz", folder)
    archive = argus(capture, Path(folder) / "sensor.argus", "0")
    merged = Path(folder) / "merged.argus"
    run("-r", archive, "-m", "saddr", "-w", merged, program="racluster")
    _, wanted, _, _, _ = hunt(archive)
    code, hosts, _, _, said = hunt(merged)
    equal(code, 0, "the exit code")
    for address, host in hosts.items():
        whole = {sign["sign"]: sign["count"] for sign in wanted[address]["signs"]}
        for sign in host["signs"]:
            holds(sign["count"] <= whole.get(sign["sign"], 0), f"{address}: {sign['says']}")
    holds("do not tell between which two hosts" in said, said)


def one_way_archives_make_nobody_a_sweeper(folder):
    needs("argus", "tcpdump")
    capture = unpacked(ROOT / "samples" / "outbreak.pcap.gz", folder)
    half = Path(folder) / "half.pcap"
    run("-r", capture, "-w", half, "tcp dst port 80 or tcp dst port 445", program="tcpdump")
    for limit in ("0", "512"):
        archive = argus(half, Path(folder) / f"half-{limit}.argus", limit)
        compare(half, archive, LIMITS[limit], False)


def evidence_of_archives_merges_to_one_hunt(folder):
    needs("argus")
    capture = unpacked(ROOT / "samples" / "outbreak.pcap.gz", folder)
    archive = argus(capture, Path(folder) / "a.argus", "512")
    other = SAMPLES / "v5" / "mixed.argus"
    parts = []
    for number, path in enumerate((archive, other)):
        parts.append(Path(folder) / f"{number}.wsev")
        run("hunt", "--partial", parts[-1], path)
    _, wanted, _, summary, _ = hunt(archive, other)
    done = run("merge", "--json", *parts)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    equal(lines[-1]["hosts"], summary["hosts"], "the hosts")
    equal(
        {l["host"]: l["says"] for l in lines if l["type"] == "host"},
        {host: one["says"] for host, one in wanted.items()},
        "what is said",
    )


def real_archives_are_read_whole_and_accuse_nobody(_folder):
    real = SHARED / "samples" / "argus" / "real"
    if not real.is_dir():
        raise Skip("there are no real archives here ($WORMSIGN_SHARED/samples/argus/real)")
    for path in sorted(real.iterdir()):
        code, hosts, _, summary, _ = hunt(path)
        one = summary["inputs"][0]
        equal((one["format"], one["damage"]), ("argus", []), path.name)
        holds(one["records"] > 100, f"{path.name}: only {one['records']} records")
        equal([h for h, v in hosts.items() if v["verdict"] == "infected"], [], path.name)
        equal(code, 0, f"the exit code of {path.name}")


TESTS = [
    damaged_samples_are_told_row_by_row,
    damaged_parts_are_counted_and_the_rest_is_read,
    one_damaged_archive_ends_no_run,
    a_hostile_name_is_just_a_name,
    version_2_is_refused_in_words,
    compressed_joined_and_piped_archives_are_read_alike,
    what_a_cut_archive_lost_is_not_what_follows_it,
    damage_made_to_be_slow_is_passed_over_quickly,
    the_outbreak_is_told_alike_by_capture_and_archive,
    the_samples_are_told_alike_by_capture_and_archive,
    the_archives_of_both_versions_are_told_as_their_captures,
    archives_that_clients_wrote_are_told_alike,
    records_put_together_by_host_tell_no_more,
    one_way_archives_make_nobody_a_sweeper,
    evidence_of_archives_merges_to_one_hunt,
    real_archives_are_read_whole_and_accuse_nobody,
]


def main():
    failed = False
    wanted = sys.argv[1:]
    for test in TESTS:
        if wanted and test.__name__ not in wanted:
            continue
        with tempfile.TemporaryDirectory(prefix="wormsign-argus-") as folder:
            failed |= not result(test.__name__, test, folder)
    return failed


if __name__ == "__main__":
    sys.exit(main())
