"""What is measured: the load tool's scenarios, and the figures that are taken from each."""

import json
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from peers import TOP, Unusable

TOOL = TOP / ".build/release/culvert-bench"
TIMEOUT = 60


@dataclass(frozen=True)
class Figure:
    """One figure: its name in results, and its heading."""

    name: str
    heading: str


@dataclass(frozen=True)
class Scenario:
    """A way to load a proxy, and what it shows."""

    name: str
    title: str
    arguments: str
    figures: tuple
    #: The key figure, which is plotted, and its part of a title.
    key: str
    label: str
    #: Messages come on a schedule: this part of what the first proxy did without one (`unpaced`).
    pace: float = 0

    @property
    def unpaced(self):
        """The name of the same scenario without a schedule."""
        return self.name.removesuffix("-paced")


def times(unit):
    """The figures of the two percentiles of a time."""
    return (Figure("p50", f"p50, {unit}"), Figure("p99", f"p99, {unit}"))


def echo(tunnels, size=""):
    """Messages on so many tunnels, of 64 bytes or `size`."""
    rate = Figure("rate", "messages a second")
    cost = Figure("cpu", "CPU a message, us")
    words = f"{size or '64-byte'} messages on {tunnels:,} tunnels"
    return Scenario(
        f"echo-{tunnels}" + f"-{size}" * bool(size), words,
        f"echo --tunnels {tunnels}" + f" --size {size}" * bool(size),
        (rate, cost) + times("us"), "cpu", f"{tunnels:,} tunnels",
    )


def paced(tunnels, pace):
    """Messages on so many tunnels that keep to a schedule, whatever the proxy does."""
    return Scenario(
        f"echo-{tunnels}-paced",
        f"64-byte messages on {tunnels:,} tunnels on schedule, {pace:.0%} of Culvert's rate above",
        f"echo --tunnels {tunnels}",
        (Figure("rate", "messages a second"), Figure("cpu", "CPU a message, us")) + times("us"),
        "p99", f"{pace:.0%} load", pace,
    )


def bulk(tunnels, direction="down"):
    """Streams in a direction, so many at once."""
    rate = Figure("rate", "GB a second")
    cost = Figure("cpu", "CPU a GB, ms")
    return Scenario(
        f"bulk-{tunnels}" + f"-{direction}" * (direction != "down"),
        f"Bulk, {tunnels} stream{'s'[:tunnels > 1]} {direction}",
        f"bulk --tunnels {tunnels} --direction {direction}", (rate, cost), "cpu",
        f"{tunnels} stream{'s'[:tunnels > 1]}",
    )


SCENARIOS = [
    Scenario(
        "rate", "Set-up: connect, CONNECT, one 64-byte echo, close; 64 at once",
        "rate --concurrency 64",
        (Figure("rate", "tunnels a second"), Figure("cpu", "CPU a tunnel, us")) + times("ms"),
        "cpu", "64 at once",
    ),
    echo(64), echo(2000), paced(64, 0.5), bulk(1), bulk(8), bulk(200),
    Scenario(
        "hold", "Idle tunnels", "hold",
        (Figure("pss", "PSS a tunnel, bytes"), Figure("rss", "RSS a tunnel, bytes"),
         Figure("kernel", "kernel, four sockets of a tunnel, bytes"),
         Figure("total", "PSS in all, MiB"), Figure("opening", "CPU to open one, us")),
        "pss", "idle",
    ),
]


