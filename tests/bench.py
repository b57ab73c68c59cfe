"""Measure the course beside the stock tools and the floor: `make bench`, or `python tests/bench.py grade export`.

Prints ours, stock, the floor and their ratios, and merges the rows by name into `.course/bench.json`.
"""

from __future__ import annotations

import importlib
import json
import sys
from typing import Any

from crowd import REPOSITORY

PARTS = ("page", "grade", "feedback", "export", "watch")
"""Each is a module `bench_<part>` with a `measure()`, which prints its own details."""
RESULTS = REPOSITORY / ".course" / "bench.json"
GOALS = {
    "open-cold": 0.7,
    "open": 0.05,
    "click": 1.5,
    "memory": 0.4,
    "grade": 1 / 500,
    "feedback": 1 / 20,
    "export": 1 / 100,
}
"""What ours may take, as a share of stock."""


def table(rows: list[dict[str, Any]]) -> str:
    """Return the rows as text, with ours as a share of stock and as a multiple of the floor."""
    lines = [
        f"{'':13}{'':4}{'ours':>11}{'stock':>12}{'floor':>10}{'ours/stock':>12}{'goal':>11}{'ours/floor':>12}"
    ]
    for row in rows:
        name, ours, stock, floor = (row[key] for key in ("name", "ours", "stock", "floor"))
        goal = f"<= {GOALS[name]:g}" if name in GOALS else ""
        own = f"{floor:10.2f}" if floor else f"{'':10}"
        times = f"{ours / floor:12.1f}" if floor else ""
        lines.append(
            f"{name:13}{row['unit']:4}{ours:11.3f}{stock:12.2f}{own}{ours / stock:12.5f}{goal:>11}{times}"
        )
    return "\n".join(lines)


def merge(rows: list[dict[str, Any]]) -> None:
    """Write the rows into bench.json; what other measurements wrote stays."""
    RESULTS.parent.mkdir(exist_ok=True)
    before = json.loads(RESULTS.read_text()) if RESULTS.exists() else []
    merged = {row["name"]: row for row in [*before, *rows]}
    RESULTS.write_text(json.dumps(list(merged.values()), indent=1) + "\n")


def main(parts: list[str]) -> None:
    """Measure the parts, or all; print and keep what was found after each."""
    if unknown := set(parts) - set(PARTS):
        raise SystemExit(f"There is no part {', '.join(sorted(unknown))}; take of {', '.join(PARTS)}.")
    found: list[dict[str, Any]] = []
    for part in parts or PARTS:
        print(f"\n{part}", flush=True)
        found += importlib.import_module(f"bench_{part}").measure()
        merge(found)
    print(f"\n{table(found)}\nKept in .course/bench.json.")


if __name__ == "__main__":
    main(sys.argv[1:])
