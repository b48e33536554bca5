"""What was said in a calibration session, side by side: the calls about which people differ first."""

from collections.abc import Sequence
from dataclasses import dataclass

from ausweis.judging.verdict import Verdict
from ausweis.pages.words import Words
from ausweis.serve.comparing import at_turns, found_at, said_at
from ausweis.serve.desk import RequestContext
from ausweis.serve.queue import meta_of
from ausweis.store import Agreement, Calibration, CallRecord, Decision, State, held_label

__all__ = ["Result", "ResultCall", "ResultLine", "result_of"]


@dataclass(frozen=True)
class ResultLine:
    """One thing that was said, or not: by each reviewer, then by the verdict; empty where it was not."""

    name: str
    cells: Sequence[str]
    verdict: str

    @property
    def differs(self) -> bool:
        """Whether the reviewers do not say the same."""
        return len(set(self.cells)) > 1


@dataclass(frozen=True)
class ResultCall:
    """A call. `names`: who decided it, `opinions` of them sure; `notes` of each, where there is one.

    `holds`: what it is by now, in a sentence; `in_view`: who had seen the verdict before.
    """

    key: int
    call_id: str
    meta: Sequence[str]
    agreed: bool
    opinions: int
    names: Sequence[str]
    lines: Sequence[ResultLine]
    notes: Sequence[tuple[str, str]]
    holds: str
    in_view: Sequence[str]


@dataclass(frozen=True)
class Result:
    """All calls; `agreed`: of how many of those that several decided, outcome, types and incidents are the same."""

    calls: Sequence[ResultCall]
    agreement: Agreement
    agreed: int
    several: int


def result_of(context: RequestContext, session: Calibration) -> Result:
    """The result of a session that is closed."""
    said, agreement = context.store.opinions(session.key)
    calls = [_call(context, session, context.store.record(key), given) for key, given in said.items()]
    several = [call for call in calls if call.opinions > 1]
    return Result(
        sorted(calls, key=lambda call: (call.agreed, not call.names, call.key)),
        agreement,
        sum(call.agreed for call in several),
        len(several),
    )


def _call(context: RequestContext, session: Calibration, record: CallRecord, given: Sequence[Decision]) -> ResultCall:
    words = context.words.knowing(record.verdict.vocabulary)
    held = held_label(record.decisions)
    # Who is not sure differs from nobody.
    opinions = [one for one in given if one.outcome is not None]
    return ResultCall(
        key=record.row.key,
        call_id=record.row.call_id,
        meta=meta_of(record.row, words, agents=context.desk.agents),
        agreed=len({_kinds(one) for one in opinions}) < 2,
        opinions=len(opinions),
        names=[one.reviewer for one in given],
        lines=_lines(given, record.verdict, words),
        notes=[(one.reviewer, one.note) for one in given if one.note],
        holds=_held(held, record.row.state, words),
        in_view=[one.reviewer for one in given if session.hides and not one.blind],
    )


def _lines(given: Sequence[Decision], verdict: Verdict, words: Words) -> list[ResultLine]:
    found, said = found_at(verdict), [said_at(one) for one in given]
    outcomes = [words.capital(words.word(one.outcome or one.choice)) for one in given]
    lines = [ResultLine(words.text("outcome"), outcomes, words.capital(words.word(verdict.outcome)))]
    kinds = dict.fromkeys(name for one in (*said, found) for name, _ in one)
    lines += [
        ResultLine(
            words.capital(words.word(kind)),
            [at_turns(kind, one, words) for one in said],
            at_turns(kind, found, words),
        )
        for kind in kinds
    ]
    return lines


def _kinds(decision: Decision) -> tuple[str | None, frozenset[str]]:
    """What two must share to agree: turns may differ."""
    return decision.outcome, frozenset(name for name, _ in said_at(decision))


def _held(label: Decision | None, state: State, words: Words) -> str:
    if label is None:
        return words.text("calibration_state", state=words.word(state))
    parts = [words.text("label_at", type=words.word(kind), turn=turn) for kind, turn in dict.fromkeys(said_at(label))]
    holds = ", ".join([words.word(label.outcome or label.choice), *parts])
    if label.settles:
        return words.text("calibration_settled", holds=holds, name=label.reviewer)
    return words.text("calibration_holds", holds=holds)
