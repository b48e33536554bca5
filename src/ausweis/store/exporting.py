"""Decided calls as golden cases: what reviewers said is right, of calls that tell nobody's data any more."""

from collections.abc import Callable, Iterator, Sequence, Set

from ausweis.calls.call import Call
from ausweis.errors import StoreError
from ausweis.evals.incident_case import DescribedIncident, GoldIncident, IncidentCase, IncidentGold
from ausweis.evals.labelled import Gold, GoldEvent, GoldViolation, LabelledCall
from ausweis.facts import Facts, OneSided, Side
from ausweis.judging.incidents import is_likely
from ausweis.store.deciding import label_of
from ausweis.store.key import Key
from ausweis.store.rows import CallRecord, Decision
from ausweis.vocabulary import INCIDENTS, IncidentId

__all__ = ["Mask", "case_id", "case_of", "incident_case_of"]

Mask = Callable[[Call, Facts | None], Sequence[str]]
"""Gives the text of every turn of a call, without personal data."""
_SURE = 0.5


def case_id(key: Key, call_id: str) -> str:
    """The id of a call's case, which tells nobody without the key whose it is."""
    return f"field-{key.call(call_id)[:16]}"


def case_of(record: CallRecord, key: Key, mask: Mask) -> LabelledCall | None:
    """The case of a call; None where its text is unknown or of another number of turns, or no label holds.

    A confirmed verdict's facts are the label's events, each said by its whole turn, as quotes may be masked. Of an
    overruled one nobody labelled the events, nor who called and whether they may: events and caller are left out, the
    authorisation is unclear, and `why` says so. Notes may quote the call: they stay.

    Raises:
        StoreError: the mask gave another number of turns.
    """
    call, decision = record.call, label_of(record.decisions)
    if call is None or decision is None or decision.outcome is None or not _fits(call, record.facts, decision):
        return None
    confirmed = decision.choice == "confirm"
    verdict = record.verdict
    return LabelledCall(
        call=_masked(call, record.facts, key, mask),
        gold=Gold(
            policy=record.run.policy.id,
            outcome=decision.outcome,
            violations=tuple(GoldViolation(type=kind, turn=turn) for kind, turn in decision.violations),
            first_violation_turn=min((turn for _, turn in decision.violations), default=None),
            caller=verdict.caller if confirmed else "unclear",
            authorisation=verdict.authorisation.status if confirmed else "unclear",
            events=_events(record.facts) if confirmed else (),
            why="a reviewer confirmed the verdict"
            if confirmed
            else "overruled by a reviewer; events, caller not labelled",
        ),
    )


def _fits(call: Call, facts: Facts | None, decision: Decision) -> bool:
    """Whether the text is that of the verdict, so far as turns tell."""
    turns = len(call.turns)
    return (facts is None or facts.turns == turns) and all(turn <= turns for _, turn in decision.violations)


def _masked(call: Call, facts: Facts | None, key: Key, mask: Mask) -> Call:
    texts = mask(call, facts)
    if len(texts) != len(call.turns):
        raise StoreError("the mask gave another number of turns than the call has")
    turns = tuple(turn.model_copy(update={"text": text}) for turn, text in zip(call.turns, texts, strict=True))
    # Nothing else of the call: when it was, and with whom, tells whose it is.
    return Call(id=case_id(key, call.id), language=call.language, direction=call.direction, turns=turns)


def _events(facts: Facts | None) -> tuple[GoldEvent, ...]:
    likely = [event for event in facts.events if event.probability >= _SURE] if facts else []
    return tuple(GoldEvent(turn=event.turn, kind=event.kind, subject=event.subject) for event in likely)


def incident_case_of(record: CallRecord, key: Key, mask: Mask) -> IncidentCase | None:
    """The case of a call's incidents; None where its text is unknown, no label holds, or it has nothing to tell.

    It tells something where verdict or label name an incident: of a call in which neither does, the policy may never
    have asked. Calls whose incident is in a turn of the other side are left out.

    Raises:
        StoreError: the mask gave another number of turns.
    """
    call, decision = record.call, label_of(record.decisions)
    if call is None or decision is None or decision.incidents is None or not _fits(call, record.facts, decision):
        return None
    named = {kind for kind, _ in decision.incidents} | {one.id for one in record.verdict.incidents}
    if not named:
        return None
    in_order = sorted((turn, one) for one, turn in decision.incidents)
    gold = tuple(
        GoldIncident(turn=turn, kind=kind, shown=_shown(record, call, kind, turn))
        for turn, one in in_order
        for kind in INCIDENTS
        if kind == one
    )
    described = tuple(_described(record, decision))
    places: list[tuple[int, Side | None]] = [(one.turn, INCIDENTS[one.kind].speaker) for one in gold]
    places += [(turn, own.speaker) for own in described for turn in own.turns]
    if any(turn > len(call.turns) or side not in (None, call.turn(turn).speaker) for turn, side in places):
        return None
    why = "a reviewer confirmed the verdict" if decision.choice == "confirm" else "overruled by a reviewer"
    return IncidentCase(
        call=_masked(call, record.facts, key, mask),
        gold=IncidentGold(incidents=gold, described=described, known=_known(record, named), why=why),
    )


def _shown(record: CallRecord, call: Call, kind: IncidentId, turn: int) -> int | None:
    """Where the verdict, if it names this incident too, says that a price or deadline comes to light as wrong."""
    if not INCIDENTS[kind].comes_to_light_later:
        return None
    same = [one for one in record.verdict.incidents if (one.id, one.turn) == (kind, turn)]
    places = [evidence.turn for one in same for evidence in one.evidence[1:2]]
    return next((one for one in places if turn < one <= len(call.turns)), None)


def _described(record: CallRecord, decision: Decision) -> Iterator[DescribedIncident]:
    """What is known by the policy's own descriptions: those that the verdict names, or that were looked for in vain."""
    facts = record.facts
    looked_for = facts.looked_for if facts else ()
    sides = {one.description: one.speaker for one in looked_for if isinstance(one, OneSided)}
    names = {one.description: one.id for one in record.verdict.incidents if one.description and one.id not in INCIDENTS}
    found = {one.name for one in facts.incidents if is_likely(one)} if facts else set()
    every = [*names, *sides, *(one for one in looked_for if isinstance(one, str) and one not in INCIDENTS)]
    for description in dict.fromkeys(every):
        if description in names or description not in found:
            turns = {turn for name, turn in decision.incidents or () if name == names.get(description)}
            yield DescribedIncident(description=description, speaker=sides.get(description), turns=tuple(sorted(turns)))


def _known(record: CallRecord, named: Set[str]) -> tuple[IncidentId, ...] | None:
    """The kinds that verdict or reviewer name, or that were looked for; None where that is all.

    A kind that was found, but is in no verdict, is one that the policy did not ask for: nobody was shown it.
    """
    facts = record.facts
    looked_for = set(facts.looked_for) if facts else set()
    unasked = {one.id for one in facts.incidents if is_likely(one)} if facts else set()
    known = tuple(kind for kind in INCIDENTS if kind in named or (kind in looked_for and kind not in unasked))
    return None if known == tuple(INCIDENTS) else known
