"""What is said and when: hosts as their verdict rises, each once, while the watch goes on."""
import csv
import signal
import tempfile
import time
from pathlib import Path
from xml.etree import ElementTree

from flows import worm_speaks
from refused import says
from server import Server, alive, greeting, refusal
from checking import check, check_once, equal, holds
from watching import ARCHIVES, Program, archive

WHEN = 1238630500  # 2009-04-02, as the samples
SUSPECT = "10.1.1.7"
START = b"START: user='',cmd='wormsign'"
DONE = b"DONE: "
ENDLESS_BYTES_MAX = 200 << 20


def forever(records, **how):
    """Gives the records, and waits for the client's end."""

    def script(talk):
        talk.serve(records, **how)
        talk.wait_for_the_end()

    return script


@check
def records_of_both_versions_are_judged_as_in_a_file(p):
    for version in (3, 5):
        path = ARCHIVES / f"v{version}" / "scan445.argus"
        with Server(forever(archive(version, "scan445"), version=version)) as server:
            run = p.begin(server.url)
            run.wait_for('"host"')
            done = run.interrupt().ends(0).holds_the_schema()
        wanted = [line for line in p.hunt(path).lines if line.get("verdict") in ("infected", "suspicious")]
        equal([line for line in done.lines if line["type"] == "host"], wanted, f"hosts of version {version}")
        summary, one = done.summary, done.summary["inputs"][0]
        equal((summary["verb"], summary["complete"], one["name"]), ("watch", True, server.url))
        equal((one["format"], one["damage"]), ("argus", []), "format and damage")
        equal(server.heard, [[START, DONE]], "what the server heard")


@check
def a_host_is_told_at_once_and_again_when_its_verdict_rises(p):
    def script(talk):
        talk.serve(archive(3, "scan445"))
        time.sleep(2.5)
        talk.say(worm_speaks(SUSPECT, "192.0.2.9", WHEN))
        time.sleep(2.5)
        talk.say(worm_speaks(SUSPECT, "192.0.2.10", WHEN + 1, 2))
        talk.wait_for_the_end()

    with Server(script) as server, tempfile.TemporaryDirectory() as folder:
        table, page, scan = (Path(folder, name) for name in ("table.csv", "page.html", "hosts.xml"))
        run = p.begin("--csv", str(table), "--html", str(page), "-oX", str(scan), server.url)
        run.wait_for('"suspicious"', 10)
        holds('"infected"' not in "".join(run.out), "it was infected before it was")
        run.wait_for('"verdict":"infected"', 10)
        time.sleep(3)
        done = run.interrupt().ends(1).holds_the_schema()
        rows = list(csv.DictReader(table.read_text().splitlines()))
        hosts = ElementTree.parse(scan).findall("host/address")
        sections = page.read_text().count(f'id="host-{SUSPECT}"')
    equal(done.hosts, [(SUSPECT, "suspicious"), (SUSPECT, "infected")], "what was told")
    equal(done.summary["hosts"]["infected"], 1, "infected in the summary")
    equal([(row["host"], row["verdict"]) for row in rows], [(SUSPECT, "infected")], "rows of the table")
    holds("2 P2P messages of Conficker D or E to 2 addresses" in rows[0]["says"], rows[0]["says"])
    equal([host.get("addr") for host in hosts], [SUSPECT], "hosts of the XML")
    equal(sections, 1, "sections of the page")


@check
def text_has_each_host_its_summary_and_files_too(p):
    with tempfile.TemporaryDirectory() as folder, \
            Server(forever(worm_speaks(SUSPECT, "192.0.2.9", WHEN))) as server:
        base = Path(folder) / "seen"
        run = p.begin("-oA", str(base), server.url, json=False)
        run.wait_for("10.1.1.7: INFECTED")
        holds("10.1.1.7: INFECTED" in base.with_suffix(".txt").read_text(), "the file is behind")
        holds('"infected"' in base.with_suffix(".jsonl").read_text(), "the other file is behind")
        done = run.end(signal.SIGTERM).ends(1)
    holds("\nSUMMARY OF watch\n" in done.out, "there is no summary")
    equal(done.out.count("10.1.1.7: INFECTED"), 1, "how often it is said")


@check
def a_filter_is_told_before_the_start_and_in_one_piece(p):
    def script(talk):
        talk.say(greeting())
        talk.hear()
        time.sleep(0.3)
        talk.say(b"OK")
        talk.hear()
        talk.say(archive(3, "scan445"))
        talk.wait_for_the_end()

    with Server(script) as server:
        run = p.begin(server.url, "-", "tcp", "and", "port 445")
        run.wait_for('"host"')
        run.interrupt().ends(0)
    equal(server.heard, [[b"FILTER: man or (tcp and port 445)", START, DONE]], "what the server heard")


@check
def several_servers_are_read_at_once(p):
    with Server(forever(archive(3, "scan445"))) as one, \
            Server(forever(worm_speaks("10.8.0.1", "192.0.2.9", WHEN), version=5)) as other:
        run = p.begin(one.url, other.url)
        run.wait_for('"host"', times=2)
        done = run.interrupt().ends(1).holds_the_schema()
    equal(sorted(done.hosts), [(SUSPECT, "suspicious"), ("10.8.0.1", "infected")], "hosts")
    equal([i["name"] for i in done.summary["inputs"]], [one.url, other.url], "inputs")


