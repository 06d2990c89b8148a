#!/usr/bin/env python3
"""The page that --html writes, in a real browser (headless Chromium, see browser.py): opened from
disk, sorted, filtered, searched, a host opened, printed; with text that means harm in every field;
small at 1,000 hosts, quick at 50,000. Without a browser only what needs none is checked.

The program is $WORMSIGN, else build/wormsign; pages about many hosts come from tests/rig/many_hosts
beside it. Prints `ok NAME`, `not ok NAME: reason` or `skip NAME: reason`."""
import contextlib
import html.parser
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path[:0] = [str(ROOT / "tests" / "cases"), str(ROOT / "tests" / "rig"), str(HERE)]
sys.dont_write_bytecode = True
import browser as chromium
import run as cases  # the runner of the cases, which makes their captures
from checking import CHECKS, check, check_once, equal, holds

SAMPLE = ROOT / "samples" / "outbreak.pcap.gz"
PROGRAM = Path(os.environ.get("WORMSIGN", ROOT / "build" / "wormsign"))
THOUSAND_BYTES = 400_000
MANY, MANY_SECONDS = 50_000, 5
FOLDER = Path(tempfile.mkdtemp(prefix="wormsign-html-"))
NEEDS_BROWSER = set()
BROWSER = None


def run(*arguments, **more):
    return subprocess.run(
        [str(argument) for argument in (PROGRAM, *arguments)],
        capture_output=True, timeout=300, check=False, stdin=subprocess.DEVNULL, **more)  # fmt: skip


def in_browser(function):
    NEEDS_BROWSER.add(function.__name__)
    return check_once(function)


def sample_page():
    path = FOLDER / "sample.html"
    if not path.exists():
        equal(run("hunt", SAMPLE, "--html", path).returncode, 1, "exit code")
    return path


def made_page(count, *how):
    path = FOLDER / f"made-{count}{''.join(how)}.html"
    if not path.exists():
        with open(path, "wb") as out:
            maker = PROGRAM.parent / "tests" / "rig" / "many_hosts"
            subprocess.run([maker, str(count), *how], stdout=out, check=True, timeout=300)
    return path


def hosts_of_sample():
    lines = run("hunt", "--json", SAMPLE).stdout.splitlines()
    return [line for line in map(json.loads, lines) if line["type"] == "host"]


@contextlib.contextmanager
def page_at(path, fragment="", **how):
    """An open page; at the end nothing may have been complained of, and nothing fetched."""
    page = chromium.Page(BROWSER, **how)
    page.open(path, fragment, ready=how.get("scripts", True))
    yield page
    equal(page.said, [], "what the browser's console says")
    equal({url.split("#")[0] for url in page.requests}, {f"file://{path}"}, "requests")
    page.close()


def addresses(page):
    return page.value("[...document.querySelectorAll('#body th a')].map(a => a.textContent)")


def choose(page, control, value):
    page.value(
        f"(e => {{ e.value = {json.dumps(value)};"
        " e.dispatchEvent(new Event('input', {bubbles: true})); })"
        f"(document.getElementById({json.dumps(control)}))"
    )


# ---- without a browser ----


class Nesting(html.parser.HTMLParser):
    """Well-formed: each end tag ends what was begun last."""

    VOID = {"meta", "input", "br", "link"}
    EMPTY_SHAPES = {"line", "rect", "circle", "path", "use"}

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.open, self.wrong, self.ids = [], [], []
        self.feed(text)
        self.close()
        self.wrong += self.open

    def handle_starttag(self, tag, attributes):
        self.ids += [value for name, value in attributes if name == "id"]
        if tag not in self.VOID | self.EMPTY_SHAPES:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        if tag not in self.EMPTY_SHAPES:
            self.wrong.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append("/" + tag)


@check
def page_is_well_formed_and_its_ids_are_unique():
    path = FOLDER / "here.html"
    equal(run("hunt", SAMPLE, "--html", path).returncode, 1, "exit code")
    nesting = Nesting(path.read_text())
    equal(nesting.wrong, [], "tags out of place")
    equal(len(nesting.ids), len(set(nesting.ids)), "distinct ids")


