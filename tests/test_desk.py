from __future__ import annotations

import getpass
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from handing import reroute

from grading import desk as desks
from grading.__main__ import main
from grading.course import Course, load_roster
from grading.intake import collect
from grading.submit import hand_in
from scenarios.desk import Desk, Json
from scenarios.errors import CourseError

Take = Callable[..., Path]


def me(course: Course, trainee: str = "maya.ortiz") -> dict[str, object]:
    desks.write_me(course, load_roster(course)[trainee])
    data: dict[str, object] = json.loads((course.desk(trainee) / "me.json").read_text("utf-8"))
    return data


def test_a_desk_has_what_is_released_and_who_it_is(
    released: Course, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["desk", "--trainee", "maya.ortiz"]) == 0
    desk = Path(capsys.readouterr().out.strip())
    assert desk == released.desk("maya.ortiz")
    files = {p.relative_to(desk).as_posix() for p in desk.rglob("*") if p.is_file()}
    assert files == {
        "home.ipynb", "me.json", "policy.json", "mini/T90.ipynb", "mini/T90.json", "mini/T91.ipynb", "mini/T91.json",
    }  # fmt: skip
    data = json.loads((desk / "me.json").read_text("utf-8"))
    assert (data["name"], data["supervisor"], data["team"]) == ("Maya Ortiz", "Renée Park", "Harbor")
    assert data["support"][0]["id"] == "emergency"
    assert data["course"]["policy"]["sha256"] is None
    assert "Renée Park" in data["seen_by"][0]
    assert "Amara Nwosu" in data["seen_by"][1]
    for kept in (
        "What else you write",
        "you did, not why",
        "Practice after",
        "argue this in supervision",
        "colleagues",
    ):
        assert sum(kept in sentence for sentence in data["seen_by"]) == 1
    assert data["assignments"] == [
        {
            "id": "mini",
            "title": "The miniature course",
            "kind": "onboarding",
            "due": "2026-12-23",
            "pass_share": 0.8,
            "state": "not started",
            "detail": None,
            "scenarios": [
                {
                    "id": "T90", "version": 1, "title": "Every kind of decision", "minutes": 2,
                    "note": False, "approved": False, "marked": ["words"],
                },
                {
                    "id": "T91", "version": 1, "title": "A second, shorter one", "minutes": 1,
                    "note": True, "approved": True, "marked": [],
                },
            ],
        }
    ]  # fmt: skip


def policy(course: Course, trainee: str) -> Json:
    desks.make_desk(course, load_roster(course)[trainee])
    return Desk(course.desk(trainee)).policy()


def test_the_policy_lies_on_the_desk_with_the_scenarios_that_practise_it(released: Course) -> None:
    clauses = {clause["id"]: clause for clause in policy(released, "maya.ortiz")["clauses"]}
    assert {key: clause["scenarios"] for key, clause in clauses.items()} == {
        "C17": ["T90"],
        "C30": ["T90", "T91"],
        "C36": ["T90", "T91"],
    }
    assert clauses["C17"] == {
        "id": "C17", "kind": "prohibition", "title": "No friend requests from clients",
        "statement": "A therapist does not accept a client's invitation to connect.",
        "condition": None, "exception": None, "follow_up": None, "critical": True, "who": ["therapist"],
        "scenarios": ["T90"],
    }  # fmt: skip
    theirs = policy(released, "priya.raman")["clauses"]  # nothing is open to the front desk here
    assert [clause["scenarios"] for clause in theirs] == [[], [], []]


def test_a_moment_says_whom_to_call(released: Course) -> None:
    request, danger = policy(released, "maya.ortiz")["moments"]
    assert (request["id"], request["clauses"], request["support"]) == ("request", ["C17"], False)
    assert request["steps"][0] == {"do": "Leave it.", "why": "It can wait."}
    mine = {"name": "Your supervisor, Renée Park", "how": "E-mail renee.park@example.org", "hours": None}
    assert request["call"] == [mine]
    assert [each["name"] for each in danger["call"]] == ["Emergency", "On-call supervisor", mine["name"]]
    assert danger["support"]


