"""Labelled calls as a recogniser hears them: words find what was said, and labels keep to their words."""

import json
from collections import Counter
from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest
from click.testing import CliRunner
from evals.lab.hear_calls import main
from evals.lab.noise import NoiseModel, Pair, as_heard, learn, lexicon_of, noised, pair_of, read_pairs
from evals.lab.noise.aligning import TimedWord, align
from evals.lab.noise.noise_model import Noise, NumberNoise
from evals.lab.noise.pairs import SaidTurn, Truth
from evals.lab.noise.words import digits_of, distance, mark_of, sound_of
from hypothesis import given
from hypothesis import strategies as st
from tests.evals.cases import labelled

from ausweis.calls.call import Call, Turn
from ausweis.errors import InputError
from ausweis.evals.labelled import GoldIncident, IncidentLabel, LabelledCall, read_all
from ausweis.evals.validate import validate

CALL = labelled(
    "a",
    "A: guten tag wie ist ihre pin << asks pin",
    "C: petersen vier sieben eins eins << gives name; gives pin",
    "A: danke",
    "C: ja",
    "A: ihr vertrag läuft bis mai << discloses contract_data",
    "C: auf wiederhören",
)
LOST = ["Guten Tag, wie ist Ihre PIN?", "Petersen.", "Danke.", "Ja.", "Ihr Vertrag läuft bis Mai.", "Auf Wiederhören."]
ROUGHLY = ["Tag wie Bin?", "Peter sen 4, 7 1.", "", "Jahr, Jahr", "Ihr Vertrag läuft es Mai.", "hören"]
HEARD = [LOST[0], "Petersen, 4711.", *LOST[2:]]


def pair(heard: Sequence[str], call: LabelledCall = CALL, first: str = "agent") -> Pair:
    """What was said turn by turn, two seconds each, and what was heard of it; a turn without words is not there."""
    said = [
        SaidTurn(turn=number, speaker=turn.speaker, start=2.0 * number, end=2.0 * number + 1.5, text=turn.text)
        for number, turn in enumerate(call.call.turns, start=1)
    ]
    turns: list[Turn] = []
    other = "caller" if first == "agent" else "agent"
    for number, text in enumerate(heard, start=1):
        speaker = first if number % 2 else other
        if text and turns and turns[-1].speaker == speaker:
            turns[-1] = turns[-1].model_copy(update={"end": 2.0 * number + 1.5, "text": f"{turns[-1].text} {text}"})
        elif text:
            turns.append(Turn(speaker=speaker, start=2.0 * number, end=2.0 * number + 1.5, text=text))
    truth = Truth(call_id=call.call.id, turns=tuple(said))
    return pair_of(truth, Call(id=call.call.id, turns=tuple(turns)))


def aligned(said: str, heard: str) -> list[tuple[str, str, str]]:
    ours, theirs = ([TimedWord(word, 1) for word in text.split()] for text in (said, heard))
    return [
        (" ".join(ours[one].text for one in block.said), " ".join(theirs[one].text for one in block.heard), block.fate)
        for block in align(ours, theirs)
    ]


def events(call: LabelledCall) -> list[tuple[int, str, str | None]]:
    return [(event.turn, event.kind, event.subject) for event in call.gold.events]


@pytest.mark.parametrize(
    ("one", "other"), [("Meyer", "maier"), ("Straße,", "strasse"), ("phillip", "Filip"), ("rad", "rat"), ("ihm", "im")]
)
def test_words_that_sound_alike_have_one_sound(one: str, other: str) -> None:
    assert sound_of(one) == sound_of(other)


def test_words_and_digits_are_as_far_apart_as_they_sound() -> None:
    assert distance(sound_of("Stadtwerk"), sound_of("Stadtwerke")) < 0.2 < distance(sound_of("Tarif"), sound_of("Name"))
    assert distance("#4", "#5") == distance("#4", "vier") == 1.0
    assert [digits_of(word) for word in ("4711,", "vierzig", "19.", "017-A0068", "Paket50", "ein")] == [
        "4711", "40", "19", "0170068", "", ""
    ]  # fmt: skip
    assert [mark_of(word) for word in ("ja,", "ja...", "ja?!", "ja", "ja;")] == [",", ".", "?", "", ","]


