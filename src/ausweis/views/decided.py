"""What reviewers decided about a call, as far as the reader may see it, and which label holds."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

from ausweis.store import CallRecord, Decision, State, person_of
from ausweis.store.holding import label_of
from ausweis.views.words import Words
from ausweis.vocabulary import Outcome

__all__ = ["Decided", "Seen", "decided_of", "label_in_words", "seen_by"]


class Seen(NamedTuple):
    """Decisions that a reader may see, the last of each reviewer; `hidden`: how many others have decided."""

    decisions: Sequence[Decision]
    hidden: int


class Decided(NamedTuple):
    """What is decided. `state` is `decided` where what others said is hidden; `label`: the one that holds.

    `notes` of the decisions that count, and of these, those that are meant for `coaching`.
    """

    state: State | Literal["decided"]
    label: Decision | None
    notes: Sequence[str]
    coaching: Sequence[str]

    @property
    def outcome(self) -> Outcome | None:
        """The outcome that is right."""
        return self.label.outcome if self.label else None


def seen_by(record: CallRecord, reviewer: str | None, *, settling: bool = False) -> Seen:
    """Until reviewers have decided, they see only their own, so that two opinions are two; with None, all is seen.

    `settling`: who settles a dispute sees what the others say.
    """
    me = None if reviewer is None else person_of(reviewer)
    # What is said in a calibration session is its own reader's until that is closed.
    known = [one for one in record.decisions if not one.secret or person_of(one.reviewer) == me]
    now = {person_of(decision.reviewer): decision for decision in known if decision.counts}
    # The last word on an earlier verdict, of those who have not decided anew.
    given = (decision for decision in known if not decision.withdrawn)
    earlier = (decision for decision in given if decision.verdict_key != record.verdict_key)
    by_person = ((person_of(decision.reviewer), decision) for decision in earlier)
    old = {person: decision for person, decision in by_person if person not in now}
    every = settling or me is None or me in now
    shown = [decision for person, decision in (*old.items(), *now.items()) if every or person == me]
    return Seen(shown, 0 if every else len(now))


def decided_of(record: CallRecord, reviewer: str | None) -> Decided:
    """What is decided about a call, for a reader."""
    seen = seen_by(record, reviewer)
    counting = [decision for decision in seen.decisions if decision.counts]
    # State and label of the call rest on those too that nobody else may see yet.
    unseen = bool(seen.hidden) or any(one.secret for one in record.decisions)
    return Decided(
        state="decided" if unseen else record.row.state,
        label=None if unseen else label_of(counting),
        notes=[decision.note for decision in counting if decision.note],
        coaching=[decision.note for decision in counting if decision.note and decision.coaching],
    )


def label_in_words(decision: Decision, words: Words) -> str:
    """`Verstoß, vorgesagt in Turn 6`: what a decision says is right; empty where it is not sure."""
    happened = (*decision.violations, *(decision.incidents or ()))
    label = [words.word(decision.outcome)] if decision.outcome else []
    label += [words.text("label_at", type=words.word(kind), turn=turn) for kind, turn in dict.fromkeys(happened)]
    return ", ".join(label)
