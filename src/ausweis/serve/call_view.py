"""One call as its page shows it: what happened and where, then what it rests on."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from ausweis.judging.harm import found_of
from ausweis.judging.sentences import check_sentence, review_sentence, speaking_sentence
from ausweis.judging.verdict import Check, Verdict
from ausweis.pages.findings import Finding, decided_of, findings_decided, label_in_words, seen_by
from ausweis.pages.turns import CallMask, TurnView, marks_of, turn_views
from ausweis.pages.words import Words
from ausweis.serve.audio import is_there, media_type
from ausweis.serve.comparing import Compared, compared
from ausweis.serve.decision import draft_of
from ausweis.serve.queue import RowView, row_view
from ausweis.store import CallRecord, Decision, same_person

__all__ = ["CallView", "DecisionView", "call_view", "recordings"]


@dataclass(frozen=True)
class DecisionView:
    """What a reviewer decided. `label`: the right label, in words; `old`: about an earlier verdict.

    `mine`: the reader's own, which counts and can be taken back; `withdrawn`: the reader just did.
    `coaching`: the note is meant for coaching.
    """

    key: int
    reviewer: str
    choice: str
    label: str
    note: str
    coaching: bool
    at: str
    old: bool
    mine: bool
    withdrawn: bool
    settles: bool = False


@dataclass(frozen=True)
class CallView:
    """All that the page of a call shows.

    `moments`: the findings, those of one moment together, the worst first, those that reviewers rejected last. `checks`
    with what is to be said of them. `gone`: whether a recording is not there any more; `hidden`: how many others have
    decided, unseen until the reader has. `compared`: what the reader heard before they saw all this.
    """

    record: CallRecord
    row: RowView
    moments: Sequence[Sequence[Finding]]
    review: Sequence[str]
    checks: Sequence[tuple[Check, str]]
    about: Sequence[tuple[str, str]]
    turns: Sequence[TurnView]
    audio: Sequence[str]
    gone: bool
    unmasked: bool
    decisions: Sequence[DecisionView]
    hidden: int
    compared: Compared | None

    @property
    def first_turn(self) -> int | None:
        """The turn at which the transcript opens."""
        return self.moments[0][0].turn if self.moments else None

    @property
    def first_second(self) -> float | None:
        """Where the recording stands at first."""
        return next((moment[0].start for moment in self.moments if moment[0].start is not None), None)


def call_view(
    record: CallRecord, words: Words, *, reviewer: str, agents: bool, unmasked: bool, settling: bool = False
) -> CallView:
    """The view of a call for one reviewer; `settling`: who settles it sees what the others say."""
    mask = CallMask(record, words.language, masked=not unmasked, known=record.masks)
    findings = findings_decided(record, decided_of(record, reviewer), words, mask)
    seen = seen_by(record, reviewer, settling=settling)
    draft = draft_of(record, reviewer)
    decided = [*seen.decisions, *([draft] if draft else [])]
    row = row_view(record.row, words, found_of(record.verdict), agents=agents)
    audio, gone = recordings(record)
    return CallView(
        record=record,
        row=replace(row, right="") if seen.hidden or any(one.secret for one in record.decisions) else row,
        moments=[list(moment) for _, moment in groupby(findings, key=lambda one: (one.moment, one.state))],
        review=[
            review_sentence(reason, words.language, record.verdict.vocabulary, mask.quote)
            for reason in record.verdict.review_reasons
        ],
        checks=[(check, _told(check, record.verdict, words)) for check in record.verdict.checks],
        about=list(_about(record, words)),
        turns=turn_views(record.call, marks_of(record.verdict, record.facts), mask),
        audio=audio,
        gone=gone,
        unmasked=unmasked,
        decisions=[_decision(decision, reviewer, words) for decision in decided],
        hidden=seen.hidden,
        compared=compared(record, reviewer, words),
    )


def recordings(record: CallRecord) -> tuple[list[str], bool]:
    """The addresses of the recordings that a browser may ask for, and whether one is not there any more."""
    own = [f"/calls/{record.row.key}/audio/{place}" for place, path in enumerate(record.audio) if media_type(path)]
    return own, not all(map(is_there, record.audio))


def _told(check: Check, verdict: Verdict, words: Words) -> str:
    """Why the check failed or is unclear, unless a finding says the same already."""
    known = check.result == "fail" and verdict.violations
    return check_sentence(check, words.language) if check.result in ("fail", "unclear") and not known else ""


def _decision(decision: Decision, reviewer: str, words: Words) -> DecisionView:
    label = label_in_words(decision, words) if decision.choice == "overrule" else ""
    at = words.moment(decision.at)
    return DecisionView(
        decision.key,
        decision.reviewer,
        decision.choice,
        label,
        decision.note,
        decision.coaching,
        at,
        old=not (decision.counts or decision.withdrawn),
        mine=decision.counts and same_person(decision.reviewer, reviewer),
        withdrawn=decision.withdrawn,
        settles=decision.settles,
    )


def _about(record: CallRecord, words: Words) -> Iterator[tuple[str, str]]:
    row, run = record.row, record.run
    spoken = speaking_sentence(record.facts, record.verdict, words.language) if record.facts else ""
    yield "caller", "; ".join(filter(None, (words.word(record.verdict.caller), spoken)))
    if row.direction:
        yield "direction", words.word(row.direction)
    yield "policy", f"{run.policy_title or run.policy.id} ({run.policy.id} {run.policy.version})"
    yield "model", run.model.id
    if run.prompts:
        yield "prompts", ", ".join(f"{prompt.id}@{prompt.version}" for prompt in run.prompts)
    yield "run", f"{words.moment(run.started)}, ausweis {run.ausweis}, {words.word(run.strategy)}"