def test_words_find_what_was_heard_of_them() -> None:
    assert aligned("die kundennummer vier sieben eins eins", "Die Kunden Nummer 47, 11.") == [
        ("die", "Die", "heard"),
        ("kundennummer", "Kunden Nummer", "heard"),
        ("vier sieben", "47,", "heard"),
        ("eins eins", "11.", "heard"),
    ]
    assert aligned("ja ich bin die petersen", "ich bin Gräte da die Petersen") == [
        ("ja", "", "lost"),
        ("ich", "ich", "heard"),
        ("bin", "bin", "heard"),
        ("", "Gräte", "added"),
        ("", "da", "added"),
        ("die", "die", "heard"),
        ("petersen", "Petersen", "heard"),
    ]
    assert ("zschoche", "Schocke", "misheard") in aligned("hier ist zschoche", "Hier ist Schocke")
    # One number with a digit that nobody said stays one block, whatever is lost inside of it.
    assert ("ja zwo acht", "8,28", "misheard") in aligned("da ja zwo acht", "da 8,28")


def test_times_tell_which_of_two_same_words_was_heard() -> None:
    said = [TimedWord("ja", 1, 1.0), TimedWord("ja", 2, 30.0)]
    (lost, found) = align(said, [TimedWord("Ja.", 1, 30.2)])
    assert (lost.said, lost.fate, found.said, found.fate) == ([0], "lost", [1], "heard")


def test_events_stand_where_their_words_are_heard() -> None:
    moved = as_heard(CALL, pair(HEARD))
    assert moved.lost == ()
    assert events(moved.labelled) == events(CALL)
    assert not list(validate([moved.labelled]))
    assert [turn.text for turn in moved.labelled.call.turns] == HEARD
    assert (moved.labelled.call.id, moved.labelled.gold.tags.surface) == ("a-heard", "asr")
    # Left out with the written call, so that nothing is learned from its twin.
    assert moved.labelled.gold.writing_pass == "a"


def test_an_incident_moves_with_its_turn_and_its_quote_is_no_more() -> None:
    label = IncidentLabel(events=(GoldIncident(id="cancel_threat", turn=6, quote="auf wiederhören"),))
    call = CALL.model_copy(update={"gold": CALL.gold.model_copy(update={"incidents": label})})
    heard = as_heard(call, pair([*HEARD[:2], "", *HEARD[3:]])).labelled
    assert heard.call.turns[3].text == HEARD[-1]
    assert heard.gold.incidents == IncidentLabel(events=(GoldIncident(id="cancel_threat", turn=4),))


def test_turns_that_are_not_heard_join_their_neighbours() -> None:
    moved = as_heard(CALL, pair([*HEARD[:2], "", *HEARD[3:]]))
    assert [turn.text for turn in moved.labelled.call.turns][1] == "Petersen, 4711. Ja."
    assert events(moved.labelled) == [*events(CALL)[:3], (3, "discloses", "contract_data")]
    assert not list(validate([moved.labelled]))


def test_a_number_that_is_not_heard_takes_its_event_and_the_rules_judge_what_is_left() -> None:
    moved = as_heard(CALL, pair(LOST))
    assert [(event.kind, event.subject) for event in moved.lost] == [("gives", "pin")]
    assert (2, "gives", "name") in events(moved.labelled)
    assert moved.labelled.gold.outcome == "violation"
    assert "Not heard: gives pin." in moved.labelled.gold.why
    assert not list(validate([moved.labelled]))


def test_speakers_that_were_swapped_are_set_right() -> None:
    assert [turn.speaker for turn in pair(HEARD, first="caller").heard.turns][:2] == ["agent", "caller"]


def test_a_label_of_another_call_is_refused() -> None:
    other = labelled("b", "A: guten tag")
    with pytest.raises(InputError, match="another call"):
        as_heard(other, pair(HEARD))


@cache
def noisy(*heard: str) -> tuple[Noise, dict[str, tuple[str, int]]]:
    pairs = [pair(heard)] * 3
    lexicon = lexicon_of(pairs, ["Der Vertrag und das Kennwort."])
    return learn(pairs, lexicon), lexicon


