"""Invented people and how they answer: what the demonstration's staff is made of. Pure, and the same for a seed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Any, Literal

from grading.roster import AUDIENCES, Person
from scenarios.model import Answer, Decision, Scenario, payload

TEAMS = ("Harbor", "Canyon", "Mesa", "Juniper")
TEAM_SKILL = {"Harbor": 0.06, "Canyon": 0.0, "Mesa": -0.2, "Juniper": 0.02}
# Letters of ids only: a name becomes an id.
_FIRST = """
Aaliyah Andre Anh Aurelio Beatriz Callum Chidi Dalia Dario Devika Ebony Emre Esther Farid Freya Gideon Hana
Hector Imani Ines Jorge Kaito Keisha Lars Leilani Lucia Malik Mireille Nadia Noor Oksana Omar Paloma Quentin
Rafael Rosalind Samir Sofia Tariq Thandi Uma Viktor Wen Ximena Yusuf Zofia
"""
_LAST = """
Abara Ahmadi Becker Bello Castillo Chen Delgado Dubois Eriksen Farouk Fontaine Garcia Haddad Hoang Ibrahim
Jansen Kaplan Kim Kowalski Lindqvist Lopez Mbeki Medina Moreau Nakamura Novak Okafor Oliveira Park Petrov
Quispe Rahman Reyes Rossi Sato Shapiro Singh Tanaka Thompson Ueda Vargas Volkov Walker Yilmaz Zamora
"""

Stop = Literal["finished", "halfway", "first only", "not started"]
Tier = Literal["best", "mixed", "harmful"]
OPENINGS = (
    "",
    "",
    "",
    "Thank you for telling me. ",
    "I am glad that you asked. ",
    "I hear how much this matters. ",
)
COMMENTS: Mapping[Tier, Sequence[str]] = {
    "best": (
        "Warm and clear. This is what I would say, too.",
        "Exactly the tone we want.",
        "Complete and factual.",
    ),
    "mixed": (
        "Good start; say in one more sentence why.",
        "Kind. Name what happens next, too.",
        "Nearly complete.",
    ),
    "harmful": (
        "Let us talk about this one in supervision.",
        "This leaves the client alone with it; try again.",
    ),
}

TALK = ("What made the kind choice look like the right one", "To ask before answering, next time")
"""What supervisors note about a talk."""


@dataclass(frozen=True, slots=True)
class Actor:
    """A simulated trainee: ability 0 to 1, and how far they go."""

    person: Person
    ability: float
    stop: Stop


def staff(people: int, roles: Sequence[str], rng: Random, today: date) -> tuple[list[Person], list[Actor]]:
    """Return the supervisors, who take nothing here, and as many trainees as asked, spread over the teams."""
    chosen = _names(rng)
    leads = [_person(*next(chosen), "supervisor", team, "", today - timedelta(days=2000)) for team in TEAMS]
    actors = []
    for n in range(people):
        team = TEAMS[n % len(TEAMS)]
        hired = today - timedelta(days=rng.randint(4, 45))
        person = _person(
            *next(chosen), roles[n // len(TEAMS) % len(roles)], team, leads[n % len(TEAMS)].id, hired
        )
        ability = min(max(rng.gauss(0.7 + TEAM_SKILL[team], 0.14), 0.2), 0.97)
        stop: Stop = rng.choices(("finished", "halfway", "first only", "not started"), (80, 8, 6, 6))[0]
        actors.append(Actor(person, ability, stop))
    return leads, actors


def _names(rng: Random) -> Iterator[tuple[str, str]]:
    """Yield different names: a first name comes again only when all were there."""
    first, last = _FIRST.split(), _LAST.split()
    rng.shuffle(first)
    rng.shuffle(last)
    for n in range(len(first) * len(last)):
        yield first[n % len(first)], last[(n + n // len(first)) % len(last)]


def _person(first: str, last: str, role: str, team: str, supervisor: str, hired: date) -> Person:
    person_id = f"{first}.{last}".lower()
    return Person(person_id, f"{first} {last}", f"{person_id}@example.org", role, team, supervisor, hired)


def roles(audiences: Sequence[str]) -> list[str]:
    """Return the roles that take something, those of therapists most often."""
    taking = [role for role, audience in AUDIENCES.items() if audience in audiences]
    return [role for role in taking for _ in range(3 if role == "therapist" else 1)]


def answer(
    scenario: Scenario, step: str, decision: Decision, ability: float, rng: Random
) -> tuple[Answer, Tier]:
    """Return what somebody of that ability answers, and how good its words are.

    ``scenario`` is the published one: written answers vary those of its model plays.
    """
    tier: Tier = (
        "best" if rng.random() < ability else "mixed" if rng.random() < 0.4 + ability / 2 else "harmful"
    )
    if decision.kind == "choice":
        weights = [
            (ability if o.points == 3 else (1 - ability) * (0.12 + 0.2 * o.points)) for o in decision.options
        ]
        return payload("choice", rng.choices(decision.options, weights)[0].id), tier
    if decision.kind == "multiple":
        chance = {o.id: _tick(ability, correct=o.correct, harmful=o.harmful) for o in decision.options}
        taken = [o for o, p in chance.items() if rng.random() < p]
        return payload("multiple", taken or [rng.choice(decision.options).id]), tier
    if decision.kind == "order":
        order = [option.id for option in decision.options]
        for _ in range(len(order)):
            if rng.random() > ability:
                n = rng.randrange(len(order) - 1)
                order[n], order[n + 1] = order[n + 1], order[n]
        return payload("order", order), tier
    return payload(decision.kind, _words(scenario, step, tier, rng)), tier


def _tick(ability: float, *, correct: bool, harmful: bool) -> float:
    if correct:
        return 0.55 + 0.45 * ability
    return (1 - ability) * (0.15 if harmful else 0.4)


def _words(scenario: Scenario, step: str, tier: Tier, rng: Random) -> Any:
    said = [play.answers[step] for play in scenario.plays if step in play.answers and play.name == tier]
    said = said or [play.answers[step] for play in scenario.plays if step in play.answers]
    words = rng.choice(said)
    return rng.choice(OPENINGS) + words if isinstance(words, str) else dict(words)


def argues(tier: Tier, rng: Random) -> bool:
    """Return whether somebody whose answer was of that tier would argue it in supervision."""
    return rng.random() < {"best": 0.03, "mixed": 0.1, "harmful": 0.2}[tier]


def mark(tier: Tier, maximum: float, rng: Random) -> tuple[float, str]:
    """Return the points a marker gives for words of that tier, in halves, and a comment."""
    share = {"best": 0.92, "mixed": 0.62, "harmful": 0.25}[tier] + rng.uniform(-0.12, 0.08)
    return round(2 * maximum * share) / 2, rng.choice(COMMENTS[tier])
