"""Ports that are named besides the worm's (-p, --all-ports), and gates before the asking (--ping,
--windows-only): who is found, who is kept out, and what is said of both."""
import contextlib
import socket
import threading

import p2p
from checking import check, equal, holds
from scanning import Listener

P2P = ("--checks", "p2p", "--max-rate", "0")


@contextlib.contextmanager
def greeter(address, port):
    """A server that greets whoever connects."""
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind((address, port))
        server.listen(8)

        def greet():
            with contextlib.suppress(OSError):
                while True:
                    one, _ = server.accept()
                    one.sendall(b"220 welcome to the ward's printer\r\n")
                    one.close()

        thread = threading.Thread(target=greet, daemon=True)
        thread.start()
        yield
        server.shutdown(socket.SHUT_RDWR)
        thread.join(5)


def of_no_week(host):
    return {(c["proto"], c["port"], c["result"]) for c in host["checks"] if c["week"] == "none"}


@check
def a_worm_whose_own_address_is_not_known_is_found_by_its_open_ports(p):
    real = "10.20.30.41"
    tcp, udp = p2p.predicted(real, p.week)
    # On a port that is the host's own as well it would be found at once.
    host = next(h for h in p.addresses(4) if not {*tcp, *udp} & {port for both in p2p.predicted(h, p.week) for port in both})
    wanted = {("tcp", port, "infected") for port in tcp} | {("udp", port, "infected") for port in udp}
    with p.rig({host: "valid"}, real_ip=real):
        p.json(*P2P, "--week", str(p.week), host).ends(0)
        done = p.json(*P2P, "--week", str(p.week), "--all-ports", host).ends(1).holds_the_schema()
        holds(wanted <= of_no_week(done.hosts[host]), f"{wanted} is not within {of_no_week(done.hosts[host])}")
        told = done.hosts[host]["ports"]
        equal(told["asked"], 2 * 56384 - 4 + 3, "ports asked: all that are not black-listed, and the controls")
        equal((told["failed"], told["takes_all"], told["answers_all"], told["not_shown"]), (0, False, False, 0), "ports")
        done = p.json(*P2P, "--week", str(p.week), "-p", f"T:{tcp[0]}", host).ends(1).holds_the_schema()
        equal(of_no_week(done.hosts[host]), {("tcp", tcp[0], "infected")}, "with -p, of no week")
        text = p.run(*P2P, "--week", str(p.week), "-p", f"T:{tcp[0]}", host).ends(1).out
    for words in (f"(port {tcp[0]}/tcp): INFECTED (Received valid data)", "1/5 checks: Host is likely INFECTED",
                  "4 other ports were asked (3 of them only to compare", "INFECTED"):
        holds(words in text, f"{words!r} is not in {text}")


@check
def a_server_that_greets_on_a_named_port_is_not_suspicious(p):
    host = p.addresses(1)[0]
    port = 40050
    with greeter(host, port):
        done = p.json(*P2P, "-p", str(port), host).ends(0).holds_the_schema()
    equal(done.hosts[host]["verdict"], "unknown", "verdict")
    equal(of_no_week(done.hosts[host]), {("tcp", port, "odd")}, "of no week")
    equal(done.hosts[host]["signs"], [], "signs")


@check
def windows_only_asks_nobody_who_is_not_seen_to_be(p):
    with Listener(p) as silent:
        done = p.json(*P2P, "--windows-only", silent.address).ends(0).holds_the_schema()
        equal(silent.heard(), 0, "datagrams to the ports of the worm")
        host = done.hosts[silent.address]
        equal((host["verdict"], "checks" in host), ("unknown", False), "verdict, checks")
        holds("--windows-only" in host["reason"], host["reason"])
        equal((done.summary["complete"], done.summary["asked"]), (True, 1), "complete, asked")
        try:
            with greeter(silent.address, 139):
                done = p.json(*P2P, "--windows-only", silent.address).ends(0)
        except PermissionError:
            return "port 139 may not be opened here"
        holds(silent.heard() > 0, "a host with 139 was not asked")
        equal("checks" in done.hosts[silent.address], True, "checks")
    return None


@check
def ping_asks_whoever_refuses(p):
    with Listener(p) as there:
        done = p.json(*P2P, "--ping", there.address).ends(0).holds_the_schema()
        holds(there.heard() > 0, "a host that refuses 445 was not asked")
        equal(len(done.hosts[there.address]["checks"]) >= 4, True, "checks")


@check
def wrong_ports_and_gates_are_wrong_requests(p):
    for ports in ("http", "70000", "5-2", "80,", "T:"):
        p.is_wrong("127.0.0.1", "-p", ports, says="is no list of ports")
    p.is_wrong("127.0.0.1", "-p", "22,80", says="black list")
    p.is_wrong("127.0.0.1", "-p-", "--all-ports", says="one of them")
    p.is_wrong("127.0.0.1", "-p-", "--checks", "smb", says="needs p2p")
    p.is_wrong("127.0.0.1", "--all-ports", "--host-timeout", "5s", says="--host-timeout cannot be kept")
    p.is_wrong("127.0.0.1", "--ping", "-Pn", says="one of them")
    p.is_wrong("127.0.0.1", "--ping", "--windows-only", says="one of them")
    p.is_wrong("127.0.0.1", "--resume", "f", "--ping", says="--resume")
