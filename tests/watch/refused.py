"""Servers that let nobody in, or are none, and command lines that are wrong: each ends with its
reason."""
import socket

from server import SASL, Server, greeting, refusal
from checking import check, equal, holds
from watching import archive


def says(*pieces):
    def script(talk):
        for piece in pieces:
            talk.say(piece)
            talk.hear()

    return script


def check_ends(p, script, *parts, count=1, options=()):
    with Server(script) as server:
        done = p.run(*options, server.url).ends(4).holds_the_schema().says(*parts)
    equal(server.count, count, "connections")
    equal((done.summary["complete"], done.summary["inputs"][0]["records"]), (False, 0), "complete, and records")


@check
def who_is_denied_does_not_insist(p):
    check_ends(p, says(refusal(1)), "the server lets nobody in from here (access denied); given up")


@check
def a_login_is_refused_politely(p):
    check_ends(p, says(greeting(status=SASL)), "the server asks for a login (SASL), which is not built here")


@check
def version_2_is_named(p):
    old = bytearray(greeting(cookie=0xE5617ACB))
    old[0] = 0x82
    check_ends(p, says(bytes(old)), "version 2 of Argus")


@check
def what_is_no_argus_server_is_told_apart(p):
    check_ends(p, says(b"SSH-2.0-OpenSSH_9.2\r\n"), "does not begin as an Argus server does; given up")


@check
def a_filter_that_the_server_does_not_take_ends_it(p):
    for reply, words in ((b"SY", "it says SY, a mistake in how it is written"), (b"ER", "it says ER")):
        with Server(says(greeting(), reply)) as server:
            p.run(server.url, "-", "port 5").ends(4).says('does not take the filter "port 5"', words)
        equal(server.heard, [[b"FILTER: man or (port 5)"]], "what the server heard")


@check
def too_many_clients_is_tried_again(p):
    def place(talk):
        talk.serve(archive(3, "scan445"))
        talk.wait_for_the_end()

    with Server(says(refusal(2)), says(refusal(2, 5)), place) as server:
        run = p.begin(server.url)
        run.wait_for('"host"')
        run.interrupt().ends(0).says("too many clients; the next attempt is in 1 s", "is in 2 s", "connected\n")
    check_ends(p, says(refusal(2)), "too many clients; given up", count=2, options=("--retries", "2"))


@check
def a_server_that_says_nothing_is_given_up(p):
    def script(talk):
        talk.wait_for_the_end()

    check_ends(p, script, "fell silent before the server said who it is; given up", options=("--retries", "1"))


@check
def a_port_where_nobody_is_ends_it_after_some_attempts(p):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and does not listen
        url = f"argus://127.0.0.1:{taken.getsockname()[1]}"
        done = p.run(url).ends(4).holds_the_schema()
        done.says("Connection refused; the next attempt is in 1 s", "is in 2 s", "refused; given up")
        equal(done.damage, ["cannot connect: Connection refused"], "damage")
        ended = p.begin("--retries", "0", url)
        ended.wait_for("is in 2 s")
        equal(ended.interrupt().ends(4).damage, ["cannot connect: Connection refused"], "damage when stopped")


@check
def one_server_of_two_that_is_not_there_leaves_it_incomplete(p):
    def script(talk):
        talk.serve(archive(3, "scan445"))
        talk.wait_for_the_end()

    with socket.socket() as taken, Server(script) as server:
        taken.bind(("127.0.0.1", 0))
        run = p.begin("--retries", "1", f"argus://127.0.0.1:{taken.getsockname()[1]}", server.url)
        run.wait_for("given up")
        run.wait_for('"host"')
        done = run.interrupt().ends(3).holds_the_schema()
    equal([len(i["damage"]) for i in done.summary["inputs"]], [1, 0], "damage")


@check
def wrong_command_lines_are_told_apart(p):
    for words, part in (([], "name an interface (-i IFACE) or an Argus server"),
                        (["127.0.0.1"], "is no server"), (["eth0"], "an interface stands behind -i, and a filter behind a lone -"),
                        (["argus://"], "is no server"),
                        (["argus://127.0.0.1:0"], "is no server"), (["argus://127.0.0.1:99999"], "is no server"),
                        (["argus://[::1"], "is no server"), (["argus://[::1]x"], "is no server"),
                        (["argus-udp://127.0.0.1"], "not built yet"),
                        (["-r", "x", "argus://127.0.0.1"], "-r"),
                        (["argus://127.0.0.1", "-", "tcp\n"], "letters that no filter has"),
                        (["argus://127.0.0.1", "-", "port", "=", "5"], "filter"),
                        (["argus://127.0.0.1", "-", "x" * 1001], "the filter has 1001 letters")):
        done = p.run(*words).ends(2).says(part)
        holds(done.out == "", f"{words} said {done.out[:200]!r}")