@check
def xmllint_reads_the_page():
    if not shutil.which("xmllint"):
        return "xmllint is not installed"
    path = FOLDER / "here.html"
    equal(run("hunt", SAMPLE, "--html", path).returncode, 1, "exit code")
    done = subprocess.run(
        ["xmllint", "--html", "--noout", path], capture_output=True, check=False, text=True)  # fmt: skip
    # libxml2 knows HTML 4: elements that came later are no mistakes of ours.
    found = [line for line in done.stderr.splitlines() if "error" in line]
    known = re.compile(r"Tag (main|header|footer|section|article|nav|figure|figcaption|details|summary|"
                       r"time|bdi|svg|path|line|rect|circle|text|symbol|use) invalid")
    equal([line for line in found if not known.search(line)], [], "errors")
    return None


@check
def every_host_of_the_json_is_in_the_page():
    text = sample_page().read_text()
    for host in hosts_of_sample()[:5]:
        holds(f'id="host-{host["host"]}"' in text, f"{host['host']} has no section of its own")


@check
def a_page_that_cannot_be_written_leaves_what_was_there():
    folder = FOLDER / "kept"
    folder.mkdir(exist_ok=True)
    path = folder / "page.html"
    path.write_text("earlier")
    # A limit on the size of files stands for a full disk.
    limited = ["bash", "-c", 'trap "" XFSZ; ulimit -f 40; exec "$@"', "-", str(PROGRAM)]
    done = subprocess.run(
        [*limited, "hunt", str(SAMPLE), "--html", str(path)],
        capture_output=True, timeout=300, check=False, stdin=subprocess.DEVNULL)  # fmt: skip
    equal(done.returncode, 4, "exit code")
    holds(str(path).encode() in done.stderr, f"{done.stderr!r} does not name the page")
    equal(path.read_text(), "earlier", "what was there")
    equal([p.name for p in folder.iterdir()], ["page.html"], "files")


@check
def a_page_takes_the_place_of_the_earlier_one_when_it_is_whole():
    path = FOLDER / "again.html"
    path.write_text("earlier")
    equal(run("hunt", SAMPLE, "--html", path).returncode, 1, "exit code")
    holds(path.read_text().endswith("</html>\n"), "the page has no end")
    equal([p.name for p in FOLDER.glob("again*")], ["again.html"], "files")


@check
def a_capture_is_not_replaced_by_a_page():
    path = FOLDER / "capture.pcap.gz"
    shutil.copy(SAMPLE, path)
    before = path.read_bytes()
    equal(run("hunt", SAMPLE, "--html", path).returncode, 4, "exit code")
    equal(path.read_bytes() == before, True, "the capture is as it was")


def hunts_of_the_cases():
    """(name, folder with its captures, arguments) of each case that is a hunt without a report file."""
    for args in sorted((ROOT / "tests" / "cases").glob("hunt-*/args")):
        with tempfile.TemporaryDirectory() as folder:
            copy = cases.copy_of(args.parent, folder)
            words = [word.replace("$CASE", str(copy)) for word in shlex.split(args.read_text())]
            stdin = next((copy / name for name in ("stdin", "stdin.pcap") if (copy / name).exists()), None)
            yield args.parent.name, copy, words, stdin


@check
def pages_of_the_cases_say_what_their_json_says():
    compared = 0
    for name, folder, words, stdin in hunts_of_the_cases():
        page, lines = folder / "page.html", folder / "lines.jsonl"
        with open(stdin or os.devnull, "rb") as given:
            done = subprocess.run(
                [PROGRAM, *words, "--html", page, "-oJ", lines],
                cwd=ROOT, stdin=given, capture_output=True, timeout=120, check=False)  # fmt: skip
        if done.returncode not in (0, 1, 3):
            continue
        hosts = [one for one in map(json.loads, lines.read_text().splitlines()) if one["type"] == "host"]
        text = page.read_text()
        equal(Nesting(text).wrong, [], f"{name}: tags out of place")
        if len(hosts) > 25:
            continue
        rows = re.findall(r'<tr><th scope="row"><a href="#[^"]*">([^<]*)</a>.*?<span class="badge (\w+)">', text)
        equal(sorted(rows), sorted((one["host"], one["verdict"]) for one in hosts), f"{name}: hosts")
        compared += 1
    holds(compared > 30, f"only {compared} cases were compared")