def test_what_is_counted() -> None:
    noise, lexicon = noisy("Guten Tag, wie ist Ihr Bin?", "Petersen 4711", "", *HEARD[3:])
    assert noise.calls == 3
    assert noise.turns["1"] == {"heard": 3, "lost": 3}
    assert noise.words["pin"] == {"Bin": 3}
    assert noise.numbers == NumberNoise(
        fates={"right": 12}, written={"4-8": {"digits": 12}}, between={"": 9}, ordinals={}
    )
    assert noise.marks["|"] == {"?": 3, ".": 9, "": 3}
    assert lexicon["vertrag"] == ("Vertrag", 3)
    assert lexicon["kennwort"] == ("Kennwort", 0)


def test_without_noise_the_words_stay_and_are_written_as_the_recogniser_writes() -> None:
    noise, lexicon = noisy(*HEARD)
    heard = noised(CALL, noise, lexicon, seed=1).labelled
    assert [turn.text.replace(",", "")[:-1] for turn in heard.call.turns] == [
        text.replace(",", "")[:-1] for text in HEARD
    ]
    assert events(heard) == events(CALL)


@given(st.integers(0, 1000))
def test_labels_stay_valid_whatever_the_noise_does(seed: int) -> None:
    noise, lexicon = noisy(*ROUGHLY)
    rough = noise.model_copy(
        update={"turns": {"1": {"heard": 1, "lost": 1}, "4-8": {"heard": 1, "crossed": 1}}, "held": {"2": 1}}
    )
    moved = noised(CALL, rough, lexicon, seed)
    assert not list(validate([moved.labelled]))
    assert moved == noised(CALL, rough, lexicon, seed)
    there = Counter((event.kind, event.subject) for event in (*moved.labelled.gold.events, *moved.lost))
    assert there == Counter((event.kind, event.subject) for event in CALL.gold.events)
    speakers = [turn.speaker for turn in moved.labelled.call.turns]
    assert all(one != other for one, other in pairwise(speakers))


def test_other_seeds_give_other_calls() -> None:
    noise, lexicon = noisy(*ROUGHLY)
    assert len({noised(CALL, noise, lexicon, seed).labelled.line() for seed in range(20)}) > 5


def test_the_commands_learn_move_and_apply(tmp_path: Path) -> None:
    golden, spoken, heard = tmp_path / "golden.jsonl", tmp_path / "spoken", tmp_path / "heard"
    for folder in (spoken, heard):
        folder.mkdir()
    golden.write_text(f"{CALL.line()}\n", encoding="utf-8")
    both = pair(LOST)
    (spoken / "a.truth.json").write_text(both.truth.model_dump_json(), encoding="utf-8")
    document = both.heard.model_dump(exclude_none=True)
    (heard / "transcripts.jsonl").write_text(json.dumps(document) + "\n", encoding="utf-8")
    assert [pair.share for pair in read_pairs(spoken, heard / "transcripts.jsonl")] == [pytest.approx(16 / 20)]

    def run(*words: str) -> str:
        told = CliRunner().invoke(main, list(words), catch_exceptions=False)
        assert told.exit_code == 0, told.output
        return told.output

    files, model = [str(tmp_path / name) for name in ("exact.jsonl", "applied.jsonl")], str(tmp_path / "noise.json")
    pairs = ("--pair", "stereo", str(spoken), str(heard))
    assert "1 calls, 3 events; lost with their words 1, gives 1" in run("exact", str(golden), *pairs, "--out", files[0])
    assert "de stereo: 1 calls" in run("learn", *pairs, "--written", str(golden), "--out", model)
    run("apply", str(golden), "--noise", model, "--condition", "stereo", "--out", files[1])
    calls = [*read_all([Path(files[0])]), *read_all([Path(files[1])])]
    assert [call.call.id for call in calls] == ["a-stereo", "a-stereo"]
    with pytest.raises(InputError, match="knows no condition mono"):
        main.main(
            ["apply", str(golden), "--noise", model, "--condition", "mono", "--out", files[1]], standalone_mode=False
        )
    with pytest.raises(InputError, match="no noise was learned for en"):
        NoiseModel.read(Path(model)).of("en", "stereo")
