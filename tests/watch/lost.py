"""Connections that are lost in every way: they are made again, what is missing is said, and no verdict
is doubled or lost."""
import time

from flows import worm_speaks
from server import Server, alive
from told import SUSPECT, WHEN, forever
from checking import check, equal, holds
from watching import archive

INFECTED = worm_speaks("10.8.0.1", "192.0.2.9", WHEN)
SCAN = archive(3, "scan445")


def then_ends(records, **how):
    def script(talk):
        talk.serve(records, **how)

    return script


def check_lost(p, first, *parts, told=2):
    """The first connection is lost; the second gives everything, once more or for the first time."""
    with Server(first, forever(SCAN + INFECTED)) as server:
        run = p.begin(server.url)
        run.wait_for("connected again")
        run.wait_for('"host"', times=told)
        time.sleep(1.5)
        done = run.interrupt().ends(1).holds_the_schema().says(*parts)
    equal(sorted(done.hosts), [(SUSPECT, "suspicious"), ("10.8.0.1", "infected")], "hosts, each told once")
    equal(done.summary["complete"], False, "complete")
    equal(len(done.damage), 1, "damages")
    return done


@check
def a_server_that_ends_and_comes_back_doubles_nothing(p):
    done = check_lost(p, then_ends(SCAN + INFECTED), "the server ended the connection; the next attempt is in 1 s")
    equal(done.damage, ["the server ended the connection"], "damage")


@check
def a_record_cut_by_a_lost_connection_is_dropped_and_said(p):
    for kept in (1, 4, len(INFECTED) - 1):
        done = check_lost(p, then_ends(SCAN + INFECTED[:kept]))
        equal(done.damage, [f"the server ended the connection in the middle of a record, of which {kept} bytes are"
                            " dropped"], "damage")


@check
def garbage_between_records_begins_a_new_connection(p):
    check_lost(p, forever(SCAN + b"\xff" * 64), "what came is no record")


@check
def a_silent_server_is_dead_after_three_intervals_and_not_before(p):
    def script(talk):
        talk.serve(SCAN, interval=1)
        for _ in range(4):
            time.sleep(1.8)
            talk.say(alive())
        talk.wait_for_the_end()

    with Server(script, forever(INFECTED, interval=1)) as server:
        run = p.begin(server.url)
        run.wait_for('"suspicious"')
        began = time.monotonic()
        run.wait_for("fell silent")
        taken = time.monotonic() - began
        run.wait_for('"infected"')
        done = run.interrupt().ends(1)
    holds(taken > 8, f"status records kept it for {taken:.1f} s only")
    equal(done.damage[0], "the server fell silent", "damage")


@check
def a_server_that_gave_records_is_tried_for_ever_with_growing_pauses(p):
    def script(talk):
        talk.serve(SCAN)
        time.sleep(1)

    with Server(script) as server:
        run = p.begin(server.url)
        run.wait_for("connected\n")
        run.wait_for('"host"')
        server.stop_listening()
        run.wait_for("refused; the next attempt is in 4 s")
        done = run.interrupt().ends(3).holds_the_schema()
    equal(done.hosts, [(SUSPECT, "suspicious")], "hosts")
    done.says("is in 1 s", "is in 2 s")
    holds("given up" not in done.err, "it gave up")
