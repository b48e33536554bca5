import hashlib
from pathlib import Path

from tests.serve.filled import Judged

from ausweis.judging.judge import judge
from ausweis.labelled import gold_facts, read_all
from ausweis.masking.judged import RULES, JudgedMask
from ausweis.policies import find_policy

GOLDEN = Path(__file__).parents[2] / "evals" / "golden" / "dev.jsonl"
DIGESTS = {1: "370934a326a6837d", 2: "f3e543b6644770f7"}
"""By the version of the rules, what they mask in the golden calls. A new line, and never another digest in an old one:
stores keep masks, and find them anew where the version is another."""


def test_other_masks_are_another_version_of_the_rules() -> None:
    found = hashlib.sha256()
    for one in read_all([GOLDEN]):
        facts = gold_facts(one)
        judged = Judged(one.call, facts, judge(facts, find_policy(str(one.gold.policy)).policy))
        mask = JudgedMask(judged, "de")
        for turn in range(1, len(one.call.turns) + 1):
            if spans := mask.found(turn):
                found.update(repr((one.call.id, turn, [tuple(span) for span in spans])).encode())
    assert DIGESTS[RULES] == found.hexdigest()[:16]


def test_known_spans_are_taken_as_they_are() -> None:
    one = next(iter(read_all([GOLDEN])))
    facts = gold_facts(one)
    judged = Judged(one.call, facts, judge(facts, find_policy(str(one.gold.policy)).policy))
    mask = JudgedMask(judged, "de")
    spans = {turn: mask.found(turn) for turn in range(1, len(one.call.turns) + 1)}
    again = JudgedMask(judged, "de", spans)
    for turn in range(1, len(one.call.turns) + 1):
        text = one.call.turn(turn).text
        assert list(again.spans(turn)) == list(mask.spans(turn))
        assert again.quote(text, turn) == mask.quote(text, turn)
        assert again.quote(text[3:-3], turn) == mask.quote(text[3:-3], turn)
    assert not JudgedMask(judged, "de", {}).spans(1)
