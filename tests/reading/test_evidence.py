"""What speaks for an own word, each piece in its place: weights were learned for this order."""

from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ausweis.reading.chunks import Chunk
from ausweis.reading.evidence import (
    BESIDE,
    FADING,
    LATELY,
    LESS,
    MOST,
    MOST_DESCRIBED,
    NAMED_IN_FULL,
    NEVER,
    Piece,
    WordOverlap,
    log_odds,
    mentions_of,
    pieces,
)
from ausweis.reading.questions import ANSWERED, own_questions
from ausweis.vocabulary import OwnWord

LINE = ["does", "verb", "rather", "known", "does and verb", "rather than known"]
MENTIONED = ["named", "described", "named rather"]
NUMBER = ["number", "no number", "a number where none belongs", "strong"]
SHAPE = ["fits", "short", "differs", "prefix", "fits rather", "shape known", "a date", "a date where none belongs"]
QUESTION = ["known alike", "known otherwise", "question names", "question names rather", "names lately"]
ASKED = ["asked", "lately", "asked rather", "lately rather", "latest", "ever", "verb and asked", "verb and lately"]
FACTOR = [
    *NUMBER,
    *SHAPE,
    *MENTIONED,
    *QUESTION,
    *ASKED,
    "does and lately",
    "next fits",
    "next gives",
    "next gives any",
]
CATEGORY = ["just done", "own given", "given"]
ANSWER = ["answers", "answers rather", "answers rather than elsewhere"]
ORDER = {
    verb: [
        *(*LINE, *BESIDE[verb], "length"),
        *(ANSWER if verb in ANSWERED else ()),
        *(CATEGORY if verb in ("tells", "changes") else FACTOR),
    ]
    for verb in BESIDE
}
KNOWN = [
    "does",
    "verb",
    "own",
    "rather than own",
    "rather",
    "own asked",
    "asked",
    "asked rather",
    "own and verb",
    "length",
]

BERTH = OwnWord(
    kind="factor", id="berth", name="der Liegeplatz", description="Nummer am Steg", looks_like="digits", strength="weak"
)
MOTTO = OwnWord(kind="factor", id="motto", name="n", description="d", looks_like="words", strength="strong")
BOATS = OwnWord(kind="disclosure", id="boats", name="Boote", description="Wo ein Boot liegt")
MOORING = OwnWord(kind="change", id="mooring", name="n", description="d")
LABELS = own_questions((BERTH, MOTTO, BOATS, MOORING))

CHUNKS = [
    Chunk(1, "agent", "Ihr Liegeplatz?"),
    Chunk(2, "caller", "vier"),
    Chunk(3, "agent", "ja"),
    Chunk(4, "caller", "Ahoi"),
    Chunk(5, "agent", "Da liegt die Möwe."),
]
ANSWERS: list[Mapping[str, float]] = [
    {"asks": 0.95, "asks own berth": 0.9, "asks own motto": 0.2, "asks pin": 0.3, "explains": 0.1},
    {"gives": 0.8, "gives own berth": 0.6, "gives own motto": 0.1, "gives pin": 0.4, "agrees": 0.25}
    | {"answered gives own berth": 0.9, "answered gives own motto": 0.2},
    {"asks": 0.05, "asks own berth": 0.04, "asks own motto": 0.03, "asks pin": 0.02, "tells own boats": 0.15},
    {"gives": 0.7, "gives own berth": 0.3, "gives own motto": 0.5, "gives pin": 0.2, "answered gives own berth": 0.6},
    {"tells": 0.9, "tells own boats": 0.85, "tells contract data": 0.6, "changes own mooring": 0.1}
    | {"answered changes own mooring": 0.7},
]


def found(chunks: Sequence[Chunk] = CHUNKS, answers: Sequence[Mapping[str, float]] = ANSWERS) -> list[Piece]:
    return list(pieces(chunks, answers, LABELS))


def named(piece: Piece) -> list[tuple[str, float]]:
    return list(zip(ORDER[piece.verb] if piece.own else KNOWN, piece.evidence, strict=True))


def evidence(place: int, label: str) -> dict[str, float]:
    (piece,) = (piece for piece in found() if (piece.place, piece.label) == (place, label))
    return dict(named(piece))


def odds(probability: float) -> object:
    return pytest.approx(log_odds(probability))


def test_all_own_labels_of_a_speaker_and_the_known_ones_that_were_told() -> None:
    agent, caller = ([own.label for own in LABELS if speaker in own.speakers] for speaker in ("agent", "caller"))
    told = [[(piece.label, piece.own) for piece in found() if piece.place == place] for place in range(5)]
    own = [[(label, True) for label in agent], [(label, True) for label in caller]]
    assert told[:2] == [[*own[0], ("asks pin", False)], [*own[1], ("gives pin", False)]]
    assert told[4] == [*own[0], ("tells contract data", False)]
    assert len(agent) + len(caller) == len(LABELS)


