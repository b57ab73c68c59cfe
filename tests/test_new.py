"""The start of a new scenario: whole, explained, and refused where it would overwrite or not fit."""

import re
import subprocess

import pytest

from scenarios import load, paths
from scenarios.__main__ import main
from scenarios.check import check
from scenarios.confirmed import confirm, read
from scenarios.errors import CourseError
from scenarios.model import ANSWER_KEY
from scenarios.rules import PLACEHOLDER

IDS = {"therapist": "T40", "front-desk": "F40", "supervisor": "S40"}


def begun(audience):
    assert main(["new", IDS[audience], "--audience", audience]) == 0
    return load.find(IDS[audience])


@pytest.mark.parametrize("audience", IDS)
def test_a_new_file_stands_in_its_folder_and_passes_the_schema(course, capsys, audience):
    path = begun(audience)
    assert path == paths.library() / audience / f"{IDS[audience]}-new.yml"
    assert path.relative_to(course.content).as_posix() in capsys.readouterr().out
    assert load.Document(path).validate("scenario")
    kinds = {decision.kind for _, decision in load.scenario(path).decisions()}
    assert kinds == set(ANSWER_KEY)


def test_check_says_what_is_left_to_write_in_the_order_of_the_file_and_nothing_else(course):
    path = begun("therapist")
    begun("front-desk")  # the same words in both are no copies of one another
    problems = check().problems
    mine = [problem for problem in problems if problem.file.endswith(path.name)]
    assert len(problems) == 2 * len(mine)
    assert all(
        re.match("still to write, in the place of|no decision names a clause", p.message) for p in mine
    )
    assert [p.line for p in mine] == sorted(p.line for p in mine)
    lines = path.read_text("utf-8").splitlines()
    for problem in mine:  # the line of a key, or of the text below it
        assert "[[" in "".join(lines[problem.line - 1 :][:2]) or lines[problem.line - 1] == "steps:"
    more = [int(found[1]) for p in mine if (found := re.search("; ([0-9]+) more", p.message))]
    written = [line for line in lines if not line.startswith("#")]
    assert sum("still" in p.message for p in mine) + sum(more) == len(PLACEHOLDER.findall("\n".join(written)))


def test_with_its_words_written_and_its_clauses_named_nothing_is_left_but_to_confirm_it(course):
    path = begun("therapist")
    text = PLACEHOLDER.sub(r"\1", path.read_text("utf-8")).replace("clauses: []", "clauses: [C17]")
    path.write_text(text, "utf-8")
    (problem,) = check().problems
    assert problem.key == "id" and "run `python -m scenarios confirm T40`" in problem.message
    confirm([path])
    assert check().problems == []


def test_a_file_that_is_half_written_is_not_called_ready_for_review(course):
    path = begun("therapist")
    text = path.read_text("utf-8")
    path.write_text(PLACEHOLDER.sub(r"\1", text, text.count("[[") - 3), "utf-8")
    messages = [problem.message for problem in check().problems]
    assert any("still to write" in message for message in messages)
    assert not any("review needed" in message or "dictionary" in message for message in messages)
    with pytest.raises(CourseError, match=r"Nothing was confirmed. .*T40-new.yml:\d+: plays.*still to write"):
        confirm([path])
    assert "T40" not in read()


def test_its_first_line_leads_an_editor_to_the_schema(course):
    path = begun("therapist")
    schema = re.fullmatch(r"# yaml-language-server: \$schema=(\S+)", path.read_text("utf-8").split("\n")[0])[
        1
    ]
    assert not schema.startswith("/") and (path.parent / schema).resolve().name == "scenario.schema.json"
    assert (path.parent / schema).is_file()


@pytest.mark.parametrize(
    ("scenario", "audience", "said"),
    [
        ("T90", "therapist", "T90 was used before, in scenarios/library/therapist/T90-miniature.yml"),
        ("T40", "front-desk", "write F and two figures"),
        ("t40", "therapist", "write T and two figures"),
        ("T4", "therapist", "write T and two figures"),
        ("T40/../x", "therapist", "write T and two figures"),
        ("", "therapist", "write T and two figures"),
        (
            "T40",
            "marketing",
            "There is no audience marketing; write one of therapist, front-desk, supervisor",
        ),
        ("", "", "There is no audience without a name"),
    ],
)
def test_what_does_not_fit_is_refused_in_a_sentence_and_nothing_is_written(
    course, capsys, scenario, audience, said
):
    before = {path: path.read_bytes() for path in course.content.rglob("*") if path.is_file()}
    assert main(["new", scenario, "--audience", audience]) == 1
    told = capsys.readouterr()
    assert told.out == "" and told.err.count("\n") == 1 and said in told.err
    assert before == {path: path.read_bytes() for path in course.content.rglob("*") if path.is_file()}


def test_an_id_that_was_taught_once_is_not_given_again(released, capsys):
    load.find("T91").unlink()
    assert main(["new", "T91", "--audience", "therapist"]) == 1
    assert "T91 was used before, in scenarios/published/T91@1.yml" in capsys.readouterr().err


def test_the_make_target_passes_on_what_it_is_given():
    told = subprocess.run(
        ["make", "--no-print-directory", "-n", "new-scenario", "ID=T40", "AUDIENCE=front-desk"],
        cwd=paths.content(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.splitlines()[-1].endswith('-m scenarios new "T40" --audience "front-desk"')
