"""Read blind ratings back and print how far they agree with the keys and with each other.

Two figures for each decision. Agreement with the key is the plain share of ratings that are the same as the key's
(percent agreement; it makes no allowance for chance). Agreement between reviewers is Krippendorff's alpha for ordered
ratings (``scenarios.agreement``), over the options as units; with four options it is only a hint, so it is given over
all options, too, except places in an order, which are another scale. What is compared, by kind:

- choice: 3 best, 2 acceptable, 1 poor, 0 harmful: the option's points.
- multiple: 3 or 2 belongs, 1 does not, 0 harmful.
- order: the place, 1 for the first.
- text, form: nothing; what the reviewer wrote is printed, to be held against the rubric.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from scenarios import load
from scenarios.agreement import alpha
from scenarios.approval import worded
from scenarios.booklet import COLUMNS
from scenarios.errors import CourseError
from scenarios.model import WRITTEN, Decision, Scenario

EXAMPLE = "python -m scenarios review ratings.csv ratings-of-a-colleague.csv"
SCALE = ("0", "1", "2", "3")


@dataclass(frozen=True, slots=True)
class Current:
    """A scenario of the library, with its rulings, and the code of its wording."""

    scenario: Scenario
    wording: str


@dataclass(frozen=True, slots=True)
class Rating:
    """A row of a sheet in which something was filled in; ``rating`` is None where there is only a comment."""

    reviewer: str
    scenario: str
    step: str
    option: str
    rating: int | None
    comment: str


@dataclass(frozen=True, slots=True)
class Agreement:
    """How a decision was rated; ``apart`` lists (option, key, {reviewer: rating}) where somebody saw it otherwise."""

    scenario: str
    step: str
    kind: str
    reviewers: int
    same: int
    ratings: int
    alpha: float | None
    apart: list[tuple[str, int, dict[str, int]]]
    comments: list[tuple[str, str, str]]


def read(files: Iterable[Path], library: Mapping[str, Current]) -> tuple[list[Rating], list[str]]:
    """Return what was filled in, and the scenarios that were rated in another wording, whose rows are left out.

    A name counts for the rows below it, too, until there is another.

    Args:
        files: sheets of ``make review-pack``, saved as CSV in UTF-8.
        library: the scenarios by id.

    Raises:
        CourseError: with file, line and column, of the first cell that cannot be used.
    """
    found: list[Rating] = []
    stale: dict[str, None] = {}
    seen: dict[tuple[str, ...], str] = {}
    for path in files:
        reviewer = ""
        for line, row in _rows(path):
            reviewer = row["reviewer"] or reviewer
            scenario = row["scenario"].partition("@")[0]
            current = library.get(scenario)
            if not row["rating"] and not row["comment"]:
                continue
            if current and row["wording"] != current.wording:
                stale[row["scenario"]] = None
                continue
            if problem := _problem(row, reviewer, current):
                raise CourseError(f"{path}:{line}: {problem}")
            for where in _once(row, reviewer, current):
                if where in seen:
                    raise CourseError(
                        f"{path}:{line}: {where[-1]}: given in {seen[where]} already; keep one of the lines."
                    )
                seen[where] = f"{path.name}, line {line}"
            value = int(row["rating"]) if row["rating"] else None
            found.append(Rating(reviewer, scenario, row["step"], row["option"], value, row["comment"]))
    return found, list(stale)


def _once(row: Mapping[str, str], reviewer: str, current: Current | None) -> Iterator[tuple[str, ...]]:
    """Yield what a reviewer says only once, its column last: each option and, in an order, each place."""
    said = (reviewer, row["scenario"], row["step"])
    yield (*said, row["option"], "option")
    if current and row["rating"] and dict(current.scenario.decisions())[row["step"]].kind == "order":
        yield (*said, row["rating"], "rating")


def _rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield (line, cells by column) of a sheet, empty lines left out."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise CourseError(f"{path} cannot be read ({error.strerror}); name the filled-in sheet.") from error
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise CourseError(f"{path}:{line}: not UTF-8; save the sheet as CSV UTF-8.") from error
    rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    line = 1
    try:
        header = [name.strip().lower() for name in next(rows, [])]
        if missing := [name for name in COLUMNS if name not in header]:
            raise CourseError(
                f"{path}:1: {missing[0]}: no such column; the first line is {','.join(COLUMNS)}."
            )
        line = rows.line_num + 1
        for cells in rows:
            if any(cells):
                if len(cells) != len(header):
                    raise CourseError(
                        f"{path}:{line}: {len(cells)} cells under {len(header)} columns; "
                        "put a text that holds a comma into double quotes."
                    )
                yield line, {name: cell.strip() for name, cell in zip(header, cells, strict=True)}
            line = rows.line_num + 1
    except csv.Error as error:
        raise CourseError(
            f"{path}:{line}: not a CSV table ({error}); mend the quotes from here on."
        ) from error


def _problem(row: Mapping[str, str], reviewer: str, current: Current | None) -> str | None:
    """Return "column: what is wrong" for the first cell of a row that cannot be used."""
    if not reviewer:
        return "reviewer: nobody is named; write the reviewer's name into this line."
    if not current:
        return f"scenario: {row['scenario'] or 'nothing'} is not in the library; restore the cell."
    decision = dict(current.scenario.decisions()).get(row["step"])
    if not decision:
        return f"step: {current.scenario.id} has no decision {row['step']}; restore the cell."
    known = [option.id for option in decision.options] or [""]
    if row["option"] not in known:
        return f"option: {row['option'] or 'nothing'} is not one of {', '.join(known) or 'none'}; restore the cell."
    if decision.kind in WRITTEN:
        return "rating: a written answer is not rated; write a comment." if row["rating"] else None
    allowed = [str(place) for place, _ in enumerate(known, 1)] if decision.kind == "order" else SCALE
    if row["rating"] and row["rating"] not in allowed:
        return f"rating: {row['rating']} is not one of {', '.join(allowed)}."
    return None


def key(decision: Decision) -> dict[str, int]:
    """Return what each option would be rated by its key (see this module); empty for a written answer."""
    if decision.kind == "order":
        return {option.id: place for place, option in enumerate(decision.options, 1)}
    if decision.kind == "multiple":
        return {o.id: 3 if o.correct else 0 if o.harmful else 1 for o in decision.options}
    return {option.id: int(option.points) for option in decision.options}


def given(decision: Decision, ratings: Iterable[Rating]) -> dict[str, dict[str, int]]:
    """Return {option: {reviewer: rating}} of one decision; where several may be ticked, 2 means 3: it belongs."""
    found: dict[str, dict[str, int]] = {option.id: {} for option in decision.options}
    for one in ratings:
        if one.rating is not None:
            belongs = decision.kind == "multiple" and one.rating == 2
            found[one.option][one.reviewer] = 3 if belongs else one.rating
    return found


def compare(scenarios: Iterable[Scenario], ratings: Sequence[Rating]) -> tuple[list[Agreement], float | None]:
    """Return how each decision was rated, if anybody did, and alpha over all options that are rated 3 to 0."""
    found: list[Agreement] = []
    units: list[list[int]] = []
    for scenario in scenarios:
        for step, decision in scenario.decisions():
            mine = [rating for rating in ratings if (rating.scenario, rating.step) == (scenario.id, step)]
            if mine:
                by_option = given(decision, mine)
                values = [list(by.values()) for by in by_option.values()]
                units += values if decision.kind != "order" else []
                found.append(_agreement(scenario, step, decision, mine, by_option, alpha(values)))
    return found, alpha(units)


def _agreement(
    scenario: Scenario,
    step: str,
    decision: Decision,
    ratings: Sequence[Rating],
    by_option: Mapping[str, Mapping[str, int]],
    between: float | None,
) -> Agreement:
    keys = key(decision)
    others = {o: {who: r for who, r in by.items() if r != keys[o]} for o, by in by_option.items()}
    total = sum(map(len, by_option.values()))
    return Agreement(
        scenario=f"{scenario.id}@{scenario.version}",
        step=step,
        kind=decision.kind,
        reviewers=len({rating.reviewer for rating in ratings}),
        same=total - sum(map(len, others.values())),
        ratings=total,
        alpha=between,
        apart=[(option, keys[option], by) for option, by in others.items() if by],
        comments=[(r.reviewer, r.option, r.comment) for r in ratings if r.comment],
    )


def lines(found: Iterable[Agreement], overall: float | None) -> Iterator[str]:
    """Yield the result as text: a line a decision, below it what was rated otherwise, and everything at the end."""
    same = total = 0
    for one in found:
        same, total = same + one.same, total + one.ratings
        share = f"{_share(one.same, one.ratings)}, alpha {_figure(one.alpha)}" if one.ratings else "not rated"
        people = "1 reviewer" if one.reviewers == 1 else f"{one.reviewers} reviewers"
        yield f"{one.scenario} {one.step} ({one.kind}): {people}, {share}"
        for option, points, by in one.apart:
            rated = ", ".join(f"{who} {rating}" for who, rating in by.items())
            yield f"    {option}: key {points}; {rated}"
        for who, option, comment in one.comments:
            yield f"    {who}{f' on {option}' if option else ''}: {comment}"
    yield f"All: {_share(same, total)}; between reviewers alpha {_figure(overall)} (ordinal, orders left out)."


def _share(same: int, total: int) -> str:
    return f"{same} of {total} as the key ({same / total:.0%})" if total else "nothing rated"


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument(
        "ratings", nargs="+", type=Path, metavar="FILE", help="filled-in sheets of the review pack"
    )
    parser.add_argument("--format", choices=("text", "json"), default="text", help="how to print the result")


def run(args: argparse.Namespace) -> int:
    """Print the agreement of all sheets together."""
    drafts = map(worded, load.scenario_files())
    library = {scenario.id: Current(scenario, wording) for scenario, wording in drafts}
    ratings, stale = read(args.ratings, library)
    found, overall = compare((current.scenario for current in library.values()), ratings)
    if args.format == "json":
        data = {"decisions": [asdict(one) for one in found], "alpha": overall, "other_wording": stale}
        print(json.dumps(data, indent=1, ensure_ascii=False))
        return 0
    for scenario in stale:
        print(f"{scenario} was rated in another wording than it has now, so its ratings are left out.")
    print(*lines(found, overall), sep="\n")
    return 0
