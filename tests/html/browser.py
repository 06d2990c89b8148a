"""A headless Chromium, spoken to over the pipe of its DevTools protocol: JSON, a NUL behind each
message, on its file descriptors 3 and 4. No port is opened and no package is needed.

A Page keeps what the browser said of it: console messages, errors, and every request it would make."""
import base64
import contextlib
import json
import os
import select
import shutil
import subprocess
import tempfile
import time

ANSWER_SECONDS = 60
PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = [
    "--headless=new",
    "--remote-debugging-pipe",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
    "--metrics-recording-only",
    "--hide-scrollbars",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--proxy-server=127.0.0.1:9",
]


def program():
    return next(filter(None, map(shutil.which, PROGRAMS)), None)


class Browser:
    def __init__(self):
        self.home = tempfile.mkdtemp(prefix="wormsign-browser-")
        to_read, self.write_end = os.pipe()
        self.read_end, to_write = os.pipe()
        flags = FLAGS + (["--no-sandbox"] if os.geteuid() == 0 else [])

        def place_pipes():
            spare_read, spare_write = os.dup(to_read), os.dup(to_write)
            os.dup2(spare_read, 3)
            os.dup2(spare_write, 4)

        self.process = subprocess.Popen(
            [program(), *flags, f"--user-data-dir={self.home}", "about:blank"],
            preexec_fn=place_pipes,
            close_fds=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "HOME": self.home},
        )
        os.close(to_read)
        os.close(to_write)
        self.buffer = b""
        self.number = 0
        self.pages = {}

    def close(self):
        with contextlib.suppress(Exception):
            self.call("Browser.close")
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(10)
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.write_end)
        os.close(self.read_end)
        shutil.rmtree(self.home, ignore_errors=True)

    def message(self, deadline):
        while b"\0" not in self.buffer:
            ready, _, _ = select.select([self.read_end], [], [], max(0, deadline - time.monotonic()))
            piece = os.read(self.read_end, 1 << 20) if ready else b""
            if not piece:
                raise AssertionError("the browser does not answer")
            self.buffer += piece
        text, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(text)

    def call(self, method, session=None, **parameters):
        self.number += 1
        number, asked = self.number, {"id": self.number, "method": method, "params": parameters}
        if session:
            asked["sessionId"] = session
        os.write(self.write_end, json.dumps(asked).encode() + b"\0")
        deadline = time.monotonic() + ANSWER_SECONDS
        while True:
            came = self.message(deadline)
            if came.get("id") == number:
                if "error" in came:
                    raise AssertionError(f"{method}: {came['error']}")
                return came["result"]
            page = self.pages.get(came.get("sessionId"))
            if page:
                page.note(came)


class Page:
    """One tab of its own, of this size and theme."""

    def __init__(self, browser, width=1280, height=900, theme="light", scripts=True):
        self.browser = browser
        self.events, self.said, self.requests = [], [], []
        self.target = browser.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = browser.call(
            "Target.attachToTarget", targetId=self.target, flatten=True
        )["sessionId"]
        browser.pages[self.session] = self
        for domain in ("Page", "Runtime", "Log", "Network", "Accessibility"):
            self.call(f"{domain}.enable")
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 600,
        )
        self.call(
            "Emulation.setEmulatedMedia",
            features=[{"name": "prefers-color-scheme", "value": theme}],
        )
        if not scripts:
            self.call("Emulation.setScriptExecutionDisabled", value=True)

    def call(self, method, **parameters):
        return self.browser.call(method, session=self.session, **parameters)

    def note(self, came):
        method, what = came["method"], came["params"]
        self.events.append(method)
        if method == "Runtime.consoleAPICalled":
            self.said.append(str([part.get("value") for part in what["args"]]))
        elif method == "Runtime.exceptionThrown":
            self.said.append(str(what["exceptionDetails"]))
        elif method == "Log.entryAdded":
            self.said.append(what["entry"]["text"])
        elif method == "Network.requestWillBeSent":
            self.requests.append(what["request"]["url"])

    def open(self, path, fragment="", ready=True):
        """Seconds until the page is drawn and, with ready, its script has begun."""
        began = time.monotonic()
        self.call("Page.navigate", url=f"file://{path}{fragment}")
        while "Page.loadEventFired" not in self.events:
            self.note(self.browser.message(time.monotonic() + ANSWER_SECONDS))
        if ready:
            self.until("document.body.dataset.ready === 'yes'")
        return time.monotonic() - began

    def value(self, expression):
        answer = self.call(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        if "exceptionDetails" in answer:
            raise AssertionError(f"{expression}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def until(self, expression, seconds=30):
        deadline = time.monotonic() + seconds
        while not self.value(expression):
            if time.monotonic() > deadline:
                raise AssertionError(f"never true: {expression}")
            time.sleep(0.02)

    def press(self, key, text=""):
        codes = {"Tab": 9, "Enter": 13, "Escape": 27, "/": 191}
        for kind in ("keyDown", "keyUp"):
            self.call(
                "Input.dispatchKeyEvent",
                type=kind,
                key=key,
                windowsVirtualKeyCode=codes.get(key, 0),
                **({"text": text} if text and kind == "keyDown" else {}),
            )

    def picture(self, path, whole=True):
        made = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        if whole:
            size = self.call("Page.getLayoutMetrics")["cssContentSize"]
            made = self.call(
                "Page.captureScreenshot",
                format="png",
                captureBeyondViewport=True,
                clip={"x": 0, "y": 0, "width": size["width"], "height": min(size["height"], 9000), "scale": 1},
            )
        with open(path, "wb") as file:
            file.write(base64.b64decode(made["data"]))

    def pdf(self):
        return base64.b64decode(self.call("Page.printToPDF", printBackground=True)["data"])

    def close(self):
        self.browser.call("Target.closeTarget", targetId=self.target)
        self.browser.pages.pop(self.session, None)
