"""Personal data in one text, found by what the text itself says; and in a turn of which more is known."""

from collections.abc import Container, Iterator, Mapping, Sequence
from types import MappingProxyType

from ausweis.masking.kinds import Span, in_order, masked
from ausweis.masking.names import is_cased, name_spans
from ausweis.masking.numbers import number_spans
from ausweis.masking.places import address_spans, email_spans
from ausweis.masking.tokens import Token, is_common, plain, tokens_of
from ausweis.vocabulary import NAME, FactorRecord, Language, MaskKind

LONGEST = 50_000
"""Characters of a text that are read; nobody says more in a turn, and the rest is not shown."""


def mask(text: str, *, language: Language, keep: Container[MaskKind] = frozenset()) -> str:
    """The text with personal data shown by its kind, `‹date›` or `‹Datum›`, save the kinds to `keep`.

    Nothing is known of the call here: words that are a password, and names that nothing introduces, are not found.
    """
    return masked(text, spans_of(text), language, keep)


def spans_of(text: str, *, given: frozenset[FactorRecord] = frozenset()) -> list[Span]:
    """What is to be masked in a text, in order; `given`: the factors whose value is said in it."""
    return TextSpans(text, given).known()


class TextSpans:
    """What is to be masked in a text: what it tells by itself is found once."""

    def __init__(self, text: str, given: frozenset[FactorRecord] = frozenset(), *, greets: bool = False) -> None:
        """`text`: what was said in one turn; `given`: the factors whose value is said; `greets`: an agent begins."""
        self._rest = Span(LONGEST, len(text), "rest") if len(text) > LONGEST else None
        self._shape = shape = plain(text[:LONGEST])
        self._given = given
        self.tokens = tokens = tokens_of(shape.text)
        self._places = [*email_spans(shape.text, tokens), *address_spans(shape.text, tokens)]
        self._numbers = self._find_numbers(())
        self._others = _names_and_values(shape.text, tokens, given, greets)

    def known(self, words: Mapping[str, MaskKind] = MappingProxyType({}), digits: Container[str] = ()) -> list[Span]:
        """The spans, in order.

        `words`: those in lower case that are personal in this call, such as its names, and what they are. `digits`: the
        pairs of digits of the numbers given in it.
        """
        more = [Span(token.start, token.end, words[token.word]) for token in self.tokens if token.word in words]
        numbers = self._numbers
        if digits and any(token.digits for token in self.tokens):
            numbers = self._find_numbers(digits)
        spans = in_order(self._shape.text, (*self._places, *numbers, *self._others, *more))
        return [*self._shape.in_text(spans), *([self._rest] if self._rest else [])]

    def _find_numbers(self, digits: Container[str]) -> list[Span]:
        return number_spans(self._shape.text, self.tokens, given=self._given, known=digits)


def _names_and_values(text: str, tokens: Sequence[Token], given: frozenset[FactorRecord], greets: bool) -> list[Span]:
    others = frozenset(factor for factor in given if factor.id != NAME)
    name_given = len(others) < len(given)
    names = name_spans(text, tokens, given=name_given, greets=greets)
    values = list(_values(text, tokens, others if names else given))
    return [*names, *values] if name_given else [*values, *names]


def _values(text: str, tokens: Sequence[Token], given: frozenset[FactorRecord]) -> Iterator[Span]:
    """Words of values that are words: all that not everybody uses. Of a name only where no name was found."""
    kinds: set[MaskKind] = {factor.mask for factor in given if factor.has_words}
    if any(factor.looks_like == "date" for factor in given):
        yield from (Span(token.start, token.end, "date") for token in tokens if token.number)
    if not kinds:
        return
    kind = kinds.pop() if len(kinds) == 1 else "value"
    cased = is_cased(text)
    for place, token in enumerate(tokens):
        opening = place == 0 or text[max(0, token.start - 4) : token.start].rstrip()[-1:] in ".!?…:"
        capital = text[token.start].isupper()
        # In cased German the value is a noun or a name; small words are talk. English writes it small within quotes.
        if (
            token.number
            or is_common(token.word)
            or (cased and not capital and not opening and not _quoted(text, token))
        ):
            continue
        yield Span(token.start, token.end, kind)


def _quoted(text: str, token: Token) -> bool:
    return text[max(0, token.start - 1) : token.start] in ('"', "“", "„", "»", "‘", "'", "«")
