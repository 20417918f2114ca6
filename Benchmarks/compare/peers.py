"""The programs that are compared, and how each is started and ended."""

import contextlib
import functools
import glob
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

CONFIGURATIONS = Path(__file__).parent / "conf"
TOP = Path(__file__).parents[2]
ENVOY = ".build/peers/lib/python3*/site-packages/envoy/_bin/envoy"
FLOOR = ".build/release/floor-proxy @PORT@"
NO_HALF_CLOSE = "it ends both ways when one has ended, so it loses the rest of the other"
#: Below those that the kernel gives to connections.
PORTS = iter(range(20000, 32768))


class Unusable(Exception):
    """A peer can't be measured; the text says why."""


@dataclass(frozen=True)
class Peer:
    """A program in one configuration, which lies in conf/NAME.

    In its files and arguments, @PORT@ and the like stand for what `values` names.
    """

    name: str
    title: str
    command: str
    version: str
    route: str = "--proxy"
    #: Only scenarios whose names begin with this.
    scenarios: str = ""
    note: str = ""
    #: What a tunnel takes of the process' open files.
    descriptors: int = 2

    def program(self):
        """The path of the program; None if it is not installed."""
        name = self.command.split()[0]
        path = os.environ["PATH"] + ":/usr/local/sbin:/usr/sbin:/sbin"
        found = glob.glob(str(TOP / name)) or [shutil.which(name, path=path)]
        return found[0]

    def reported_version(self):
        """What it calls its own version."""
        process = subprocess.run(
            [self.program(), self.version], capture_output=True, text=True, check=False
        )
        words = (process.stdout + process.stderr).replace(self.program(), "")
        match = re.search(r"\d+\.\d+(\.\d+)*", words)
        return match[0] if match else "?"


CULVERT = Peer(
    # It has the congestion control of all others: its own choice over loopback spares it BBR.
    "culvert", "Culvert",
    ".build/release/culvert --listen 127.0.0.1:@PORT@ --workers 1"
    " --allow-private --allow-port any --buffer-size 64KiB --congestion system",
    "--version",
)
PEERS = [
    CULVERT,
    Peer("floor", "Floor: a C program", FLOOR, "--version",
         note="it answers CONNECT and moves bytes as Culvert does, and does nothing else: what it"
              " takes is the kernel's"),
    Peer("floor-poll", "Floor, with a poll", f"{FLOOR} 1048576 poll", "--version",
         scenarios="hold", note="the same, where who is silent has a poll and no receive"),
    Peer("haproxy", "HAProxy, raw TCP", "haproxy -db -f @RUN@/haproxy.cfg", "-v", "--relay",
         note="a relay to one group of origins; it reads no head"),
    Peer("haproxy-splice", "HAProxy, raw TCP, spliced", "haproxy -db -f @RUN@/haproxy.cfg", "-v",
         "--relay", "bulk", "the same, made to splice(2)"),
    Peer("haproxy-connect", "HAProxy, CONNECT by Lua", "haproxy -db -f @RUN@/haproxy.cfg", "-v",
         note="it has no CONNECT of its own; Lua reads the head, and nothing else"),
    Peer("nginx", "nginx stream, raw TCP", "nginx -e /dev/null -p @RUN@/ -c @RUN@/nginx.conf",
         "-v", "--relay", note="a relay to one group of origins; it reads no head"),
    Peer("squid", "Squid", "squid -N -n culvertpeer -f @RUN@/squid.conf", "-v",
         note=NO_HALF_CLOSE),
    Peer("trafficserver", "Traffic Server", "traffic_server --run-root=@RUN@/runroot.yaml", "-V",
         note="it answers 200 before the origin has"),
    Peer("apache", "Apache httpd", "apache2 -DFOREGROUND -f @RUN@/httpd.conf", "-v",
         note="a thread for each tunnel, all started at the beginning, and three descriptors",
         descriptors=3),
    Peer("tinyproxy", "Tinyproxy", "tinyproxy -d -c @RUN@/tinyproxy.conf", "-v",
         note=f"{NO_HALF_CLOSE}; a thread for each tunnel"),
    Peer("3proxy", "3proxy", "3proxy @RUN@/3proxy.cfg", "--version",
         note="a thread for each tunnel"),
    Peer("envoy", "Envoy",
         f"{ENVOY} -c @RUN@/envoy.yaml --concurrency 1 --disable-hot-restart --log-level off",
         "--version", note=NO_HALF_CLOSE),
]