@check
def merge_writes_the_page_of_the_hunt_it_stands_for():
    part, merged = FOLDER / "part.wsev", FOLDER / "merged.html"
    part.unlink(missing_ok=True)
    run("hunt", SAMPLE, "--partial", part)
    equal(run("merge", part, "--html", merged).returncode, 1, "exit code")

    def hosts(path):
        return re.findall(r'<tr><th scope="row"><a href="#(host-[^"]+)"', path.read_text())

    equal(hosts(merged), hosts(sample_page()), "hosts of the first page")


@check
def scan_writes_a_page_with_its_checks():
    path = FOLDER / "scan.html"
    done = subprocess.run(
        [ROOT / "tests" / "rig" / "with", "127.9.8.7=valid", "--", PROGRAM, "scan", "-q",
         "127.9.8.7", "127.9.8.9", "--html", path],
        capture_output=True, timeout=120, check=False, cwd=ROOT, stdin=subprocess.DEVNULL)  # fmt: skip
    equal(done.returncode, 1, f"exit code ({done.stderr})")
    text = path.read_text()
    holds("Received valid data" in text and "<h3>Checks</h3>" in text, "no checks")
    holds("P2P ports, expected against seen" in text, "no map of ports")
    holds("2 of 2 hosts were asked" in text, "it does not say how many were asked")


@check
def watch_writes_its_page_at_the_end():
    path = FOLDER / "watch.html"
    path.unlink(missing_ok=True)
    process = subprocess.Popen(
        [PROGRAM, "watch", "-q", "argus://127.0.0.1:9", "--html", path],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)  # fmt: skip
    before = Path(f"{path}.{process.pid}.tmp")
    for _ in range(200):
        if before.exists():
            break
        time.sleep(0.05)
    holds(before.exists(), "nothing is written beside")
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    holds(process.returncode in (3, 4), f"exit code is {process.returncode} ({said})")
    holds(path.read_text().endswith("</html>\n"), "the page has no end")
    holds(not before.exists(), "what was written beside is still there")


@check_once
def a_thousand_hosts_are_small_enough_to_mail():
    size = made_page(1000).stat().st_size
    print(f"1,000 hosts: {size:,} bytes")
    holds(size < THOUSAND_BYTES, f"1,000 hosts take {size} bytes, not less than {THOUSAND_BYTES}")


@check
def explain_and_the_page_tell_the_same_of_how_to_mend():
    # HTML 5 reads entities that the page has; the text is compared with blanks made one.
    flat = " ".join(re.sub(r"<[^>]*>", " ", sample_page().read_text()).split()).replace("&#39;", "'")
    for verdict in ("infected", "suspicious", "clean", "unknown"):
        mend = json.loads(run("explain", "--json", verdict).stdout)
        told = " ".join(run("explain", verdict).stdout.decode().split())
        for step in mend["steps"]:
            for where, text in (("page", flat), ("explain", told)):
                holds(" ".join(step["text"].split()) in text, f"{where} lacks {step['title']!r}")


def page_of_two_sites(name, *more):
    """The same networks at north and south: each address is two hosts."""
    path, store = FOLDER / f"{name}.html", FOLDER / f"{name}.db"
    if not path.exists():
        for site in ("north", "south"):
            run("hunt", "-q", "--store", store, "--site", site, SAMPLE)
        equal(run("report", store, "--html", path, *more).returncode, 1, "exit code")
    return path


def sites_of(page):
    """{what ids have behind an address: site}, by the rows of the table."""
    found = re.findall(r'<a href="#host-10\.9\.2\.22-(\w+)">10\.9\.2\.22</a>.{0,200}?<bdi>(\w+)</bdi></span></th>',
                       page.read_text(), re.DOTALL)
    return dict(found)


