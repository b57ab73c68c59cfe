"""Take the pictures: ``python tests/screenshots.py``.

The whole set, every state in two themes and three widths, goes to ``.course/screenshots``; the README's two go to
``docs``. It runs on a course of its own with the real scenarios and a simulated staff.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "browser"))

import chromium
import psutil
from kiosk import REPOSITORY as ROOT
from kiosk import Front, started
from playwright.sync_api import Browser, sync_playwright

OUT = ROOT / ".course" / "screenshots"
DOCS = ROOT / "docs"
COURSE = ROOT / ".course" / "pictures"
SIZES = ((360, 740), (768, 1024), (1280, 860))
ASSIGNMENT = "onboarding-therapist"
TRAINEE = "maya.ortiz"
TALLEST = 14000


@contextlib.contextmanager
def serving(*command: str, root: Path) -> Iterator[Front]:
    """Run one of the course's servers on a course folder."""
    folders = {"COURSE_ROOT": str(root), "XDG_STATE_HOME": str(root / "state")}
    with started("grading", *command, **folders) as (process, address):
        yield Front(address, root / "desks" / TRAINEE, process)


class Camera:
    """Photographs what one page shows, in every width and theme, under a number and a name."""

    def __init__(self, browser: Browser) -> None:
        self.page = browser.new_context(
            viewport={"width": 1280, "height": 860}, reduced_motion="reduce"
        ).new_page()
        self.number = 0

    def open(self, address: str, settled: str) -> None:
        """Load an address and wait for a selector."""
        self.page.goto("about:blank")
        self.page.goto(address)
        self.page.wait_for_selector(settled, timeout=90_000)

    def to(self, route: str, settled: str) -> None:
        """Go to a page of the open course and wait for a selector."""
        self.page.evaluate(
            "route => { location.hash = `#/${route}`; }", "-"
        )  # so that the same route opens anew
        self.page.wait_for_selector("text=This page cannot be shown right now")
        self.page.evaluate("route => { location.hash = `#/${route}`; }", route)
        self.page.wait_for_selector(settled, timeout=90_000)

    def take(self, name: str, *, whole: bool = True) -> None:
        """Keep what is shown: all of it, or only the first screen."""
        self.number += 1
        for width, height in SIZES:
            self.page.set_viewport_size({"width": width, "height": height})
            for theme in ("light", "dark"):
                self.page.emulate_media(color_scheme=theme, reduced_motion="reduce")
                self.page.wait_for_timeout(250)
                if whole:
                    self._grow(width)
                self.page.screenshot(path=self.path(name, width, theme))
                self.page.set_viewport_size({"width": width, "height": height})
        self.page.emulate_media(color_scheme="light", reduced_motion="reduce")

    def path(self, name: str, width: int, theme: str) -> Path:
        """Where the newest picture of that kind lies."""
        return OUT / f"{self.number:02}-{name}-{width}-{theme}.png"

    def _grow(self, width: int) -> None:
        """Make the window as tall as what it scrolls, so that the picture holds all of it."""
        tallest = "Math.max(...[...document.querySelectorAll('*')].map(e => e.scrollHeight))"
        self.page.set_viewport_size({"width": width, "height": min(self.page.evaluate(tallest), TALLEST)})
        self.page.evaluate("document.querySelectorAll('*').forEach(e => { e.scrollTop = 0 })")
        self.page.wait_for_timeout(150)


def answer(
    desk: Path, scenario_id: str, play: str, until: str | None = None, assignment: str = ASSIGNMENT
) -> None:
    """Answer a scenario on a desk as the player would, up to the step ``until``."""
    from scenarios import load
    from scenarios.desk import Desk
    from scenarios.model import payload
    from scenarios.opened import Opened

    opened = Opened.read(Desk(desk).places()[f"{assignment}/{scenario_id}"])
    plays = {p.name: p.answers for p in load.scenario(load.find(scenario_id)).plays}
    opened.start()
    while (step := opened.session.current) and step.decision and step.id != until:
        opened.answer(step.id, dict(payload(step.decision.kind, plays[play][step.id])))


def mark(comment: str) -> None:
    """Mark the free text of T01 as formgrader does, and release the mark."""
    from grading import gradebook
    from grading.course import Course
    from grading.feedback import give
    from grading.marks import release_marks

    course = Course(ROOT, COURSE)
    with gradebook.opened(course) as book:
        grade = book.find_grade("words", "T01", ASSIGNMENT, TRAINEE)
        grade.manual_score, grade.needs_manual_grade = 4, False
        book.find_comment("words", "T01", ASSIGNMENT, TRAINEE).manual_comment = comment
        book.db.commit()
    release_marks(course)
    give(course)


