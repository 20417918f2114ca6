"""What was measured, as JSON, Markdown and charts."""

import json
import os
import platform
import re
import statistics
import subprocess
from pathlib import Path

from charts import chart, number
from peers import CULVERT, PEERS, TOP
from scenarios import SCENARIOS

README = TOP / "README.md"
SECTION = re.compile(r"(<!-- comparison: .*? -->\n).*?(<!-- end of comparison -->)", re.DOTALL)
CHARTS = [
    ("setup", "CPU of the proxy to set a tunnel up and end it", "us a tunnel", ["rate"]),
    ("echo", "CPU of the proxy for a 64-byte message there and back", "us a message",
     ["echo-64", "echo-2000"]),
    ("bulk", "CPU of the proxy for a gigabyte down", "ms a GB", ["bulk-1", "bulk-8", "bulk-200"]),
    ("memory", "Memory of the proxy's processes for an idle tunnel", "bytes of PSS a tunnel",
     ["hold"]),
]
#: The table of the README: scenario, heading.
SHORT = [
    ("rate", "set-up, us"), ("echo-64", "64-byte message, us"), ("bulk-8", "bulk, ms a GB"),
    ("hold", "process memory, idle, bytes"),
]


def machine():
    """What it was measured on."""
    cpu = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    memory = int(re.search(r"MemTotal: *(\d+)", Path("/proc/meminfo").read_text())[1])
    return {
        "cpu": cpu[1] if cpu else platform.machine(),
        "cpus": os.cpu_count(),
        "memory_gib": round(memory / 2**20, 1),
        "system": platform.freedesktop_os_release().get("PRETTY_NAME", "Linux"),
        "kernel": platform.release(),
        "congestion": Path("/proc/sys/net/ipv4/tcp_congestion_control").read_text().strip(),
    }


def commit():
    """The commit that is measured."""
    run = subprocess.run(["git", "-C", str(TOP), "describe", "--always", "--dirty"],
                         capture_output=True, text=True, check=False)
    return run.stdout.strip() or "unknown"


def summary(runs, own):
    """Median and spread of each figure over the rounds, and how many times that of `own` it is.

    A machine that others use too is quick in one round and slow in the next, so that is the median
    of the rounds' ratios; where a round is missing, the ratio of the medians.
    """
    figures = {}
    for name in runs[0]:
        values = [run[name] for run in runs]
        figures[name] = {
            "median": statistics.median(values), "min": min(values), "max": max(values),
        }
        others = [run[name] for run in own or [] if name in run]
        if not others or not all(others):
            continue
        if len(others) == len(values):
            ratios = [value / other for value, other in zip(values, others)]
            figures[name]["ratio"] = statistics.median(ratios)
        else:
            figures[name]["ratio"] = figures[name]["median"] / statistics.median(others)
    return figures


def summaries(runs, first):
    """Summaries by scenario and peer, with ratios to the figures of the peer `first`."""
    done = {}
    for scenario, by_peer in runs.items():
        own = by_peer.get(first.name)
        for peer, each in by_peer.items():
            done.setdefault(scenario, {})[peer] = summary(each, own)
    return done


def cell(figure, is_own):
    """A median with its spread and ratio."""
    spread = f"{number(figure['median'])} ({number(figure['min'])}–{number(figure['max'])})"
    return spread if is_own or "ratio" not in figure else f"{spread} {ratio(figure)}"


def ratio(figure):
    """How many times Culvert's it is."""
    return f"×{number(figure['ratio'])}"


def table(heads, rows, alignment="---:"):
    """A Markdown table whose first column is of names."""
    lines = [heads, ["---"] + [alignment] * (len(heads) - 1)] + rows
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def scenario_table(scenario, results):
    """A scenario in full."""
    rows = []
    for peer in PEERS:
        figures = results["summaries"][scenario.name].get(peer.name)
        if figures:
            failures = figures["failures"]["max"]
            name = peer.title + (f" ({failures:.0f} failed)" if failures else "")
            cells = [cell(figures[each.name], peer is CULVERT) for each in scenario.figures]
            rows.append([name] + cells)
    return table(["proxy"] + [figure.heading for figure in scenario.figures], rows)


def short_table(results):
    """The key figure of a few scenarios for each peer, with ratios."""
    rows = []
    for peer in PEERS:
        cells = []
        for name, _ in SHORT:
            key = next(each.key for each in SCENARIOS if each.name == name)
            figure = results["summaries"].get(name, {}).get(peer.name, {}).get(key)
            words = number(figure["median"]) if figure else "–"
            cells.append(words + (f" {ratio(figure)}" if figure and "ratio" in figure
                                  and peer is not CULVERT else ""))
        if any(words != "–" for words in cells):
            rows.append([peer.title] + cells)
    return table(["proxy"] + [heading for _, heading in SHORT], rows)


