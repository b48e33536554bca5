"""What happened in a call is told in one way: the review page and the desk show the same, in the same order."""

import re
from collections.abc import Iterator
from html import escape, unescape
from pathlib import Path

import pytest
from tests.serve.filled import LAST_DAY, call_of, fill, golden, judged, threats
from tests.serve.serving import visitor

from ausweis.facts import Facts
from ausweis.judging.sentences import violation_sentence
from ausweis.judging.verdict import Action, AddedReason, Authorisation, Incident, UsedFactor, Verdict, Violation
from ausweis.pages.findings import Finding, advice, call_view, findings_of, incident_advice
from ausweis.pages.review import Wanted, review_of
from ausweis.pages.review_page import review_page
from ausweis.pages.tables import finding_lines
from ausweis.pages.turns import CallMask
from ausweis.pages.words import Words
from ausweis.store import CallFilter, Store
from ausweis.vocabulary import CATEGORIES, INCIDENTS, VIOLATIONS, Category, Language, OwnWord, ViolationType

Shown = list[tuple[int, list[str], set[str]]]
"""Of each moment its turn, what happened there, and why it is a violation or an incident."""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with fill(tmp_path_factory.mktemp("same") / "s.sqlite", [*golden(40, days=1), *threats()]) as filled:
        yield filled


def findings(store: Store, call_id: str) -> list[Finding]:
    key = store.find(call_id)
    assert key is not None
    record = store.record(key)
    return findings_of(record, Words("en"), CallMask(record, "en"))


def test_the_worst_come_first_then_the_earliest(store: Store) -> None:
    assert [(finding.severity, finding.turn) for finding in findings(store, "critical")] == [
        ("critical", 2),
        ("low", 1),
        ("low", 4),
    ]


def test_the_same_advice_is_not_given_twice(tmp_path: Path) -> None:
    call = call_of("twice", ["Guten Tag."] * 9)
    turns = ((3, "insufficient_factors"), (3, "unauthorised_third_party"), (5, "insufficient_factors"))
    broken = tuple(
        {"type": kind, "turn": turn, "severity": "critical" if "third" in kind else "high", "reason": {"code": "added"}}
        for turn, kind in turns
    )
    one = judged(call, Facts(call_id="twice", turns=9), outcome="violation", violations=broken, first_violation_turn=3)
    with fill(tmp_path / "s.sqlite", [one]) as store:
        third, few, again = findings(store, "twice")
    assert [third.name, few.name, again.turn] == ["unauthorised_third_party", "insufficient_factors", 5]
    assert third.should.endswith("otherwise disclose nothing, and offer a letter to the address on file.")
    assert few.should == "Go on asking before the action until the factors are enough."
    assert again.should == "As at turn 3."


def test_a_rule_that_one_turn_breaks_by_several_actions_is_one_finding_everywhere(tmp_path: Path) -> None:
    """People decide on type and turn: what they cannot tell apart is shown once, with all reasons and advice."""
    with fill(tmp_path / "s.sqlite", [one for one in golden(130, days=1) if one.call.id == "dev-115"]) as store:
        (first, other), (one,) = store.record(1).verdict.violations, findings(store, "dev-115")
        assert (first.type, first.turn) == (other.type, other.turn)
        reasons = [violation_sentence(violation, "en") for violation in (first, other)]
        assert (one.actions, one.why) == ((first.action, other.action), " ".join(reasons))
        view = call_view(store.record(1), Words("en"))
        assert [(line.finding, line.counts) for line in finding_lines(view)] == [(one, 1)]
        anna, review = visitor(store), review_page(review_of(store, Wanted(LAST_DAY, LAST_DAY, language="en")))
        page = anna.page("/calls/1")
        assert (page.count('class="ticks"'), "×" in anna.page("/")) == (1, False)
        assert all(escape(reason) in shown for reason in reasons for shown in (page, review))


def test_what_happened_at_one_moment_stands_together(store: Store) -> None:
    for row in store.calls(CallFilter(to_review=True)):
        moments = [finding.moment for finding in findings(store, row.call_id)]
        together = [moment for place, moment in enumerate(moments) if moments[place - 1 : place] != [moment]]
        assert len(together) == len(set(moments))


@pytest.mark.parametrize("language", ["de", "en"])
def test_review_page_and_desk_show_the_same_in_the_same_order(store: Store, language: Language) -> None:
    review = review_page(review_of(store, Wanted(LAST_DAY, LAST_DAY, language=language)))
    calls = re.findall(r'<details class="call" id="call-(\d+)".*?</details>', review, re.DOTALL)
    anna = visitor(store)
    anna.http.get(f"/language?to={language}")
    assert len(calls) == len(store.keys(CallFilter(to_review=True))) > 15
    most = 0
    for key in calls:
        (call,) = re.findall(rf'<details class="call" id="call-{key}".*?</details>', review, re.DOTALL)
        page = anna.page(f"/calls/{key}")
        there, here = in_review(call), on_desk(page)
        # The report says once what the page of the call says at each turn.
        assert [names[0] for _, names, _ in there[:1]] == [names[0] for _, names, _ in here[:1]], key
        moments = {(turn, name) for turn, names, _ in here for name in names}
        assert {(turn, name) for turn, names, _ in there for name in names} == moments, key
        # What the worst is stands above them, once.
        above = set(map(unescape, re.findall(r'<h1 dir="auto">(.*?)</h1>', page)))
        assert set().union(*(said for *_, said in there)) == above.union(*(said for *_, said in here)), key
        most = max(most, *(len(names) for _, names, _ in here), 0)
    assert most > 1