@pytest.mark.parametrize("why", ["none in the roster", "gone"])
def test_without_a_supervisor_it_is_the_one_on_call_and_only_once(released: Course, why: str) -> None:
    trainee = "amara.nwosu" if why == "none in the roster" else "maya.ortiz"
    load_roster(released)
    text = released.roster.read_text("utf-8").replace("2019-03-04,", "2019-03-04,2020-01-31")
    released.roster.write_text(text, "utf-8")
    request, danger = policy(released, trainee)["moments"]
    on_call = {"name": "On-call supervisor", "how": "The staff contact sheet", "hours": "day and night"}
    assert request["call"] == [on_call]
    assert [each["name"] for each in danger["call"]] == ["Emergency", "On-call supervisor"]


def test_a_contact_that_was_removed_is_one_clear_error(
    released: Course, capsys: pytest.CaptureFixture[str]
) -> None:
    support = released.content / "scenarios" / "policy" / "support.yml"
    support.write_text(support.read_text("utf-8").replace("id: emergency", "id: ambulance"), "utf-8")
    assert main(["desk", "--trainee", "maya.ortiz"]) == 1
    assert capsys.readouterr().err == (
        "scenarios/policy/moments.yml calls emergency, which is not in scenarios/policy/support.yml; add it there.\n"
    )


def test_a_desk_without_the_policy_shows_none_and_a_damaged_one_says_so(released: Course) -> None:
    policy(released, "maya.ortiz")
    path = released.desk("maya.ortiz") / "policy.json"
    path.write_text("{")
    with pytest.raises(CourseError, match=r"policy\.json on your desk is damaged"):
        Desk(path.parent).policy()
    path.unlink()
    assert Desk(path.parent).policy() == {"clauses": [], "moments": []}


def test_answers_survive_making_the_desk_again(released: Course, take: Take) -> None:
    maya = load_roster(released)["maya.ortiz"]
    log = take(desks.make_desk(released, maya), "mini", "T90", stop="rank")
    before = log.read_bytes()
    desks.make_desk(released, maya)
    assert log.read_bytes() == before
    assert me(released)["assignments"][0]["state"] == "in progress"  # type: ignore[index]


@pytest.mark.parametrize("trainee", ["priya.raman", "amara.nwosu"])
def test_another_role_gets_nothing_of_the_therapists(released: Course, trainee: str) -> None:
    desks.make_desk(released, load_roster(released)[trainee])
    assert me(released, trainee)["assignments"] == []
    assert not (released.desk(trainee) / "mini").exists()


def test_an_assignment_opens_on_its_day(released: Course) -> None:
    (released.outbound / "mini-refresher").mkdir()
    maya = load_roster(released)["maya.ortiz"]
    assert [a.id for a in desks.open_to(released, maya.audience, date(2998, 12, 31))] == ["mini"]
    assert [a.id for a in desks.open_to(released, maya.audience, date(2999, 1, 1))] == [
        "mini",
        "mini-refresher",
    ]


def feedback(folder: Path, scenario: str, *decisions: tuple[float | None, str, list[str]]) -> None:
    data = [
        {"graded": True, "points": points, "maximum": 3.0, "verdict": verdict, "violated": violated}
        for points, verdict, violated in decisions
    ]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{scenario}.feedback.json").write_text(json.dumps({"schema": 1, "decisions": data}))


def test_the_state_follows_logs_hand_in_and_feedback(released: Course, take: Take) -> None:
    desk = desks.make_desk(released, load_roster(released)["maya.ortiz"])

    def state() -> tuple[str, str | None]:
        entry = me(released)["assignments"][0]  # type: ignore[index]
        return entry["state"], entry["detail"]

    take(desk, "mini", "T90")
    take(desk, "mini", "T91")
    assert state() == ("in progress", None)
    hand_in(released, desk, "mini")
    assert state() == ("handed in", None)
    (desk / "mini" / "T91.feedback.json").write_text("{}")  # the desk's copy is its owner's to change
    mine = released.feedback / "maya.ortiz" / "mini"
    feedback(mine, "T91", (3.0, "best", []))
    feedback(mine, "T90", (3.0, "best", []), (None, "being marked", []), (None, "compare", []))
    assert state() == ("being marked", None)
    feedback(mine, "T90", (0.0, "harmful", ["C17", "C30"]), (None, "being marked", []))
    assert state() == ("one more step", "one more step: C17")  # C30 is not critical
    feedback(mine, "T90", (3.0, "best", []), (3.0, "marked", []), (0.0, "discussion", ["C17"]))
    assert state() == ("passed", None)


