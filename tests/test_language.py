"""Spelling by dictionary and the project's words; the reading grade by its formula."""

import pytest

from scenarios.language import Words, grade, misspelled

OURS = Words(frozenset({"Thuy", "Tyrell"}), frozenset({"repost"}), frozenset({"therapist"}))


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("Everything here is spelled right, isn't it?", []),
        ("You recieve it, then recieve more; thier turn.", ["recieve", "thier"]),
        ("The colour of their behaviour", ["colour", "behaviour"]),  # US English
        ("Thuy's repost. TYRELL NEXT DOOR. Reposted by Thuy, who'll ask.", ["Reposted"]),
        ("thuy asks", ["thuy"]),  # a name is written as a name
        ("See [C17] and G02; two_left_socks, 988, 2:10 a.m., @replies", []),
        ("It doesn’t matter what’ll come; Dana’s mother’s here", []),
        ("Dana and Xiomara", ["Xiomara"]),
    ],
)
def test_what_no_dictionary_knows_is_named_once(text, wrong):
    assert list(misspelled(text, OURS, names={"Dana"})) == wrong


def test_the_grade_is_the_automated_readability_index_without_clinical_terms():
    # 10 words, 2 sentences, 41 letters: 4.71 * 4.1 + 0.5 * 5 - 21.43
    text = "She waits near the window. Then somebody comes walking home."
    assert grade(text, OURS) == pytest.approx(4.71 * letters(text) / 10 + 0.5 * 10 / 2 - 21.43)
    assert grade(text.replace("window", "therapist window"), OURS) == grade(text, OURS)
    assert grade(text.replace("window", "psychotherapist window"), OURS) > grade(text, OURS)


def letters(text):
    return sum(character.isalpha() for character in text)


def test_a_sentence_ends_at_its_mark_and_a_paragraph_always():
    two = grade(
        '"The understanding continues," somebody remembers.\n\n"Everything continues!" Nobody remembers', OURS
    )
    words, sentences = 9, 3
    text = "Theunderstandingcontinuessomebodyremembers" + "EverythingcontinuesNobodyremembers"
    assert two == pytest.approx(4.71 * len(text) / words + 0.5 * words / sentences - 21.43)


def test_an_empty_text_and_an_easy_one_have_no_grade_below_zero():
    assert grade("", OURS) == grade("...", OURS) == grade("Go. Do it.", OURS) == 0