def trainees_pages(camera: Camera) -> None:
    """Photograph what a trainee sees, from the first visit to the last mark."""
    shutil.rmtree(COURSE, ignore_errors=True)
    with serving("run", "--trainee", TRAINEE, root=COURSE) as front:
        t01, t03, t06 = (f"{ASSIGNMENT}/{scenario}" for scenario in ("T01", "T03", "T06"))
        desk, page = front.desk, camera.page
        camera.open(front.address, ".welcome")
        camera.take("first-screen")
        page.get_by_role("button", name="Look around first").click()
        page.wait_for_selector(".home")
        camera.take("home-not-started")
        reference_pages(camera)
        camera.to(t06, ".note")
        camera.take("content-note")
        decisions(camera, desk, t01, t06)
        plain_pages(camera, front, t01, t03)
        camera.open(front.address, ".home")
        answer(desk, "T06", "mixed", until="search")
        camera.to("", ".home")
        camera.take("home-under-way")
        camera.to(t06, "fieldset")
        page.locator("summary", has_text="Support").click()
        camera.take("support-open", whole=False)
        answer(desk, "T06", "mixed", until="record")
        camera.to(t06, "textarea")
        camera.take("form", whole=False)
        answer(desk, "T01", "quiet")
        camera.to(t01, ".ending")
        page.locator(".result").scroll_into_view_if_needed()
        camera.take("ending-handing-in", whole=False)
        page.wait_for_selector(".lessons", timeout=90_000)
        camera.take("explained-being-marked")
        mark("Warm and plain. Next time, pick up the long winter a little sooner.")
        camera.to(t01, ".mark blockquote")
        page.get_by_role("button", name="I would argue").last.click()
        camera.take("explained-marked-argued")
        answer(desk, "T03", "harmful")
        answer(desk, "T06", "mixed")
        camera.to(t03, ".lessons")
        camera.take("harmful-explained")
        camera.to(f"{t03}/practice", "fieldset")
        camera.take("practice")
        camera.to(t06, ".lessons")
        camera.to("results", ".fold")
        page.locator(".fold").first.evaluate("node => { node.open = true; }")
        camera.take("results")
        camera.to("words", ".phrase")
        camera.take("words")
        camera.to("", ".one-more")
        camera.take("home-one-more-step")
        one_more_step(camera, desk)
        plain_pages(camera, front, t03)
        another_route(camera, front)
        camera.open(f"{front.address}#/{t03}/practice", "fieldset")
        trouble(camera, front)


def another_route(camera: Camera, front: Front) -> None:
    """A scenario that is left out: where that leads, its card and its note."""
    t14 = f"{ASSIGNMENT}/T14"
    for scenario in ("T07", "T08"):  # where T14's note leads is done
        answer(front.desk, scenario, "best")
    camera.open(front.address, ".home")
    camera.to(t14, ".note")
    camera.page.get_by_role("button", name="Take another route").click()
    camera.page.wait_for_selector(".told")
    camera.take("another-route-taken")
    camera.to(t14, ".note .callout")
    camera.take("content-note-left-out")
    plain_pages(camera, front, t14)


def one_more_step(camera: Camera, desk: Path) -> None:
    """Two days later a clause is met again, missed again, and to be talked over; without boosters, nothing is there."""
    from grading.course import Course
    from grading.demo import days_pass
    from grading.desk import make_desk
    from grading.roster import load_roster

    course = Course(ROOT, COURSE)
    days_pass(course, 2)
    make_desk(course, load_roster(course)[TRAINEE])
    steps = json.loads((desk / "me.json").read_text("utf-8"))["boosters"]
    booster = next((step["id"] for step in steps if step["id"]), None)
    if not booster:
        return
    camera.to("", ".one-more")
    camera.take("home-meet-it-again")
    camera.to(f"boosters/{booster}", "fieldset")
    camera.take("booster")
    answer(desk, booster, "harmful", assignment="boosters")
    camera.to(f"boosters/{booster}", ".after .one-more")
    camera.take("booster-to-talk-over")


def reference_pages(camera: Camera) -> None:
    """The policy and the worrying moments."""
    camera.to("results", ".pages")
    camera.take("results-empty")
    camera.to("policy", ".clauselist")
    camera.take("policy")
    camera.page.get_by_label("Search the clauses").fill("crisis")
    camera.take("policy-search", whole=False)
    camera.to("policy/C17", "article")
    camera.take("clause")
    camera.to("happened", ".cards")
    camera.take("it-just-happened")
    moments = camera.page.locator(".pages .card").all()
    for route in [moment.get_attribute("href") for moment in moments]:
        camera.to(route.removeprefix("#/"), ".steps")
        camera.take(f"moment-{route.rpartition('/')[2]}")