@check
def an_address_at_two_sites_is_two_hosts_also_where_infections_name_it():
    path = page_of_two_sites("sites")
    text, sites = path.read_text(), sites_of(path)
    equal(sorted(sites.values()), ["north", "south"], "the sites of 10.9.2.22")
    page = Nesting(text)
    equal(len(page.ids), len(set(page.ids)), "ids that are there once")
    links = re.findall(r'href="#(host-[^"]*)"', text)
    holds(links and all(link.rpartition("-")[2] in sites for link in links), f"links to nobody: {links[:9]}")
    items = re.findall(r"<li>(<a href=\"#host-.*?)</li>", text)
    told = [re.findall(r'"#(host-[\d.]+)-(\w+)">.*?<bdi>(\w+)</bdi>', item) for item in items]
    holds(len(told) >= 4, f"{len(told)} infections are told")
    for one in told:
        equal([sites[number] for _, number, _ in one], [site for *_, site in one], "the sites of a line")
        equal(len({site for *_, site in one}), 1, "the sites of one infection")
    # The section of a host tells of its own infections alone.
    for section in re.findall(r'<section class="host" id="(.*?)".*?</section>', text, re.DOTALL):
        body = text.split(f'<section class="host" id="{section}"')[1].split("</section>")[0]
        own = re.findall(r"<li>(<a href=\"#host-.*?)</li>", body)
        holds(all(f'"#{section}"' in item for item in own), f"{section} tells of another: {own}")
    # In the picture each has a lane of its own, and an arrow.
    picture = text.split('<section id="spread">')[1].split("</svg>")[0]
    lanes = re.findall(r'<a href="#(host-[^"]*)"><text', picture)
    equal(len(lanes), len(set(lanes)), "lanes that are there once")
    for number in sites:
        holds(f"host-10.9.2.22-{number}" in lanes, f"no lane of 10.9.2.22 at {sites[number]}")


@check
def sites_of_a_list_are_those_of_infections_too():
    store, path, listed = FOLDER / "listed.db", FOLDER / "listed.html", FOLDER / "sites.csv"
    listed.write_text("10.9.2.0/24,ward,Ann\n")
    run("hunt", "-q", "--store", store, SAMPLE)
    run("report", "--sites-csv", listed, store, "--html", path)
    text, sites = path.read_text(), sites_of(path)
    equal(list(sites.values()), ["ward"], "the site of 10.9.2.22")
    holds('href="#host-10.9.2.22"' not in text, "a link to 10.9.2.22 without its site")
    holds('href="#host-10.9.1.11"' in text, "no link to 10.9.1.11, which is at no site")


# ---- in a browser ----


@in_browser
def of_two_sites_each_host_opens_with_its_own_infections():
    path = page_of_two_sites("sites")
    for number, site in sites_of(path).items():
        for address in ("10.9.2.22", "10.9.2.57"):
            with page_at(path, f"#host-{address}-{number}") as page:
                section = "document.querySelector('.host.open')"
                equal(page.value(f"{section}.id"), f"host-{address}-{number}", "section")
                told = page.value(f"[...{section}.querySelectorAll('.infections li')].map(l => l.textContent)")
                holds(told and all(f"{address} at {site}" in line for line in told), f"told is {told}")


@in_browser
def page_opens_from_disk_with_all_hosts_and_their_verdicts():
    wanted = {host["host"]: host["verdict"] for host in hosts_of_sample()}
    with page_at(sample_page()) as page:
        choose(page, "rows", "500")
        rows = "[...document.querySelectorAll('#body tr')]"
        pair = "[r.querySelector('a').textContent, r.querySelector('.badge').textContent]"
        equal(dict(page.value(f"{rows}.map(r => {pair})")), wanted, "hosts and verdicts")
        holds(page.value("document.querySelector('h1').textContent").startswith("4 of your hosts"),
              "the headline does not count the infected")  # fmt: skip


