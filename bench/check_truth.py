#!/usr/bin/env python3
"""check_truth.py (NAME TRUTH REPORT)...: holds the JSON Lines of hunts against the truth that
mkbench wrote beside each capture, and prints one table with a column a hunt.

Infected must be A and B by the names they look up and D and E by their P2P traffic, as the variants
that can be told apart there; nobody else may be, at home or outside. Suspicious may be those that
the truth names, and of all others at most one in 1,000 of the hosts seen. A cell is the verdict and
its weight; `!` is one that is wrong. Exits 1 where anything is."""
import json
import sys

BY_NAMES, BY_P2P = {"rendezvous-dns"}, {"p2p-message", "p2p-ports"}
INFECTED = {  # label: variants of which one must be named, signs of which one must be there
    "infected_A": ({"A"}, BY_NAMES),
    "infected_B": ({"B"}, BY_NAMES),
    "infected_D": ({"D", "E"}, BY_P2P),
    "infected_D_quiet": ({"D", "E"}, BY_P2P),
    "infected_E": ({"D", "E"}, BY_P2P),
}
MUST_BE_LABELLED = set(INFECTED) | {"relay", "asker", "benign_scanner", "infected_http_only"}
SUSPICIOUS_MOST = 1 / 1000  # of the hosts seen
SHORT = {"infected": "INF", "suspicious": "sus"}


def lines_of(path):
    with open(path, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def is_right(label, host):
    if label not in INFECTED:
        return host is None or host["verdict"] != "infected"
    variants, signs = INFECTED[label]
    return (
        host is not None
        and host["verdict"] == "infected"
        and bool(variants & set(host["variants"]))
        and bool(signs & {sign["sign"] for sign in host["signs"]})
    )


def cell_of(host, right):
    if host is None:
        words = "-"
    else:
        weight = host["weight"]
        weight = weight if isinstance(weight, str) else f"{weight:.1f}"
        words = f"{SHORT.get(host['verdict'], host['verdict'])} {weight}"
    return words if right else words + " !"


def judge(truth_path, report_path):
    """{label: cell}, what is wrong, who else is suspicious and why."""
    truth = {line["label"]: line["ip"] for line in lines_of(truth_path) if "label" in line}
    report = lines_of(report_path)
    hosts = {line["host"]: line for line in report if line["type"] == "host"}
    wrong = [f"the truth has no {label}" for label in sorted(MUST_BE_LABELLED - set(truth))]
    cells = {}
    for label, address in truth.items():
        host = hosts.pop(address, None)
        right = is_right(label, host)
        cells[label] = cell_of(host, right)
        if not right:
            wrong.append(f"{label} {address}: {host['says'] if host else 'not in the report'}")
    others = [host for host in hosts.values() if host["verdict"] == "infected"]
    suspicious = [host for host in hosts.values() if host["verdict"] == "suspicious"]
    seen = report[-1].get("hosts", {}).get("seen", 0) if report else 0
    wrong += [f"{host['host']}, in no truth: {host['says']}" for host in others]
    cells["others infected"] = f"{len(others)}{' !' if others else ''}"
    too_many = len(suspicious) > SUSPICIOUS_MOST * seen
    cells["others suspicious"] = f"{len(suspicious)}{' !' if too_many else ''}"
    cells["hosts seen"] = str(seen)
    if too_many:
        wrong.append(f"{len(suspicious)} suspicious of {seen} hosts seen")
    if not report or report[-1]["type"] != "summary":
        wrong.append("the report has no summary: it was cut")
    else:
        cells["seconds"] = f"{report[-1]['seconds']:.2f}"
    return cells, wrong, [f"{host['host']}: {host['says']}" for host in suspicious]


def main():
    words = sys.argv[1:]
    columns = [(words[i], *judge(*words[i + 1 : i + 3])) for i in range(0, len(words), 3)]
    rows = list(dict.fromkeys(label for _, cells, _, _ in columns for label in cells))
    print(f"  {'':<24}" + "".join(f"{name:>12}" for name, _, _, _ in columns))
    for row in rows:
        print(f"  {row:<24}" + "".join(f"{cells.get(row, ''):>12}" for _, cells, _, _ in columns))
    for name, _, _, suspects in columns:
        for what in suspects:
            print(f"  suspicious, {name}: {what}")
    wrong = [f"{name}: {what}" for name, _, faults, _ in columns for what in faults]
    for what in wrong:
        print(f"  WRONG {what}")
    print(f"  truth: {'NOT MET' if wrong else 'met'}, {len(wrong)} wrong")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
