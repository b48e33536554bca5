"""A call to review as the daily review shows it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ausweis.judging.sentences import review_sentence
from ausweis.store import CallRecord, CallRow
from ausweis.views.decided import decided_of, findings_decided, holding
from ausweis.views.excerpt import Excerpt, excerpt
from ausweis.views.findings import Finding
from ausweis.views.masks import CallMask
from ausweis.views.words import Words

__all__ = ["ReviewedCall", "reason_of", "reviewed_call"]


@dataclass(frozen=True)
class ReviewedCall:
    """One call as it holds, without what people rejected. `findings`: the worst first; `excerpt`: what was said there.

    `recorded`: whether one can listen to it. `audio`: addresses of its files; none where the call is masked, as names
    of files often hold a number or a person. Files that are not there, or may not be looked at, do not count.
    """

    row: CallRow
    findings: Sequence[Finding]
    excerpt: Excerpt
    reasons: Sequence[str]
    recorded: bool
    audio: Sequence[str]
    with_text: bool

    @property
    def worst(self) -> Finding | None:
        """The first of the findings."""
        return next(iter(self.findings), None)

    @property
    def others(self) -> int:
        """How many causes there are besides the worst; repeats of one count once."""
        return max(0, len({one.cause for one in self.findings}) - 1)

    @property
    def said(self) -> str:
        """What is shown of the turn of the worst finding."""
        turns = [view.text for _, view in self.excerpt.turns if self.worst and view.number == self.worst.turn]
        return " ".join(turns)


def reviewed_call(record: CallRecord, words: Words, *, masked: bool = True) -> ReviewedCall:
    """The call as it is shown in full."""
    mask = CallMask(record, words.language, masked, record.masks)
    held = holding(record, decided_of(record, None).label)
    files = [path for path in record.audio if _is_there(path)]
    return ReviewedCall(
        row=held.row,
        findings=_holding(record, words, mask),
        excerpt=excerpt(held, mask),
        reasons=_unsure(held, words, mask),
        recorded=bool(files),
        audio=() if masked else tuple(path.absolute().as_uri() for path in files),
        with_text=record.call is not None,
    )


def reason_of(record: CallRecord, words: Words, *, masked: bool = True) -> str:
    """Why the call is to be reviewed: what its worst finding says, else why the verdict is not sure."""
    mask = CallMask(record, words.language, masked, record.masks)
    worst = next(iter(_holding(record, words, mask)), None)
    held = holding(record, decided_of(record, None).label)
    return worst.why if worst else " ".join(_unsure(held, words, mask))


def _holding(record: CallRecord, words: Words, mask: CallMask) -> list[Finding]:
    every = findings_decided(record, decided_of(record, None), words, mask)
    return [one for one in every if one.state != "overruled"]


def _unsure(record: CallRecord, words: Words, mask: CallMask) -> list[str]:
    reasons = record.verdict.review_reasons if record.row.needs_review else ()
    return [review_sentence(reason, words.language, record.verdict.vocabulary, mask.quote) for reason in reasons]


def _is_there(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:
        return False