@in_browser
def first_page_is_the_same_with_and_without_script():
    with page_at(made_page(1000), scripts=False) as plain, page_at(made_page(1000)) as scripted:
        still = plain.call("DOM.getDocument", depth=-1)
        found = plain.call("DOM.querySelectorAll", nodeId=still["root"]["nodeId"], selector="#body tr")
        first = plain.call("DOM.getOuterHTML", nodeId=found["nodeIds"][0])["outerHTML"]
        equal(len(found["nodeIds"]), 25, "rows without script")
        equal(first, scripted.value("document.querySelector('#body tr').outerHTML"), "first row")


@in_browser
def table_sorts_by_its_heads():
    with page_at(sample_page()) as page:
        choose(page, "rows", "500")
        for head, key in (("address", lambda text: [int(part) for part in text.split(".")]),):
            page.value(f"document.querySelector('th[data-sort={head}] button').click()")
            equal(addresses(page), sorted(addresses(page), key=key), "order")
            sort = f"document.querySelector('th[data-sort={head}]').getAttribute('aria-sort')"
            equal(page.value(sort), "ascending", "aria-sort")
            page.value(f"document.querySelector('th[data-sort={head}] button').click()")
            equal(addresses(page), sorted(addresses(page), key=key, reverse=True), "order")
            equal(page.value(sort), "descending", "aria-sort")
        equal(page.value("document.querySelectorAll('th[aria-sort]').length"), 1, "sorted columns")


@in_browser
def table_filters_by_verdict_variant_and_network():
    hosts = hosts_of_sample()
    with page_at(sample_page()) as page:
        choose(page, "rows", "500")
        for control, value, wanted in (
            ("verdict", "suspicious", lambda h: h["verdict"] == "suspicious"),
            ("verdict", "", lambda h: True),
            ("variant", "B", lambda h: "B" in h["variants"]),
            ("variant", "", lambda h: True),
            ("network", "1", lambda h: h["home"]),
        ):
            choose(page, control, value)
            found = {h["host"] for h in hosts if wanted(h)}
            equal(set(addresses(page)), found, f"{control} {value!r}")
        page.value("document.querySelector('#controls button').click()")
        page.until("document.querySelectorAll('#body tr').length === 25")


@in_browser
def search_finds_words_of_rows_and_signs():
    with page_at(sample_page()) as page:
        choose(page, "search", "exploit 10.9.2.22")
        holds("10.9.2.22" in addresses(page), f"found {addresses(page)}")
        choose(page, "search", "no such words anywhere")
        equal(addresses(page), [], "hosts")
        holds("No host" in page.value("document.getElementById('shown').textContent"), "no answer")


@in_browser
def tiles_show_their_hosts():
    with page_at(sample_page()) as page:
        page.value("document.querySelector('.tile.infected').click()")
        equal(len(addresses(page)), 4, "infected hosts")


@in_browser
def pages_of_the_table_turn():
    with page_at(made_page(1000)) as page:
        first = addresses(page)
        page.value("document.getElementById('next').click()")
        holds(not set(first) & set(addresses(page)), "the second page shows hosts of the first")
        holds("26 to 50 of 1,000" in page.value("document.getElementById('shown').textContent"), "place")
        page.value("document.getElementById('before').click()")
        equal(addresses(page), first, "first page")


@in_browser
def every_host_opens_and_closes():
    with page_at(made_page(1000)) as page:
        choose(page, "rows", "500")
        for address in addresses(page)[::37]:
            page.value(f"location.hash = '#host-{address}'")
            page.until(f"document.title.startsWith('{address} ')")
            shown = page.value(
                "[...document.querySelectorAll('.host')].filter(s => s.offsetParent).map(s => s.id)"
            )
            equal(shown, [f"host-{address}"], "sections shown")
            equal(page.value("document.activeElement.tagName"), "H2", "focus")
            page.press("Escape")
            page.until("!document.body.classList.contains('one-host')")


