"""An Argus server that does what a test tells it: for each connection a function is called with what
can be said and heard there. It knows the live protocol as a client meets it: a start record, then
FILTER (answered by two letters) and START, each in a message of its own, and DONE at the end."""
import socket
import struct
import threading

MAR_BYTES = 128
COOKIES = {3: 0xE5712DCB, 5: 0xE57150CB}
SASL = 0x1000
DEADLINE_SECONDS = 25


def greeting(version=3, status=0, interval=60, cookie=None, cause=1):
    head = struct.pack(">BBHIIII", 0x80 | version, cause << 4, MAR_BYTES // 4, status,
                       COOKIES[version] if cookie is None else cookie, 0, 0)
    middle = head.ljust(44, b"\0") + struct.pack(">HH", 5, interval)
    return middle.ljust(MAR_BYTES, b"\0")


def alive(version=3):
    """A status record, by which a server that has nothing to tell shows that it is there."""
    return greeting(version, cause=2)


def refusal(reason, version=3):
    return struct.pack(">BBH", 0x80 | version, 0x80 | reason, 1)


class Talk:
    """One connection."""

    def __init__(self, connection, heard):
        self.connection, self.heard = connection, heard
        connection.settimeout(DEADLINE_SECONDS)

    def say(self, data):
        self.connection.sendall(data)

    def hear(self):
        """What one read brings; empty at the end."""
        try:
            data = self.connection.recv(4096)
        except (ConnectionError, TimeoutError):
            data = b""
        if data:
            self.heard.append(data)
        return data

    def wait_for_the_end(self):
        while self.hear():
            pass

    def serve(self, records, **how):
        """Greets, hears START, and gives the records; then the connection stays."""
        self.say(greeting(**how))
        self.hear()
        self.say(records)


class Server:
    """Each connection gets the next function of the list, and those after the last one, the last."""

    def __init__(self, *scripts):
        self.scripts, self.heard, self.count, self.over = scripts, [], 0, False
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.listen(8)
        self.url = f"argus://127.0.0.1:{self.socket.getsockname()[1]}"
        self.thread = threading.Thread(target=self.run, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def stop_listening(self):
        self.over = True
        if self.socket.fileno() >= 0:
            self.socket.shutdown(socket.SHUT_RDWR)
            self.socket.close()

    def __exit__(self, *_):
        self.stop_listening()
        self.thread.join(DEADLINE_SECONDS)

    def run(self):
        while not self.over:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            script = self.scripts[min(self.count, len(self.scripts) - 1)]
            self.count += 1
            heard = []
            self.heard.append(heard)
            with connection:
                try:
                    script(Talk(connection, heard))
                except OSError:
                    pass  # the other side is gone, which is what some tests want
