"""Figures of a row, its checks against the bounds, and how both are printed."""

import dataclasses
import os
import platform
import statistics
import subprocess
from collections.abc import Callable

OTHERS = "others cores"      # processors that anybody else kept busy during a run
DISTURBED = 0.15             # of them; on an idle machine the kernel's own threads take up to 0.05

Metrics = dict[str, float]   # name of a metric -> figure of one run


@dataclasses.dataclass
class Check:
    """One figure against its bound; without a bound it is for the record."""
    what: str
    value: float
    relation: str = ""       # "<=" or ">="
    bound: float = 0.0
    unit: str = ""

    @property
    def met(self) -> bool | None:
        if not self.relation:
            return None
        return self.value <= self.bound if self.relation == "<=" else self.value >= self.bound


@dataclasses.dataclass
class Row:
    """One line of work: the same for each contender, run after run in turn."""
    name: str
    work: str
    runs: dict[str, list[Metrics]] = dataclasses.field(default_factory=dict)
    checks: list[Check] = dataclasses.field(default_factory=list)
    notes: list[str] = dataclasses.field(default_factory=list)

    def median(self, contender: str, metric: str) -> float:
        return statistics.median(run[metric] for run in self.runs[contender])

    def ratio(self, metric: str, above: str, below: str) -> float:
        divisor = self.median(below, metric)
        return self.median(above, metric) / divisor if divisor else float("inf")

    def alternate(self, runs: int, contenders: dict[str, Callable[[], Metrics]], repeat: int,
                  progress: Callable[[str], None]) -> None:
        """A B A B, not A A B B: what drifts with the machine then meets both alike. A run during
        which others were busy is repeated up to `repeat` times; what it measured plays no part in
        that."""
        disturbed = 0
        for number in range(runs):
            for contender, measure in contenders.items():
                for left in range(repeat, -1, -1):
                    progress(f"{self.name}: {contender}, run {number + 1} of {runs}")
                    figures = measure()
                    if figures[OTHERS] <= DISTURBED or not left:
                        break
                disturbed += figures[OTHERS] > DISTURBED
                self.runs.setdefault(contender, []).append(figures)
        if disturbed:
            self.notes.append(f"{disturbed} of {runs * len(contenders)} runs were disturbed: "
                              f"others kept more than {DISTURBED} of a processor busy")

    def as_json(self) -> dict:
        summary = {
            contender: {metric: {"median": self.median(contender, metric),
                                 "min": min(run[metric] for run in runs),
                                 "max": max(run[metric] for run in runs),
                                 "all": [run[metric] for run in runs]}
                        for metric in runs[0]}
            for contender, runs in self.runs.items()}
        return {"name": self.name, "work": self.work, "contenders": summary,
                "checks": [dataclasses.asdict(check) | {"met": check.met}
                           for check in self.checks],
                "notes": self.notes}


def figure(value: float) -> str:
    """Three significant digits or whole numbers, thousands grouped."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) < 1 else f"{value:.2f}"


VERDICT = {True: "met", False: "MISSED", None: "for the record"}


def spread(runs: list[Metrics], metric: str) -> str:
    """The median, and behind it the least and the most."""
    values = [run[metric] for run in runs]
    around = f" ({figure(min(values))}..{figure(max(values))})" if len(values) > 1 else ""
    return figure(statistics.median(values)) + around


def print_row(row: Row) -> None:
    print(f"\n{row.name}: {row.work}")
    for contender, runs in row.runs.items():
        cells = [f"{metric} {spread(runs, metric)}" for metric in runs[0]]
        print(f"  {contender:<28} {'   '.join(cells)}")
    for check in row.checks:
        bound = f" {check.relation} {figure(check.bound)}" if check.relation else ""
        print(f"  = {check.what}: {figure(check.value)}{bound} {check.unit}".rstrip()
              + f"  [{VERDICT[check.met]}]")
    for note in row.notes:
        print(f"  ! {note}")


def markdown(rows: list[Row]) -> str:
    """Two tables for docs/benchmarks.md: the checks, and what they were made of."""
    lines = ["| work | | figure | bound | |", "|---|---|---|---|---|"]
    for row in rows:
        for check in row.checks:
            bound = f"{check.relation} {figure(check.bound)} {check.unit}" if check.relation else ""
            lines.append(f"| {row.work} | {check.what} | {figure(check.value)} {check.unit} | "
                         f"{bound} | {VERDICT[check.met]} |")
        lines += [f"| {row.work} | {note} | | | |" for note in row.notes]
    metrics = list(dict.fromkeys(metric for row in rows for runs in row.runs.values()
                                 for metric in runs[0]))
    lines += ["", "| row | contender | " + " | ".join(metrics) + " |",
              "|---" * (len(metrics) + 2) + "|"]
    for row in rows:
        for contender, runs in row.runs.items():
            cells = (spread(runs, metric) if metric in runs[0] else "" for metric in metrics)
            lines.append(f"| {row.name} | {contender} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _first_line(argv: list[str]) -> str:
    try:
        done = subprocess.run(argv, capture_output=True, text=True, timeout=10, check=False)
    except FileNotFoundError:
        return "not installed"
    return (done.stdout or done.stderr).partition("\n")[0]


def machine(netcopy: str) -> dict:
    """What the figures depend on; absolute ones are comparable on one machine only."""
    with open("/proc/cpuinfo", encoding="utf-8") as lines:
        models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    with open("/proc/sys/net/ipv4/tcp_congestion_control", encoding="ascii") as control:
        congestion = control.read().strip()
    return {"cpu": models[0] if models else platform.machine(), "cpus": os.cpu_count(),
            "kernel": platform.release(), "tcp_congestion_control": congestion,
            "load_average_before": os.getloadavg(), "netcopy": _first_line([netcopy, "--version"]),
            "rsync": _first_line(["rsync", "--version"]),
            "redis": _first_line(["redis-server", "--version"]),
            "md5sum": _first_line(["md5sum", "--version"])}