@in_browser
def a_link_to_a_host_opens_it_with_pictures_bytes_and_infections():
    with page_at(sample_page(), "#host-10.9.2.22") as page:
        section = "document.querySelector('.host.open')"
        equal(page.value(f"{section}.id"), "host-10.9.2.22", "section")
        titles = page.value(f"[...{section}.querySelectorAll('svg')].map(s => s.getAttribute('aria-label'))")
        equal(titles, ["When each sign showed", "Attempts on port 445", "Names a day"], "pictures")
        holds("0000  e8 ff ff ff ff c2" in page.value(f"{section}.querySelector('pre').textContent"), "bytes")
        holds("infected 10.9.2.57" in page.value(f"{section}.querySelector('.infections').textContent"),
              "no infection")  # fmt: skip
        equal(page.value(f"{section}.querySelector('use').getBoundingClientRect().width > 50"), True, "fan")


@in_browser
def keyboard_alone_reaches_a_host():
    with page_at(sample_page()) as page:
        page.press("Tab")
        equal(page.value("document.activeElement.className"), "skip", "first stop")
        page.press("/", "/")
        equal(page.value("document.activeElement.id"), "search", "focus after /")
        for _ in range(40):
            page.press("Tab")
            if page.value("document.activeElement.closest('#body') !== null"):
                break
        page.press("Enter", "\r")
        page.until("document.body.classList.contains('one-host')")


@in_browser
def what_is_on_the_page_has_names_for_screen_readers():
    with page_at(sample_page()) as page:
        nodes = page.call("Accessibility.getFullAXTree")["nodes"]
        named = {"link", "button", "textbox", "searchbox", "combobox", "image", "img", "table"}
        for node in nodes:
            role = node.get("role", {}).get("value")
            if not node["ignored"] and role in named:
                holds(node.get("name", {}).get("value"), f"a {role} without a name: {node}")
        roles = {node.get("role", {}).get("value") for node in nodes}
        for landmark in ("main", "banner", "contentinfo", "search", "columnheader", "rowheader"):
            holds(landmark in roles, f"no {landmark}")


CONTRAST = """(() => {
  const parse = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => { const f = (c) => (c /= 255) <= .04045 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4;
    return .2126 * f(r) + .7152 * f(g) + .0722 * f(b); };
  const ground = (e) => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor);
    if (c.length === 3 || c[3] === 1) return c; } return [255, 255, 255]; };
  const bad = [];
  for (const e of document.querySelectorAll('main *, header *')) {
    if (!e.offsetParent || e.closest('svg') || ![...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim())) continue;
    if (e.disabled) continue;
    const a = light(parse(getComputedStyle(e).color)), b = light(ground(e));
    const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
    if (ratio < 4.5) bad.push(e.tagName + '.' + e.className + ' ' + ratio.toFixed(2));
  }
  return [...new Set(bad)];
})()"""


@in_browser
def text_has_contrast_in_both_themes():
    for theme in ("light", "dark"):
        with page_at(sample_page(), "#host-10.9.2.22", theme=theme) as page:
            equal(page.value(CONTRAST), [], f"text below 4.5:1 of a host, {theme}")
        with page_at(sample_page(), theme=theme) as page:
            equal(page.value(CONTRAST), [], f"text below 4.5:1, {theme}")


# Words and shapes of pictures beyond the edges of the screen, and words that are too small to read.
CUT_OFF = """[...document.querySelectorAll('.picture svg *')].filter(e => {
  const box = e.getBoundingClientRect();
  const small = e.tagName === 'text' && parseFloat(getComputedStyle(e).fontSize) * e.getScreenCTM().a < 7;
  return box.width > 0 && (box.left < 0 || box.right > innerWidth || small);
}).map(e => e.outerHTML.slice(0, 100))"""


@in_browser
def a_phone_shows_it_without_scrolling_sideways():
    for fragment in ("", "#host-10.9.3.33"):
        with page_at(sample_page(), fragment, width=390, height=844) as page:
            wide = page.value("document.documentElement.scrollWidth")
            holds(wide <= 390, f"the page is {wide} wide")
            equal(page.value(CUT_OFF), [], "what pictures do not show")
            holds(page.value("document.querySelectorAll('.picture text').length") > 5, "no words in the pictures")