def decisions(camera: Camera, desk: Path, t01: str, t06: str) -> None:
    """Every kind of decision but the form, and a conversation that has grown."""
    page = camera.page
    camera.to(t01, "fieldset")
    page.get_by_role("button", name="Choose this").click()
    camera.take("first-decision-nothing-chosen")
    answer(desk, "T01", "quiet", until="note")
    camera.to(t01, "fieldset")
    camera.take("consequence-and-next", whole=False)
    camera.take("conversation")
    answer(desk, "T01", "quiet", until="call")
    camera.to(t01, "fieldset")
    page.locator(".option").first.click()
    camera.take("multiple", whole=False)
    shutil.copy(camera.path("multiple", 1280, "light"), DOCS / "player.png")
    answer(desk, "T01", "quiet", until="words")
    camera.to(t01, "textarea")
    page.locator(".course textarea").fill(
        "It was good of you to write. Let me tell you why I keep this page apart."
    )
    page.wait_for_selector("text=Draft saved")
    camera.take("text", whole=False)
    other = page.context.new_page()
    other.goto(page.url)
    other.wait_for_selector("textarea", timeout=90_000)
    camera.page, kept = other, page
    camera.take("second-tab", whole=False)
    camera.page = kept
    other.close()
    camera.to(t06, ".note")
    page.get_by_role("button", name="Go on to the scenario").click()
    page.wait_for_selector(".ranking")
    camera.take("order")


def plain_pages(camera: Camera, front: Front, *routes: str) -> None:
    """The pages without a script."""
    origin = front.address.partition("/doc/")[0]
    token = front.address.partition("?")[2]
    camera.open(f"{origin}/course/plain?{token}", "h1")
    camera.take("plain-list")
    for route in routes:
        camera.open(f"{origin}/course/plain/{route}", "h1")
        camera.take(f"plain-{route.rpartition('/')[2]}")


def trouble(camera: Camera, front: Front) -> None:
    """What is said when something does not work."""
    page = camera.page
    camera.page.get_by_role("radio").first.check()
    below = psutil.Process(front.process.pid).children(recursive=True)
    kernel = next(process.pid for process in below if "ipykernel_launcher" in process.cmdline())
    os.kill(kernel, signal.SIGSTOP)
    page.get_by_role("button", name="Choose this").click()
    page.wait_for_selector(".warning:not([hidden])")
    camera.take("not-saved-yet", whole=False)
    os.kill(kernel, signal.SIGKILL)
    page.wait_for_selector(".course-front-wait")
    camera.take("reconnecting", whole=False)
    page.wait_for_selector(".course-front-wait", state="detached", timeout=90_000)
    camera.to("policy/C99", "text=This page cannot be shown right now")
    camera.take("cannot-be-shown", whole=False)


def supervisors_pages(camera: Camera) -> None:
    """Photograph the supervisor's desk and the report of a simulated staff."""
    env = os.environ | {"COURSE_ROOT": str(COURSE)}
    demo = [sys.executable, "-m", "grading", "demo"]
    subprocess.run(demo, env=env, cwd=ROOT, check=True)
    root = COURSE / "demo"
    with serving("supervise", root=root) as front:
        camera.open(front.address, "table")
        camera.take("supervisor-first-look", whole=False)
        shutil.copy(camera.path("supervisor-first-look", 1280, "light"), DOCS / "supervisor.png")
        camera.take("supervisor")
    report = max((root / "reports").glob("*.html"), key=lambda path: path.stat().st_mtime)
    camera.open(report.as_uri(), "h1")
    camera.take("report")
    pages = {
        "reports/questions.html": ["questions"],
        "review/booklet.html": ["review-pack"],
        "reports/coverage.html": ["coverage", "--format", "html"],
    }
    for page, command in pages.items():
        subprocess.run([sys.executable, "-m", "scenarios", *command], env=env, cwd=ROOT, check=True)
        camera.open((COURSE / page).as_uri(), "h1")
        camera.take(command[0])


def main() -> None:
    """Take every picture."""
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir(parents=True)
    DOCS.mkdir(exist_ok=True)
    executable = chromium.path()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=list(chromium.ARGUMENTS))
        camera = Camera(browser)
        trainees_pages(camera)
        supervisors_pages(camera)
        browser.close()
    print(f"{len(list(OUT.iterdir()))} pictures are in {OUT.relative_to(ROOT)}.")


if __name__ == "__main__":
    main()