class Load:
    """The load tool on its own CPU, with its origin on four loopback addresses."""

    def __init__(self, cpu, origin_port, duration, idle_tunnels, warmup="500ms"):
        self.command = ["taskset", "-c", str(cpu), str(TOOL)]
        self.addresses = [
            word for host in range(1, 5)
            for word in ("--listen", f"127.0.0.{host}:{origin_port}")
        ]
        self.duration = duration
        self.warmup = warmup
        self.idle_tunnels = idle_tunnels

    def figures(self, scenario, peer, port, processes, rate=None):
        """What one run of a scenario comes to, as a figure by name; `rate` is its schedule's."""
        arguments = scenario.arguments.split() + (["--rate", str(rate)] if rate else [])
        if scenario.name == "hold":
            # Some give back what only the opening has needed, and Culvert parks after 5 s.
            arguments += ["--tunnels", str(self.idle_tunnels(peer)), "--duration", "7s"]
        else:
            arguments += ["--duration", f"{self.duration}s", "--warmup", self.warmup]
        report = self.report(arguments, peer, port, processes)
        return {**taken(scenario.name, report), "failures": failed(report)}

    def proof(self, peer, port, processes):
        """What is wrong with the bytes and ends that a peer delivers; raises if nothing goes."""
        few = self.report(["rate", "--count", "200", "--concurrency", "8"], peer, port, processes)
        if failed(few):
            raise Unusable(f"of 200 short tunnels {failed(few)} failed: {first_failure(few)}")
        verified = self.report(
            ["verify", "--tunnels", "400", "--concurrency", "32"], peer, port, processes
        )
        if failed(verified) == 0:
            return "every byte and every end of 400 tunnels arrived"
        return f"{failed(verified)} of 400 tunnels failed: {first_failure(verified)}"

    def report(self, arguments, peer, port, processes):
        """Runs the tool; its figures, also where a tunnel failed."""
        with tempfile.NamedTemporaryFile(prefix="compare-", suffix=".json") as file:
            command = self.command + arguments + self.addresses + [peer.route, f"127.0.0.1:{port}"]
            for process in processes:
                command += ["--pid", str(process)]
            try:
                run = subprocess.run(
                    command + ["--json", file.name],
                    capture_output=True, text=True, timeout=TIMEOUT, check=False,
                )
            except subprocess.TimeoutExpired as expired:
                raise Unusable(f"it was not done after {TIMEOUT} s") from expired
            if run.returncode == 130:
                raise KeyboardInterrupt
            text = Path(file.name).read_text()
            if not text:
                raise Unusable((run.stderr or run.stdout).strip().split("\n")[-1])
            return json.loads(text)


def failed(report):
    """How many tunnels failed; one that both ends saw fail counts once."""
    sides = {}
    for failure in report["failures"]:
        sides[failure["side"]] = sides.get(failure["side"], 0) + failure["count"]
    return max(sides.values(), default=0)


def first_failure(report):
    """The commonest failure in words."""
    most = max(report["failures"], key=lambda failure: failure["count"])
    return " ".join(filter(None, (most["side"], most["stage"], most["kind"], most["detail"])))


def taken(name, report):
    """The figures of a scenario out of the tool's report."""
    kind = name.partition("-")[0]
    wanted = "open" if kind == "hold" else kind
    parts = {each["name"]: each for each in report["stretches"]}
    part = parts[wanted]
    before, after = part["before"], part["after"]
    if after["process_cpu_nanoseconds"] is None:
        raise Unusable("a process of it has ended meanwhile")
    spent = after["process_cpu_nanoseconds"] - before["process_cpu_nanoseconds"]
    if kind == "bulk":
        ways = ("bytes_down", "bytes_up")
        done, unit = sum(after[way] - before[way] for way in ways) / 1e9, 1e6
    else:
        done, unit = part["count"], 1e3
    if not done:
        raise Unusable("nothing was done in the time measured")
    cost = spent / unit / done
    if kind == "hold":
        return memory(before, parts["hold"]["after"]) | {"opening": cost}
    return {"rate": done / part["seconds"], "cpu": cost} | percentiles(kind, report["nanoseconds"])


def percentiles(kind, spreads):
    """Of a tunnel's life in ms, or of a message in us."""
    if kind == "bulk":
        return {}
    spread, unit = (spreads["tunnel"], 1e6) if kind == "rate" else (spreads["message"], 1e3)
    return {name: spread[name] / unit for name in ("p50", "p99")}


def memory(before, after):
    """What memory grew by for each tunnel that stands, and what the proxy's is in all."""
    if not after["alive"]:
        raise Unusable("no tunnel stood")
    grown = {
        short: (after[f"{long}_bytes"] - before[f"{long}_bytes"]) / after["alive"]
        for short, long in (("pss", "process_proportional"), ("rss", "process_resident"),
                            ("kernel", "kernel"))
    }
    return grown | {"total": after["process_proportional_bytes"] / 2**20}