def circumstances(results):
    """Machine, date and method in a paragraph."""
    where, how = results["machine"], results["method"]
    return (
        f"{results['date']}, Culvert {results['commit']}; {where['cpu']}, {where['cpus']} CPUs, "
        f"{where['memory_gib']} GiB; {where['system']}, Linux {where['kernel']}. Loopback, "
        f"{where['congestion']} for all sockets; the "
        f"proxy on one core with one worker, `culvert-bench` with clients and origin on another; "
        f"logs off, 64 KiB buffers where they can be set, {how['files']:,} descriptors. "
        f"Rounds: {how['rounds']}; each scenario of each proxy once a round in turn, on a fresh "
        f"process, for {how['duration']} s after a warm-up of 0.5 s; {how['idle']:,} idle "
        f"tunnels, or what the descriptors are enough for. Other programs used "
        f"{how['others_percent']} % of the machine meanwhile."
        + (f" {results['note']}" if results["note"] else "")
    )


def peer_table(results):
    """Versions, what was proved, and what is to be known."""
    rows = []
    for peer in PEERS:
        facts = results["peers"].get(peer.name)
        if facts:
            proof = facts["proof"] or f"not measured: {facts['reason']}"
            rows.append([peer.title, facts["version"], proof, peer.note])
    return table(["proxy", "version", "before it was measured", "note"], rows, "---")


def chosen(results, name):
    """The scenarios that have results."""
    return [each for each in SCENARIOS if each.name == name and name in results["summaries"]]


def drawn(results):
    """The charts for which there are results."""
    return [each for each in CHARTS if any(chosen(results, name) for name in each[3])]


def markdown(results):
    """The whole report."""
    parts = [
        "# Culvert and its peers", circumstances(results),
        "Each figure is the median of the rounds, with the least and the greatest in brackets and "
        "behind how many times Culvert's it is, the median of the rounds' ratios. CPU and memory "
        "are those of all processes of the proxy. "
        "Tunnels failed whose bytes or ends did not arrive, here in the worst round; of a proxy "
        "that ends both ways at once, they are those cut off as the measured time ended.",
        peer_table(results),
    ]
    for scenario in SCENARIOS:
        if scenario.name in results["summaries"]:
            parts += [f"## {scenario.title}", scenario_table(scenario, results)]
    if results["faults"]:
        parts += ["## What went wrong", "\n".join(f"- {fault}" for fault in results["faults"])]
    images = "\n".join(f"![{title}](compare-{name}.svg)" for name, title, *_ in drawn(results))
    parts += ["## Charts", images]
    return "\n\n".join(parts) + "\n"


def draw(results, folder):
    """Writes the charts: bars of the key figures, the shortest on top."""
    for file, title, label, names in CHARTS:
        scenarios = [each for name in names for each in chosen(results, name)]
        rows = []
        for peer in PEERS:
            row = [results["summaries"][each.name].get(peer.name, {}).get(each.key)
                   for each in scenarios]
            if any(row):
                rows.append((peer.title, peer is CULVERT, row))
        rows.sort(key=lambda row: next(figure["median"] for figure in row[2] if figure))
        if rows:
            labels = [each.label for each in scenarios]
            drawing = chart(title, label, labels, rows, is_logarithmic=file == "memory")
            Path(folder, f"compare-{file}.svg").write_text(drawing)


def write(results, folder):
    """Writes what was measured in all its forms."""
    Path(folder).mkdir(parents=True, exist_ok=True)
    Path(folder, "compare.json").write_text(json.dumps(results, indent=1) + "\n")
    Path(folder, "compare.md").write_text(markdown(results))
    draw(results, folder)


def update_readme(results):
    """Puts the short table where the README has its marks."""
    text = README.read_text()
    images = "\n".join(f"![{title}](Benchmarks/results/compare-{name}.svg)"
                       for name, title, *_ in drawn(results))
    section = (
        f"\n{short_table(results)}\n\n{images}\n\n{circumstances(results)}\n"
        "All figures, spreads and charts: [Benchmarks/results](Benchmarks/results/compare.md).\n\n"
    )
    changed, count = SECTION.subn(lambda match: match[1] + section + match[2], text)
    if count != 1:
        raise SystemExit(f"{README} has {count} sections between the marks; it needs one")
    README.write_text(changed)
