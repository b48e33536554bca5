"""Decided calls as golden cases: what reviewers said is right, of calls that tell nobody's data any more."""

from collections.abc import Callable, Iterator, Sequence, Set
from hashlib import sha256

from ausweis.calls.call import Call
from ausweis.errors import StoreError
from ausweis.facts import Facts, OneSided, may_be_about
from ausweis.judging.incidents import is_likely
from ausweis.labelled import Gold, GoldEvent, GoldIncident, GoldViolation, IncidentLabel, LabelledCall, OwnIncident
from ausweis.store.decisions import label_of
from ausweis.store.key import Key
from ausweis.store.rows import CallRecord
from ausweis.vocabulary import INCIDENTS, IncidentId

Mask = Callable[[Call, Facts], Sequence[str]]
"""Gives the text of every turn of a call, without personal data."""
_SURE = 0.5


def case_id(key: Key, call_id: str) -> str:
    """The id of a call's case, which tells nobody without the key whose it is."""
    return f"field-{key.call(call_id)[:16]}"


def case_of(record: CallRecord, key: Key, mask: Mask) -> LabelledCall | None:
    """The case of a call; None where no label holds.

    A confirmed verdict's facts are the label's events, each said by its whole turn, as quotes may be masked. Of an
    overruled one nobody labelled the events, nor who called and whether they may: events and caller are left out, the
    authorisation is unclear, and `why` says so. Notes may quote the call: they stay.

    Raises:
        StoreError: the mask gave another number of turns.
    """
    decision = label_of(record.decisions)
    if decision is None or decision.outcome is None:
        return None
    confirmed = decision.choice == "confirm"
    verdict = record.verdict
    return LabelledCall(
        call=_masked(record.call, record.facts, key, mask),
        gold=Gold(
            policy=record.run.policy.id,
            outcome=decision.outcome,
            violations=tuple(GoldViolation(type=kind, turn=turn) for kind, turn in decision.violations),
            first_violation_turn=min((turn for _, turn in decision.violations), default=None),
            caller=verdict.caller if confirmed else "unclear",
            authorisation=verdict.authorisation.status if confirmed else "unclear",
            events=_events(record) if confirmed else (),
            incidents=incident_label_of(record),
            why="a reviewer confirmed the verdict"
            if confirmed
            else "overruled by a reviewer; events, caller not labelled",
        ),
    )


def _masked(call: Call, facts: Facts, key: Key, mask: Mask) -> Call:
    texts = mask(call, facts)
    if len(texts) != len(call.turns):
        raise StoreError("the mask gave another number of turns than the call has")
    turns = tuple(turn.model_copy(update={"text": text}) for turn, text in zip(call.turns, texts, strict=True))
    # Nothing else of the call: when it was, and with whom, tells whose it is.
    return Call(id=case_id(key, call.id), language=call.language, direction=call.direction, turns=turns)


def _events(record: CallRecord) -> tuple[GoldEvent, ...]:
    """The likely ones about what the policy of the verdict knows: of others it says nothing."""
    known = record.verdict.vocabulary
    return tuple(
        GoldEvent(turn=one.turn, kind=one.kind, subject=one.subject)
        for one in record.facts.events
        if one.probability >= _SURE and (one.subject is None or may_be_about(one.kind, one.subject, known))
    )


def incident_label_of(record: CallRecord) -> IncidentLabel | None:
    """What is known of a call's incidents; None where no label holds, or it has nothing to tell.

    It tells something where verdict or label name an incident: of a call in which neither does, the policy may never
    have asked. Nothing is told of calls whose incident is in a turn of the other side.
    """
    call, decision = record.call, label_of(record.decisions)
    if decision is None or decision.incidents is None:
        return None
    named = {kind for kind, _ in decision.incidents} | {incident.id for incident in record.verdict.incidents}
    if not named:
        return None
    own = tuple(_own(record))
    ids = {*INCIDENTS, *(incident.id for incident in own)}
    events = tuple(
        GoldIncident(id=name, turn=turn, shown=_shown(record, call, name, turn))
        for turn, name in sorted((turn, name) for name, turn in decision.incidents)
        if name in ids
    )
    label = IncidentLabel(events=events, own=own, known=_known(record, named))
    try:
        label.check_turns(call)
    except ValueError:
        return None
    return label


def _shown(record: CallRecord, call: Call, kind: str, turn: int) -> int | None:
    """Where the verdict, if it names this incident too, says that a price or deadline comes to light as wrong."""
    later = {record.id for record in INCIDENTS.values() if record.comes_to_light_later}
    if kind not in later:
        return None
    same = [incident for incident in record.verdict.incidents if (incident.id, incident.turn) == (kind, turn)]
    places = [evidence.turn for incident in same for evidence in incident.evidence[1:2]]
    return next((place for place in places if turn < place <= len(call.turns)), None)


def _own(record: CallRecord) -> Iterator[OwnIncident]:
    """The company's own of which it is known: those that the verdict names, or that were looked for in vain."""
    facts = record.facts
    looked_for = facts.looked_for
    sides = {asked.description: asked.speaker for asked in looked_for if isinstance(asked, OneSided)}
    ids = {
        incident.description: incident.id
        for incident in record.verdict.incidents
        if incident.description and incident.id not in INCIDENTS
    }
    likely = {mention.name for mention in facts.incidents if is_likely(mention)}
    asked = [*ids, *sides, *(text for text in looked_for if isinstance(text, str) and text not in INCIDENTS)]
    for description in dict.fromkeys(asked):
        if description in ids or description not in likely:
            # What nothing was found of stands in no verdict, which alone tells the policy's id.
            name = ids.get(description) or f"own-{sha256(description.encode()).hexdigest()[:8]}"
            yield OwnIncident(id=name, description=description, speaker=sides.get(description))


def _known(record: CallRecord, named: Set[str]) -> tuple[IncidentId, ...] | None:
    """The kinds that verdict or reviewer name, or that were looked for; None where that is all.

    A kind that was found, but is in no verdict, is one that the policy did not ask for: nobody was shown it.
    """
    facts = record.facts
    unasked = {mention.id for mention in facts.incidents if is_likely(mention)}
    known = tuple(kind for kind in INCIDENTS if kind in named or (kind in facts.looked_for and kind not in unasked))
    return None if known == tuple(INCIDENTS) else known
