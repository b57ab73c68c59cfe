"""Pinning a scenario's version, and the trainee's view of it (no points, no rationale)."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from scenarios import load, model, paths
from scenarios.errors import CourseError

SUMS = "SHA256SUMS"


def resolve(data: Mapping[str, Any], audience: str, gaps: Mapping[str, Any]) -> dict[str, Any]:
    """Return a scenario with the Center's rulings applied: points settled, ``graded`` literal.

    What a ruling gives points to breaks no clause under it.
    A decision that depends on a gap without a ruling is not graded. ``people`` is for the author alone and left out.
    So is an approval of another content: a new wording, or a ruling that changes what is scored, is a draft again.
    """
    resolved = {**data, "audience": audience, "steps": [dict(step) for step in data["steps"]]}
    resolved.pop("people", None)
    for step in resolved["steps"]:
        if "decision" not in step:
            continue
        decision: dict[str, Any] = dict(step["decision"])
        step["decision"] = decision
        touched = {*decision.get("depends_on", ()), *decision.get("gaps", ())}
        rulings = {gap: gaps.get(gap, {}).get("ruling") for gap in touched}
        changes: dict[str, float] = {}
        for gap, ruling in sorted(rulings.items()):
            if ruling:
                changes |= decision.get("gaps", {}).get(gap, {}).get(ruling["decision"], {})
        decision.pop("gaps", None)
        decision["graded"] = decision["graded"] and all(rulings[g] for g in decision.get("depends_on", ()))
        decision["options"] = [_ruled(o, changes.get(o["id"])) for o in decision.get("options", ())]
        if not decision["options"]:
            del decision["options"]
    if (approved := resolved["approved"]) and approved.get("sha256") != fingerprint(resolved):
        resolved["approved"] = None
    return resolved


def _ruled(option: Mapping[str, Any], points: float | None) -> Mapping[str, Any]:
    if points is None:
        return option
    return {**option, "points": points} | ({"violates": []} if points else {})


def fingerprint(resolved: Mapping[str, Any]) -> str:
    """Return the SHA-256 of what a reviewer approves: all that is read or scored, however the file is laid out."""
    content = {k: v for k, v in resolved.items() if k not in ("approved", "version", "plays")}
    return _sha256(json.dumps(content, sort_keys=True).encode())


def dump(data: Mapping[str, Any]) -> bytes:
    """Return the exact bytes of a published file."""
    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = False
    yaml.allow_unicode = True
    yaml.width = 100
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment] # ruamel annotates it as None
    stream = io.BytesIO()
    yaml.dump(dict(data), stream)
    return stream.getvalue()


def draft(path: Path) -> bytes:
    """Return what publishing a library file would write."""
    data = load.read_data(path, "scenario")
    return dump(resolve(data, path.parent.name, load.gaps()))


def publish(path: Path) -> Path:
    """Pin the version a library file declares and return the pinned file; once there, it never changes.

    Raises:
        CourseError: that version was published before with other content.
    """
    content = draft(path)
    data = load.read_data(path, "scenario")
    target = pinned_file(data["id"], data["version"])
    if target.exists():
        if target.read_bytes() != content:
            raise CourseError(
                f"{path.name}, or a ruling that it follows, changed after version {data['version']} was published; "
                f"raise `version` to {data['version'] + 1} and {way_out(data['id'])}."
            )
        return target
    target.parent.mkdir(exist_ok=True)
    target.write_bytes(content)
    sums = _sums() | {target.name: _sha256(content)}
    (target.parent / SUMS).write_text("".join(f"{sums[name]}  {name}\n" for name in sorted(sums)))
    load_published.cache_clear()
    return target


def way_out(scenario_id: str) -> str:
    """Return how a new version reaches trainees, as the end of a sentence."""
    return "pin it with `make release`" if scenario_id.startswith("B") else "release it in a new assignment"


@cache
def load_published(scenario_id: str, version: int) -> tuple[model.Scenario, str]:
    """Return a pinned scenario and its SHA-256.

    Raises:
        CourseError: it was not published, or its content is not what was published.
    """
    path = pinned_file(scenario_id, version)
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise CourseError(
            f"scenarios/published/{path.name} is missing; publish it with `make release A=<assignment>`."
        ) from None
    sha256 = _sha256(content)
    if _sums().get(path.name) != sha256:
        raise CourseError(
            f"scenarios/published/{path.name} is not what {SUMS} says was published; restore it from version control."
        )
    return _parse(content), sha256


def load_draft(path: Path) -> tuple[model.Scenario, str]:
    """Return a library file as it would be published, and the SHA-256 it would have."""
    content = draft(path)
    return _parse(content), _sha256(content)


def trainee_view(scenario: model.Scenario, sha256: str) -> dict[str, Any]:
    """Return what a trainee's player may know (CONTRACTS.md): no points, keys, rationales or models.

    The lines of an ``order`` decision come sorted by id, so that their place tells nothing. It is the same for all
    trainees: slots stay in the texts, and the words for them go along.
    """
    note, approved = scenario.note, scenario.approved
    variants = {"variants": [dict(words) for words in scenario.variants]} if scenario.variants else {}
    return {
        "schema": 1,
        "id": scenario.id,
        "version": scenario.version,
        "sha256": sha256,
        "title": scenario.title,
        "minutes": scenario.minutes,
        "approved": {k: approved[k] for k in ("by", "credential", "on")} if approved else None,
        "note": {"text": note.text, "support": note.support, "another_route": note.another_route}
        if note
        else None,
        "situation": scenario.situation,
        "start": scenario.start,
        **variants,
        "steps": [_step_view(step) for step in scenario.steps.values()],
    }


def _step_view(step: model.Step) -> dict[str, Any]:
    view: dict[str, Any] = {"id": step.id, "text": step.text}
    if step.ending:
        view["ending"] = True
    if step.next:
        view["next"] = step.next
    if decision := step.decision:
        view |= {"kind": decision.kind, "prompt": decision.prompt, "graded": decision.graded}
        options = decision.options
        if decision.kind == "order":
            options = shuffled(step.id, options)
        shown = [
            {"id": o.id, "text": o.text}
            | {k: getattr(o, k) for k in ("consequence", "next") if getattr(o, k)}
            for o in options
        ]
        fields = [{"id": f.id, "label": f.label, "required": f.required} for f in decision.fields]
        extra = {
            "options": shown,
            "fields": fields,
            "consequence": decision.consequence,
            "next": decision.next,
        }
        view |= {key: value for key, value in extra.items() if value}
    return view


def shuffled(step: str, options: tuple[model.Option, ...]) -> tuple[model.Option, ...]:
    """Return options in an order that is always the same and tells nothing about the key."""
    return tuple(sorted(options, key=lambda o: hashlib.sha256(f"{step}/{o.id}".encode()).digest()))


def problems() -> Iterator[load.Problem]:
    """Yield a problem for every published file that is not what was once published."""
    sums = _sums()
    name = "scenarios/published"
    on_disk = {p.name: p for p in sorted(paths.published().glob("*.yml"))}
    for file in sorted(sums.keys() | on_disk.keys()):
        if file not in on_disk:
            yield load.Problem(
                f"{name}/{file}", 1, "", "was published and is missing; restore it from version control"
            )
        elif file not in sums:
            yield load.Problem(
                f"{name}/{file}", 1, "", f"is not in {SUMS}; remove it and publish with make release"
            )
        elif _sha256(on_disk[file].read_bytes()) != sums[file]:
            yield load.Problem(f"{name}/{file}", 1, "", f"is not what {SUMS} says was published; restore it")
    for path in load.scenario_files():
        document = load.Document(path)
        if document.data and not document.problems and (data := document.data).get("version"):
            pinned = f"{data.get('id')}@{data['version']}.yml"
            if (
                pinned in on_disk
                and document.validate("scenario")
                and draft(path) != on_disk[pinned].read_bytes()
            ):
                yield document.problem(
                    ("version",),
                    f"this file, or a ruling that it follows, changed since {pinned} was published; raise version",
                )


def boosters() -> dict[str, int]:
    """Return the published boosters in the order of their ids, each with its newest version."""
    names = (path.stem.partition("@") for path in paths.published().glob("B*@*.yml"))
    found = sorted((name, int(version)) for name, _, version in names)
    return dict(found)


def is_published(scenario_id: str, version: object) -> bool:
    """Return whether what somebody calls a version of a scenario was published."""
    return type(version) is int and 0 < version < 10_000 and pinned_file(scenario_id, version).exists()


def pinned_file(scenario_id: str, version: int) -> Path:
    """Return where a published version is kept, whether it is there or not."""
    return paths.published() / f"{scenario_id}@{version}.yml"


def _sums() -> dict[str, str]:
    path = paths.published() / SUMS
    lines = path.read_text().splitlines() if path.exists() else []
    return {name: digest for digest, _, name in (line.partition("  ") for line in lines)}


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _parse(content: bytes) -> model.Scenario:
    return model.from_dict(YAML(typ="safe").load(content))  # in C; whoever wrote it was ``dump``