def test_what_was_left_out_counts_once_it_was_taken_in_and_not_because_the_desk_says_so(
    released: Course, take: Take
) -> None:
    desk = desks.make_desk(released, load_roster(released)["maya.ortiz"])

    def state() -> object:
        return me(released)["assignments"][0]["state"]  # type: ignore[index]

    take(desk, "mini", "T90")
    reroute(released, "maya.ortiz")
    feedback(released.feedback / "maya.ortiz" / "mini", "T90", (3.0, "best", []))
    assert state() == "in progress"
    hand_in(released, desk, "mini")
    assert state() == "handed in"
    assert collect(released).problems == []
    assert state() == "passed"
    reroute(released, "maya.ortiz", taken_up=True)
    hand_in(released, desk, "mini")
    assert collect(released).problems == []
    assert state() == "passed"  # it is asked again once it is finished
    take(desk, "mini", "T91", "harmful")
    hand_in(released, desk, "mini")
    assert collect(released).problems == []
    assert state() == "handed in"


def test_an_unknown_trainee_is_one_clear_error(released: Course, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["desk", "--trainee", "nobody"]) == 1
    assert capsys.readouterr().err == (
        f"nobody is not in {released.roster}; add a line for them, or correct the id.\n"
    )
    assert not released.desk("nobody").exists()


@pytest.mark.parametrize(("account", "trainee"), [("Ada L", "ada-l"), ("_www", "www"), ("日本", "me")])
def test_a_machine_of_one_makes_its_owner_a_therapist(
    released: Course, monkeypatch: pytest.MonkeyPatch, account: str, trainee: str
) -> None:
    monkeypatch.setattr(getpass, "getuser", lambda: account)
    load_roster(released)
    released.roster.write_text(released.roster.read_text("utf-8").rstrip("\n"), "utf-8")
    assert main(["desk"]) == 0
    before = released.roster.read_text("utf-8")
    assert main(["desk"]) == 0
    assert released.roster.read_text("utf-8") == before
    assert before.count("\n") == 10
    assert len(load_roster(released)) == 9
    data = json.loads((released.desk(trainee) / "me.json").read_text("utf-8"))
    assert data["seen_by"] == [f"Only you: your answers stay on this computer, in {released.root}."]
    assert [a["id"] for a in data["assignments"]] == ["mini"]


def test_a_roster_with_its_own_columns_keeps_them(released: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(getpass, "getuser", lambda: "ada")
    load_roster(released)
    rows = released.roster.read_text("utf-8").splitlines()
    released.roster.write_text(
        "".join(f"{'site' if n == 0 else 'West'},{row}\n" for n, row in enumerate(rows)), "utf-8"
    )
    assert desks.local_person(released).team == desks.LOCAL_TEAM
    assert released.roster.read_text("utf-8").splitlines()[-1].startswith(",ada,Ada,,therapist,")


def test_the_attached_policy_is_named_by_its_sha256(released: Course) -> None:
    desks.make_desk(released, load_roster(released)["maya.ortiz"])
    released.policy.mkdir()
    (released.policy / "policy.txt").write_bytes(b"abc")
    digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert me(released)["course"]["policy"]["sha256"] == digest  # type: ignore[index]


def test_a_course_folder_that_cannot_be_made(
    released: Course, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    blocked = released.content / "file"
    blocked.write_text("")
    monkeypatch.setenv("COURSE_ROOT", str(blocked))
    assert main(["desk", "--trainee", "maya.ortiz"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert str(blocked) in line
