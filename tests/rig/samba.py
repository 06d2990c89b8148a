"""Starts a real Samba file server for a test and takes it away again:

    with Samba("smb1", "127.10.0.1") as samba:
        ...

It listens on that one address, has its own settings and state in a temporary folder, and no file of the
system is touched: no share, no printer, no nmbd. It is a server of others: what it answers to the check
is not ours to choose, which is why it is here. Ports 445 and 139, so only as root."""
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

READY_SECONDS, END_SECONDS = 20, 1  # its state is thrown away: it need not take long
FOLDERS = {"private dir": "private", "lock directory": "lock", "state directory": "state", "cache directory": "cache",
           "pid directory": "pid", "ncalrpc dir": "ncalrpc", "binddns dir": "binddns", "usershare path": "shares"}
COMMON = {"workgroup": "RIGGROUP", "netbios name": "RIGSAMBA", "server role": "standalone server",
          "server string": "a server of the rig", "bind interfaces only": "yes", "smb ports": "445 139",
          "load printers": "no", "printing": "bsd", "printcap name": "/dev/null", "disable spoolss": "yes",
          "log level": "0", "max log size": "100", "usershare max shares": "0", "map to guest": "Bad User",
          "dns proxy": "no", "multicast dns register": "no", "rpc start on demand helpers": "no"}
RPC = "/usr/libexec/samba/samba-dcerpcd"  # what serves the pipes
VARIANTS = {
    "smb1": {"server min protocol": "NT1"},
    "smb1-off": {"server min protocol": "SMB2_02"},
    "signing": {"server min protocol": "NT1", "server signing": "mandatory"},
    "no-guest": {"server min protocol": "NT1", "map to guest": "never", "restrict anonymous": "2"},
}


def lacks():
    """Why it cannot be started here; None: it can."""
    if os.geteuid() != 0:
        return "only root may listen on ports 445 and 139"
    return None if shutil.which("smbd") else "samba is not installed"


class Samba:
    """One smbd; folder holds all that it writes."""

    def __init__(self, variant, address):
        self.variant, self.address = variant, address
        self.children, self.temporary = [], None

    def _settings(self, folder):
        lines = {**COMMON, **VARIANTS[self.variant], "interfaces": f"{self.address}/8", "log file": f"{folder}/log.%m"}
        for option, name in FOLDERS.items():
            (folder / name).mkdir(mode=0o755)
            lines[option] = str(folder / name)
        path = folder / "smb.conf"
        path.write_text("[global]\n" + "".join(f"{option} = {value}\n" for option, value in lines.items()))
        return path

    def __enter__(self):
        self.temporary = tempfile.TemporaryDirectory(prefix="rig-samba-")
        folder = Path(self.temporary.name)
        settings = self._settings(folder)
        # Each in a session of its own: what it starts is in it, and ends with it.
        with open(folder / "said", "wb") as said:
            for program in (["smbd"], [RPC, "--libexec-rpcds"]):
                command = [*program, "-F", "--no-process-group", "-s", str(settings), "-l", str(folder)]
                self.children.append(subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=said, stderr=said,
                                                      start_new_session=True))
        try:
            self._wait(folder)
        except BaseException:
            self.__exit__()
            raise
        return self

    def _wait(self, folder):
        late = time.monotonic() + READY_SECONDS
        while time.monotonic() < late and all(child.poll() is None for child in self.children):
            try:
                for port in (445, 139):
                    socket.create_connection((self.address, port), 1).close()
                if (folder / "ncalrpc" / "np" / "srvsvc").exists():
                        return
            except OSError:
                pass
            time.sleep(0.05)
        words = [path.read_text(errors="replace")[-500:] for path in folder.glob("log.*")]
        raise RuntimeError(f"smbd is not ready: {(folder / 'said').read_text(errors='replace')[-500:]} {words}")

    def _signal(self, number):
        """To the sessions that were made for it; whether anybody is left in them."""
        left = False
        for child in self.children:
            child.poll()
            try:
                os.killpg(child.pid, number)
                left = True
            except ProcessLookupError:
                pass
        return left

    def __exit__(self, *_):
        late = time.monotonic() + END_SECONDS
        self._signal(signal.SIGTERM)
        while self._signal(0) and time.monotonic() < late:
            time.sleep(0.02)
        self._signal(signal.SIGKILL)
        for child in self.children:
            child.wait()
        self.temporary.cleanup()