def test_each_verb_has_its_pieces() -> None:
    for piece in found():
        assert len(piece.evidence) == len(ORDER[piece.verb] if piece.own else KNOWN)


def test_what_the_line_itself_says() -> None:
    gives = evidence(1, "gives own berth")
    assert gives["does"] == odds(0.6)
    assert gives["verb"] == odds(0.8)
    assert gives["does and verb"] == odds(0.6)
    assert gives["known"] == odds(0.4)
    assert gives["agrees"] == odds(0.25)
    assert gives["new value"] == NEVER
    assert gives["length"] == pytest.approx(1.6094 / 3, abs=1e-3)
    assert evidence(4, "reads out own berth")["does"] == NEVER


def test_rivals_speak_against_it() -> None:
    berth, motto = evidence(1, "gives own berth"), evidence(1, "gives own motto")
    assert berth["rather"] == pytest.approx(log_odds(0.6) - log_odds(0.1))
    assert motto["rather"] == pytest.approx(log_odds(0.1) - log_odds(0.6))
    assert motto["rather than known"] == pytest.approx(log_odds(0.1) - log_odds(0.4))


def test_which_line_answers_the_question_after_the_call() -> None:
    berth, later, motto = evidence(1, "gives own berth"), evidence(3, "gives own berth"), evidence(1, "gives own motto")
    assert [one["answers"] for one in (berth, later, motto)] == [odds(0.9), odds(0.6), odds(0.2)]
    assert berth["answers rather"] == pytest.approx(log_odds(0.9) - log_odds(0.2))
    assert motto["answers rather"] == pytest.approx(log_odds(0.2) - log_odds(0.9))
    assert later["answers rather"] == pytest.approx(log_odds(0.6) - NEVER)
    assert berth["answers rather than elsewhere"] == pytest.approx(log_odds(0.9) - log_odds(0.6))
    assert later["answers rather than elsewhere"] == pytest.approx(log_odds(0.6) - log_odds(0.9))
    mooring = evidence(4, "changes own mooring")
    assert (mooring["does"], mooring["answers"]) == (odds(0.1), odds(0.7))
    assert evidence(0, "changes own mooring")["answers"] == NEVER


def test_what_was_asked_before() -> None:
    first, second = evidence(1, "gives own berth"), evidence(3, "gives own berth")
    assert (first["asked"], first["lately"]) == (odds(0.9), odds(0.9))
    assert first["asked rather"] == pytest.approx(log_odds(0.9) - log_odds(0.3))
    assert first["lately rather"] == pytest.approx(log_odds(0.9) - log_odds(0.3))
    assert first["verb and asked"] == odds(0.8)
    assert second["asked"] == odds(0.04)
    assert second["lately"] == pytest.approx(log_odds(0.9) - LESS)
    assert second["does and lately"] == odds(0.3)
    assert second["verb and lately"] == odds(0.7)
    assert evidence(1, "gives own motto")["asked rather"] == pytest.approx(log_odds(0.2) - log_odds(0.9))
    assert (evidence(0, "asks own berth")["asked"], evidence(0, "asks own berth")["lately"]) == (NEVER, NEVER)


def test_what_the_caller_gave_before_and_gives_next() -> None:
    first, second = evidence(1, "gives own berth"), evidence(3, "gives own berth")
    assert (first["latest"], first["ever"]) == (NEVER, NEVER)
    assert (second["latest"], second["ever"]) == (odds(0.6), odds(0.6))
    assert second["next gives"] == second["next gives any"] == NEVER
    asks = evidence(0, "asks own berth")
    assert (asks["next gives"], asks["next gives any"]) == (odds(0.6), odds(0.8))
    assert evidence(4, "asks own berth")["next gives"] == NEVER


def test_far_back_it_was_given_once_but_not_lately() -> None:
    chunks = [CHUNKS[1], *[Chunk(place, "agent", "ja") for place in range(2, 7)], CHUNKS[3]]
    answers: list[Mapping[str, float]] = [ANSWERS[1], *[{}] * 5, ANSWERS[3]]
    (piece,) = (piece for piece in found(chunks, answers) if (piece.place, piece.label) == (6, "gives own berth"))
    told = dict(zip(ORDER["gives"], piece.evidence, strict=True))
    assert (told["latest"], told["ever"]) == (NEVER, odds(0.6))