@check
def what_a_watch_of_several_keeps_goes_by_the_names_of_all(p):
    with Server(forever(archive(3, "scan445"))) as one, Server(says(refusal(1))) as other, \
            tempfile.TemporaryDirectory() as folder:
        store = Path(folder, "kept.db")
        run = p.begin("--store", str(store), other.url, one.url)
        run.wait_for('"host"')
        records = run.interrupt().summary["inputs"][1]["records"]
        summary = p.report(store).ends(3).holds_the_schema().summary
    kept = summary["inputs"][0]
    equal(len(summary["inputs"]), 1, "inputs of the report")
    equal((kept["name"], kept["format"], kept["records"]), (f"{other.url}, {one.url}", "argus", records), "input")
    equal([d["reason"].startswith(f"{other.url}: ") for d in kept["damage"]], [True], f"{kept['damage']}")


@check
def what_is_older_than_is_kept_goes_and_is_told_anew_when_it_comes_back(p):
    day = 86400

    def script(talk):
        talk.serve(worm_speaks("10.8.0.1", "192.0.2.9", WHEN))
        time.sleep(2.5)
        talk.say(worm_speaks("10.8.0.2", "192.0.2.9", WHEN + 5 * day, 2))
        time.sleep(2.5)
        talk.say(worm_speaks("10.8.0.1", "192.0.2.9", WHEN + 5 * day, 3))
        talk.wait_for_the_end()

    for keep, told, infected in (("5", 3, 2), ("6", 2, 2)):
        with Server(script) as server:
            run = p.begin("--keep", keep, "--for", "8", server.url)
            done = run.end().ends(1).holds_the_schema()
        equal(len(done.hosts), told, f"hosts told with --keep {keep}")
        equal(done.summary["hosts"]["infected"], infected, "infected in the end")


@check
def whom_it_forgot_counts_for_the_exit_code_all_the_same(p):
    def script(talk):
        talk.serve(worm_speaks("10.8.0.1", "192.0.2.9", WHEN))
        time.sleep(2.5)
        talk.say(archive(3, "dns") + worm_speaks("192.0.2.8", "192.0.2.9", WHEN + 90 * 86400, 2))
        talk.wait_for_the_end()

    with Server(script) as server:
        done = p.run("--for", "6", server.url).ends(1).holds_the_schema()
    equal(done.summary["hosts"]["infected"], 0, "infected in the end")
    equal(("10.8.0.1", "infected") in done.hosts, True, "told")


@check
def it_ends_when_nobody_reads_its_results_any_more(p):
    with Server(forever(archive(3, "scan445"))) as server:
        began = time.monotonic()
        with open("/dev/full", "w", encoding="utf-8") as full:
            p.begin("--for", "30", server.url, stdout=full).end().ends(4)
    holds(time.monotonic() - began < 10, "it went on")


def started_by(p, folder, command):
    """The program, as a shell of this command line starts it."""
    shell = Path(folder, "shell")
    shell.write_text(f"#!/bin/sh\n{command} '{p.path}' \"$@\"\n")
    shell.chmod(0o755)
    return Program("", shell)


@check
def a_terminal_that_is_closed_ends_it_properly(p):
    with Server(forever(archive(3, "scan445"))) as server, tempfile.TemporaryDirectory() as folder:
        # These tests may themselves have been started by nohup.
        run = started_by(p, folder, "exec env --default-signal=HUP").begin(server.url)
        run.wait_for('"host"')
        run.child.send_signal(signal.SIGHUP)
        done = run.end().ends(0).holds_the_schema()
    equal(done.summary["type"], "summary", "the last line")


@check
def what_was_started_by_nohup_goes_on_when_its_terminal_is_closed(p):
    with Server(forever(archive(3, "scan445"))) as server, tempfile.TemporaryDirectory() as folder:
        run = started_by(p, folder, "exec env --ignore-signal=HUP").begin("--stats-every", "1s", server.url)
        run.wait_for('"host"')
        run.child.send_signal(signal.SIGHUP)
        run.wait_for("heard", times="".join(run.err).count("heard") + 2)
        run.interrupt().ends(0).holds_the_schema()


@check
def it_ends_after_the_time_that_was_asked_for(p):
    with Server(forever(archive(3, "dns"))) as server:
        began = time.monotonic()
        done = p.run("--for", "2", "--stats-every", "1", server.url).ends(0)
    holds(2 <= time.monotonic() - began < 8, "it ended at another time")
    done.says("1 of 1 heard, ")


@check_once
def a_server_that_never_stops_is_read_in_bounded_memory(p):
    records = b"".join(worm_speaks(f"10.3.{n // 250}.{n % 250 + 1}", "192.0.2.9", WHEN, n) for n in range(2000))

    def script(talk):
        talk.serve(records)
        while True:
            talk.say(records)
            talk.say(alive())

    with Server(script) as server:
        run = p.begin(server.url)
        run.wait_for('"host"', times=2000)
        time.sleep(3)
        status = Path(f"/proc/{run.child.pid}/status").read_text()
        done = run.interrupt().ends(1)
    peak = int(status.split("VmHWM:")[1].split()[0]) * 1024
    holds(peak < ENDLESS_BYTES_MAX, f"it took {peak >> 20} MiB")
    equal(len(done.hosts), 2000, "hosts, each told once")
    holds(done.summary["inputs"][0]["records"] > 10000, "it read little")