@in_browser
def it_prints_with_all_that_is_seen():
    with page_at(sample_page()) as page:
        pdf = page.pdf()
        holds(pdf.startswith(b"%PDF") and len(pdf) > 20_000, f"no PDF: {pdf[:20]!r}, {len(pdf)} bytes")
        if shutil.which("pdftotext"):
            done = subprocess.run(["pdftotext", "-", "-"], input=pdf, capture_output=True, check=True)
            for words in (b"4 of your hosts are infected", b"10.9.3.33", b"Patch MS08-067"):
                holds(words in done.stdout, f"the print lacks {words}")


@in_browser
def text_that_means_harm_is_shown_as_text():
    with page_at(made_page(40, "hostile")) as page:
        ids = page.value("[...document.querySelectorAll('#body th a')].map(a => a.hash)")
        for fragment in ids:
            page.value(f"location.hash = {json.dumps(fragment)}")
            page.until(f"document.querySelector('.host.open')?.id === {json.dumps(fragment[1:])}")
        equal(page.value("window.harmed ?? null"), None, "harm")
        equal(page.value("document.querySelectorAll('img, [onclick], [onerror], [style]').length"), 0, "elements")
        equal(page.value("document.scripts.length"), 2, "scripts")
        text = page.value("document.querySelector('.host.open').textContent")
        holds("<img src=x onerror=\"window.harmed=1\"></script>" in text, "the text is not shown")
        holds("\\xe2\\x80\\xae" in text, "the mark that turns direction is not shown")
        choose(page, "search", "<img \"&amp;")
        equal(len(addresses(page)), 25, "hosts found by markup")


@in_browser
def the_policy_stops_script_that_is_not_its_own():
    changed = FOLDER / "changed.html"
    text = sample_page().read_text()
    changed.write_text(text.replace("<main>", "<main><script>window.harmed = 1</script>"
                                    "<img src='http://127.0.0.1:9/x'>", 1))  # fmt: skip
    page = chromium.Page(BROWSER)
    page.open(changed)
    equal(page.value("window.harmed ?? null"), None, "harm")
    holds(any("Content Security Policy" in said for said in page.said), f"no complaint: {page.said}")
    page.close()


@in_browser
def fifty_thousand_hosts_are_there_in_seconds():
    path = made_page(MANY)
    page = chromium.Page(BROWSER)
    seconds = page.open(path)
    shown = page.value("document.getElementById('shown').textContent")
    print(f"{MANY:,} hosts: {path.stat().st_size:,} bytes, {seconds:.1f} s until they can be sorted")
    equal(shown, "1 to 25 of 50,000 hosts", "what is shown")
    equal(page.said, [], "what the browser's console says")
    holds(seconds < MANY_SECONDS, f"{seconds:.1f} s, not less than {MANY_SECONDS}")
    page.close()


def run_check(function, name):
    try:
        reason = function()
    except Exception as wrong:  # any failure of a check is its answer
        print(f"not ok {name}: {' '.join(str(wrong).split())}", flush=True)
        return 1
    print(f"skip {name}: {reason}" if reason else f"ok {name}", flush=True)
    return 0


def run_checks(before, only_repeated):
    failed = 0
    for function, is_repeated in CHECKS:
        name = before + function.__name__
        if only_repeated and not is_repeated:
            continue
        if function.__name__ in NEEDS_BROWSER and BROWSER is None:
            print(f"skip {name}: no Chromium is installed")
            continue
        failed += run_check(function, name)
    return failed


def main():
    global PROGRAM, BROWSER
    try:
        if chromium.program():
            BROWSER = chromium.Browser()
        failed = run_checks("", False)
        if "WORMSIGN_ASAN" in os.environ:
            PROGRAM = Path(os.environ["WORMSIGN_ASAN"])
            shutil.rmtree(FOLDER)
            FOLDER.mkdir()
            failed += run_checks("asan ", True)
    finally:
        if BROWSER:
            BROWSER.close()
        shutil.rmtree(FOLDER, ignore_errors=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