def in_review(call: str) -> Shown:
    """The findings of a call of the review page, at each turn."""
    shown: Shown = []
    alone = re.search(r'<span class="what"><b>(.*?)</b>', call)
    assert alone
    for block in re.findall(r'<div class="found">(.*?)</div>', call, re.DOTALL):
        title = re.search(r"</span>\s*([^<]+)</h3>", block)
        said = set(map(unescape, re.findall(r"<bdi>(.*?)</bdi>", block)))
        name = (title or alone)[1].strip()
        for turn in re.findall(r'<span class="moment">(?:Turn|Redebeitrag) (\d+)', block):
            shown.append((int(turn), [name], said))
    return shown


def on_desk(page: str) -> Shown:
    """The findings of a call's page."""
    shown: Shown = []
    for block in re.findall(r'<article class="finding.*?</article>', page, re.DOTALL):
        titles = list(map(unescape, re.findall(r"<h2>(.*?)(?: <span|</h2>)", block)))
        turn = re.search(r'data-to="(\d+)"', block)
        assert turn
        said = re.findall(r'<p dir="auto">(.*?)</p>', block)
        names = [name if is_known(name) else name[:1].lower() + name[1:] for name in titles]
        shown.append((int(turn[1]), names, set(map(unescape, said))))
    return shown


def is_known(name: str) -> bool:
    return any(Words(language).word(word) == name for language in ("de", "en") for word in VIOLATIONS)


def is_incident(name: str) -> bool:
    return any(Words(language).word(kind) == name for language in ("de", "en") for kind in INCIDENTS)


def broken_at(kind: ViolationType, category: Category | None) -> tuple[Violation, Verdict]:
    violation = Violation(type=kind, turn=4, severity="high", action=category, reason=AddedReason())
    action = [
        Action(turn=4, kind=CATEGORIES[category].kind, category=category, quote="q", level="elevated", met=False)
        for category in ([category] if category else [])
    ]
    verdict = Verdict(
        call_id="c",
        outcome="violation",
        violations=(violation,),
        first_violation_turn=4,
        caller="unclear",
        factors=(UsedFactor(factor="address", turn=4, quote="SECRET", status="leaked"),),
        actions=tuple(action),
        authorisation=Authorisation(status="not_needed"),
        checks=(),
        risk=1,
        confidence=1,
        needs_review=False,
    )
    return violation, verdict


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize("category", [*CATEGORIES, None])
@pytest.mark.parametrize("kind", VIOLATIONS)
def test_every_violation_has_a_sentence_that_quotes_nothing(
    kind: ViolationType, category: Category | None, language: Language
) -> None:
    sentence = advice(*broken_at(kind, category), Words(language)).whole
    assert sentence.endswith(".")
    assert "{" not in sentence
    assert "SECRET" not in sentence


def test_it_names_action_and_level() -> None:
    assert advice(*broken_at("no_authentication", "contact_change"), Words("en")).whole == (
        "Authenticate the caller before the change of contact data (level “elevated”); "
        "otherwise change nothing, and ask for the request in writing."
    )


def test_a_leak_names_what_was_told() -> None:
    assert advice(*broken_at("factor_leaked", None), Words("de")).whole.startswith("Offen danach fragen (Adresse)")


@pytest.mark.parametrize("language", ["de", "en"])
def test_every_known_incident_has_a_sentence_and_one_of_the_companys_own_has_none(language: Language) -> None:
    def sentence(kind: str) -> str:
        return incident_advice(Incident(id=kind, turn=1, severity="low", description=""), Words(language)).whole

    assert all(sentence(kind).endswith(".") for kind in INCIDENTS)
    assert sentence("own_kind") == ""


def test_it_names_what_a_policy_named_itself() -> None:
    word = OwnWord(kind="change", id="key_change", name="Stegzugang", description="Der Agent sperrt einen Schlüssel.")
    dog = OwnWord(kind="factor", id="address", name="Hund", description="Wie der Hund heißt.")
    violation, verdict = broken_at("no_authentication", "contact_change")
    violation = violation.model_copy(update={"action": "key_change"})
    verdict = verdict.model_copy(update={"own_words": (word,)})
    assert advice(violation, verdict, Words("de")).whole == (
        "Vor der Handlung „Stegzugang“ die Identität des Anrufers prüfen; "
        "andernfalls nichts ändern und auf den schriftlichen Weg verweisen."
    )
    leak, verdict = broken_at("factor_leaked", None)
    verdict = verdict.model_copy(update={"own_words": (dog,)})
    assert advice(leak, verdict, Words("de")).whole.startswith("Offen danach fragen (Hund)")