def test_a_question_is_forgotten() -> None:
    silence = [Chunk(place, "agent", "ja") for place in range(2, LATELY + 2)]
    chunks, answers = [CHUNKS[0], *silence, CHUNKS[1]], [ANSWERS[0], *[{}] * LATELY, ANSWERS[1]]
    (piece,) = (piece for piece in found(chunks, answers) if piece.label == "gives own berth")
    assert dict(zip(ORDER["gives"], piece.evidence, strict=True))["lately"] == NEVER


@pytest.mark.parametrize(
    ("label", "place", "number", "no_number", "none_belongs", "strong"),
    [
        ("gives own berth", 1, 1, 0, 0, 0),
        ("gives own berth", 3, 0, 1, 0, 0),
        ("gives own motto", 1, 0, 0, 1, 1),
        ("gives own motto", 3, 0, 0, 0, 1),
    ],
)
def test_a_number_where_one_belongs(
    label: str, place: int, number: float, no_number: float, none_belongs: float, strong: float
) -> None:
    told = evidence(place, label)
    assert [told[name] for name in NUMBER] == [number, no_number, none_belongs, strong]


def test_a_value_of_the_shape_that_the_description_tells() -> None:
    berth, locker = (
        OwnWord.model_validate({"kind": "factor", "id": name, "name": "n", "strength": "weak", **told})
        for name, told in (
            ("berth", {"description": "B und vier Ziffern", "looks_like": "letters"}),
            ("locker", {"description": "three digits", "looks_like": "digits"}),
        )
    )
    since = OwnWord(kind="factor", id="since", name="n", description="d", looks_like="date", strength="weak")
    chunks = [
        Chunk(1, "agent", "Ihr Liegeplatz?"),
        Chunk(2, "caller", "B 4711, seit März"),
        Chunk(3, "caller", "B 47"),
        Chunk(4, "caller", "vier sieben eins"),
    ]
    told = {
        (piece.place, piece.label): dict(zip(ORDER[piece.verb], piece.evidence, strict=True))
        for piece in pieces(chunks, [{}] * len(chunks), own_questions([berth, locker, since]))
    }
    names = ["fits", "short", "differs", "prefix", "fits rather"]

    def shaped(place: int, label: str) -> list[float]:
        return [told[place, label][name] for name in names]

    assert shaped(1, "gives own berth") == [1, 0, 0, 1, 1]
    assert shaped(1, "gives own locker") == [0, 0, 1, 0, -1]
    assert shaped(2, "gives own berth") == [0, 1, 0, 1, 0]
    assert shaped(3, "gives own locker") == [1, 0, 0, 0, 1]
    assert shaped(1, "gives own since") == [0, 0, 0, 0, -1]
    assert [told[1, f"gives own {word}"]["shape known"] for word in ("berth", "locker", "since")] == [1, 1, 0]
    assert (told[1, "gives own since"]["a date"], told[1, "gives own since"]["a date where none belongs"]) == (1, 0)
    assert (told[1, "gives own berth"]["a date"], told[1, "gives own berth"]["a date where none belongs"]) == (0, 1)
    assert (told[0, "asks own berth"]["next fits"], told[0, "asks own locker"]["next fits"]) == (1, -1)


def test_a_line_or_its_question_may_name_the_word() -> None:
    asks, first, second = (
        evidence(place, f"{verb} own berth") for place, verb in ((0, "asks"), (1, "gives"), (3, "gives"))
    )
    assert (asks["named"], asks["described"], asks["named rather"]) == (1, 0, NAMED_IN_FULL)
    assert evidence(0, "asks own motto")["named rather"] == -NAMED_IN_FULL
    assert first["named"] == 0
    assert (first["question names"], first["question names rather"], first["names lately"]) == (
        NAMED_IN_FULL,
        NAMED_IN_FULL,
        NAMED_IN_FULL,
    )
    assert (second["question names"], second["names lately"]) == (0, NAMED_IN_FULL * FADING)
    assert (asks["question names"], asks["names lately"]) == (0, 0)


def test_a_known_factor_that_looks_the_same_may_be_meant() -> None:
    """A PIN is digits that prove much; a berth is digits that prove little."""
    pin_like = OwnWord(kind="factor", id="code", name="n", description="d", looks_like="digits", strength="strong")
    (told,) = (
        piece.evidence
        for piece in pieces(CHUNKS[:2], ANSWERS[:2], own_questions([pin_like]))
        if piece.label == "gives own code"
    )
    alike = dict(zip(ORDER["gives"], told, strict=True))
    assert (alike["known alike"], alike["known otherwise"]) == (odds(0.4), NEVER)
    berth = evidence(1, "gives own berth")
    assert (berth["known alike"], berth["known otherwise"]) == (NEVER, odds(0.4))