def forget_paths():
    """Has the kernel forget what it learned of addresses, such as round trips, in earlier runs.

    New connections begin with it, so that one proxy would be measured with what another left.
    """
    command = ["ip", "tcp_metrics", "flush"]
    try:
        subprocess.run(command, capture_output=True, text=True, check=True)
    except (FileNotFoundError, subprocess.CalledProcessError) as error:
        why = (getattr(error, "stderr", "") or str(error)).strip()
        raise SystemExit(f"{' '.join(command)} takes iproute2 and root: {why}") from error


@functools.cache
def hold_machine():
    """Lets nobody else measure at the same time, who would take the same ports and CPUs."""
    lock = socket.socket(socket.AF_UNIX)
    try:
        lock.bind("\0culvert-measurement")
    except OSError as error:
        raise SystemExit("another measurement runs on this machine: wait for its end") from error
    return lock


def free_port():
    """A port that is free on the origin's addresses too; each is given once."""
    hold_machine()
    for port in PORTS:
        with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
            for host in range(1, 5):
                probe = stack.enter_context(socket.socket())
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind((f"127.0.0.{host}", port))
            return port
    raise Unusable("no port is free")


def fill(text, values):
    """`text` with each @NAME@ replaced by what it stands for."""
    return re.sub(r"@([A-Z]+)@", lambda match: str(values[match[1]]), text)


def session(leader):
    """The processes of a session, which is how those of a peer are known."""
    members = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, _, _, number = path.read_text().rpartition(")")[2].split()[:4]
            if int(number) == leader and state != "Z":
                members.append(int(path.parent.name))
    return sorted(members)


def resident(processes):
    """MiB of memory of processes together."""
    pages = (int(Path(f"/proc/{each}/statm").read_text().split()[1]) for each in processes)
    return sum(pages) * os.sysconf("SC_PAGE_SIZE") / 2**20


class Running:
    """A peer that runs, in a session and a folder of its own."""

    def __init__(self, peer, cpu, values):
        self.peer = peer
        if not peer.program():
            raise Unusable("it is not installed")
        self.port = free_port()
        self.folder = tempfile.TemporaryDirectory(prefix="compare-")
        self.log = Path(self.folder.name, "output")
        self.values = {**values, "PORT": self.port, "RUN": self.folder.name}
        self._write_configuration()
        program, *arguments = self.peer.command.split()
        command = [self.peer.program()] + [fill(each, self.values) for each in arguments]
        with self.log.open("wb") as output:
            self.begun = time.monotonic()
            self.process = subprocess.Popen(
                ["taskset", "-c", str(cpu)] + command, cwd=self.folder.name,
                stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True,
            )

    def _write_configuration(self):
        """Fills the configuration in; others must read it, since some peers change their user."""
        os.chmod(self.folder.name, 0o755)
        for source in CONFIGURATIONS.glob(f"{self.peer.name}/*"):
            target = Path(self.folder.name, source.name)
            target.write_text(fill(source.read_text(), self.values))

    def wait(self, seconds=60):
        """Returns its processes once it listens and starts no more of them."""
        deadline = time.monotonic() + seconds
        before = []
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise Unusable(f"it ended at once: {self.last_words()}")
            members = session(self.process.pid)
            if self.listens() and members == before:
                return members
            before = members
            time.sleep(0.2)
        raise Unusable(f"it does not listen after {seconds} s: {self.last_words()}")

    def listens(self):
        """Whether the port is in the kernel's list of those that are listened on."""
        pattern = rf":{self.port:04X} 0+:0000 0A "
        return re.search(pattern, Path("/proc/net/tcp").read_text()) is not None

    def client_count(self):
        """How many connections clients have to it."""
        pattern = rf"^ *\d+: [0-9A-F]+:{self.port:04X} \S+ 01 "
        return len(re.findall(pattern, Path("/proc/net/tcp").read_text(), re.MULTILINE))

    def last_words(self):
        """The last line that it printed."""
        lines = self.log.read_text(errors="replace").split("\n")
        return next((line for line in reversed(lines) if line.strip()), "it said nothing")

    def end(self):
        """Ends all its processes, gently first, and removes its folder."""
        members = session(self.process.pid)
        self.process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(3)
        for member in set(members + session(self.process.pid)):
            with contextlib.suppress(ProcessLookupError):
                if os.getsid(member) == self.process.pid:
                    os.kill(member, signal.SIGKILL)
        self.process.wait()
        self.folder.cleanup()


@contextlib.contextmanager
def running(peer, cpu, values):
    """A peer for the length of a `with`, and its processes."""
    forget_paths()
    run = Running(peer, cpu, values)
    try:
        yield run, run.wait()
    finally:
        run.end()
