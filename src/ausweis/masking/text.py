"""Personal data in one text, found by what the text itself says; and in a turn of which more is known."""

from collections.abc import Container, Iterator, Mapping, Sequence
from types import MappingProxyType

from ausweis.masking.kinds import Kind, Span
from ausweis.masking.names import is_cased, name_spans
from ausweis.masking.numbers import number_spans
from ausweis.masking.places import address_spans, email_spans
from ausweis.masking.plain import plain
from ausweis.masking.spans import in_order, masked
from ausweis.masking.tokens import Token, is_common, tokens_of
from ausweis.vocabulary import FACTORS, NAME, Factor, Language

__all__ = ["mask", "spans_of"]

LONGEST = 50_000
"""Characters of a text that are read; nobody says more in a turn, and the rest is not shown."""


def mask(text: str, *, language: Language, keep: Container[Kind] = frozenset()) -> str:
    """The text with personal data shown by its kind, `‹date›` or `‹Datum›`, save the kinds to `keep`.

    Nothing is known of the call here: words that are a password, and names that nothing introduces, are not found.
    """
    return masked(text, spans_of(text), language, keep)


def spans_of(
    text: str,
    *,
    given: frozenset[Factor] = frozenset(),
    words: Mapping[str, Kind] = MappingProxyType({}),
    digits: Container[str] = (),
) -> list[Span]:
    """What is to be masked in a text, in order.

    Args:
        text: what was said in one turn.
        given: the factors whose value is said in it.
        words: words in lower case that are personal in this call, such as its names, and what they are.
        digits: the pairs of digits of the numbers given in this call.
    """
    if len(text) > LONGEST:
        rest = Span(LONGEST, len(text), "rest")
        return [*spans_of(text[:LONGEST], given=given, words=words, digits=digits), rest]
    shape = plain(text)
    return shape.in_text(_plain_spans(shape.text, given, words, digits))


def _plain_spans(
    text: str, given: frozenset[Factor], words: Mapping[str, Kind], digits: Container[str]
) -> Sequence[Span]:
    tokens = tokens_of(text)
    found = [*email_spans(text, tokens), *address_spans(text, tokens)]
    numbers = any(FACTORS[factor].has_numbers for factor in given)
    found += number_spans(text, tokens, given=given, numbers_given=numbers, known=digits)
    names = name_spans(text, tokens, given=NAME in given)
    values = list(_values(text, tokens, given - {NAME} if names else given))
    found += [*names, *values] if NAME in given else [*values, *names]
    found += [Span(one.start, one.end, words[one.word]) for one in tokens if one.word in words]
    return in_order(text, found)


def _values(text: str, tokens: Sequence[Token], given: frozenset[Factor]) -> Iterator[Span]:
    """Words of values that are words: all that not everybody uses. Of a name only where no name was found."""
    kinds: set[Kind] = {FACTORS[factor].mask for factor in given if FACTORS[factor].has_words}
    if any(FACTORS[factor].looks_like == "date" for factor in given):
        yield from (Span(one.start, one.end, "date") for one in tokens if one.number)
    if not kinds:
        return
    kind = kinds.pop() if len(kinds) == 1 else "value"
    cased = is_cased(text)
    for place, one in enumerate(tokens):
        opening = place == 0 or text[max(0, one.start - 4) : one.start].rstrip()[-1:] in ".!?…:"
        capital = text[one.start].isupper()
        # In cased German the value is a noun or a name; small words are talk. English writes it small within quotes.
        if one.number or is_common(one.word) or (cased and not capital and not opening and not _quoted(text, one)):
            continue
        yield Span(one.start, one.end, kind)


def _quoted(text: str, one: Token) -> bool:
    return text[max(0, one.start - 1) : one.start] in ('"', "“", "„", "»", "‘", "'", "«")