def test_what_was_told_just_before() -> None:
    told = evidence(4, "tells own boats")
    assert told["just done"] == odds(0.15)
    assert (told["own given"], told["given"]) == (odds(0.5), odds(0.7))
    assert told["rather than known"] == pytest.approx(log_odds(0.85) - log_odds(0.6))
    assert evidence(4, "changes own mooring")["just done"] == NEVER


def test_known_labels_beside_own_words() -> None:
    gives = evidence(1, "gives pin")
    assert (gives["does"], gives["verb"], gives["own"]) == (odds(0.4), odds(0.8), odds(0.6))
    assert gives["rather than own"] == pytest.approx(log_odds(0.4) - log_odds(0.6))
    assert gives["rather"] == pytest.approx(log_odds(0.4) - NEVER)
    assert (gives["own asked"], gives["asked"], gives["own and verb"]) == (odds(0.9), odds(0.3), odds(0.6))
    assert gives["asked rather"] == pytest.approx(log_odds(0.3) - log_odds(0.9))
    tells = evidence(4, "tells contract data")
    assert (tells["own"], tells["asked"], tells["own asked"]) == (odds(0.85), NEVER, NEVER)


def test_no_evidence_speaks_louder_than_others() -> None:
    chunks = [Chunk(1, "agent", "?"), Chunk(2, "caller", "vier")]
    answers = [{"asks own berth": 1.0}, {"gives own berth": 1.0, "gives own motto": 0.0, "gives pin": 0.0}]
    told = [value for piece in found(chunks, answers) for value in piece.evidence]
    assert max(told) == MOST
    assert min(told) == -MOST


SPOKEN = st.tuples(st.sampled_from(["agent", "caller"]), st.sampled_from(["ja", "vier", "Ahoi"]))


@given(st.lists(SPOKEN, max_size=12), st.integers(0, 12))
def test_lines_that_come_later_change_only_what_is_said_next(lines: list[tuple[str, str]], cut: int) -> None:
    """But for the likeliest other line that answers a question: it is looked for in the whole call."""
    chunks = [Chunk(place, speaker, text) for place, (speaker, text) in enumerate(lines, start=1)]
    answers = [ANSWERS[1] if speaker == "caller" else ANSWERS[0] for speaker, _ in lines]
    whole, part = (
        [
            (
                piece.place,
                piece.label,
                [value for name, value in named(piece) if name != "answers rather than elsewhere"],
            )
            for piece in found(chunks[:lines_seen], answers[:lines_seen])
            if piece.place < cut - 2
        ]
        for lines_seen in (len(lines), cut)
    )
    assert part == whole


def test_without_lines_or_own_words() -> None:
    assert list(pieces([], [], LABELS)) == []
    assert {piece.own for piece in pieces(CHUNKS, ANSWERS, ())} == {False}


def word(name: str, description: str) -> OwnWord:
    return OwnWord(kind="factor", id="word", name=name, description=description)


PUPIL = word("die Schülernummer", "Nummer auf dem Ausweis der Fahrschule")
BIKE = word("bike type", "Nummer am Rahmen")


def mention(line: str, *words: OwnWord) -> WordOverlap:
    ((first, *_),) = mentions_of([line], words)
    return first


@pytest.mark.parametrize(
    ("line", "share"),
    [
        ("Ihre Schülernummer, bitte?", 1),
        ("die SCHÜLERNUMMERN", 1),
        ("Die Fahrschülernummer", 1),
        ("Ihre Kundennummer?", 0),
        ("eine Schule", 0),
        ("", 0),
    ],
)
def test_a_name_counts_by_its_stem_and_within_compounds(line: str, share: float) -> None:
    assert mention(line, PUPIL).name == share


def test_of_a_name_of_several_words_each_counts() -> None:
    assert [mention(line, BIKE).name for line in ("a bike", "which type of bike", "my bikes")] == [0.5, 1, 0.5]


def test_what_describes_several_words_counts_less() -> None:
    line = "Welche Nummer steht am Rahmen?"
    assert mention(line, BIKE).description == 2
    assert mention(line, BIKE, PUPIL).description == 1.5
    assert mention(line, PUPIL, BIKE).description == 0.5


def test_words_of_the_name_do_not_count_again() -> None:
    assert mention("Rahmen", word("der Rahmen", "Rahmen und Sattel")).description == 0


def test_a_long_description_is_no_louder() -> None:
    many = "alpha bravo charlie delta foxtrot hotel"
    assert mention(many, word("n", many)).description == MOST_DESCRIBED


def test_short_words_and_no_words() -> None:
    assert mention("ja ja am", word("ja", "am")) == WordOverlap(0, 0)
    assert mentions_of([], [PUPIL]) == []
    assert mentions_of(["Hallo"], []) == [[]]
