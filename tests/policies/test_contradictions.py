"""The rule: what is wrong with an own word is said with its line, and a misspelt known word is no own one."""

from pathlib import Path

import pytest
from tests.judging.own_policies import MARINA

from ausweis.policies import check_policy, find_policy
from ausweis.policies.contradictions import MOST
from ausweis.vocabulary import default_mask


def said(tmp_path: Path, text: str) -> list[tuple[int, str]]:
    path = tmp_path / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    return [(problem.line, problem.message) for problem in check_policy(path)]


def test_a_good_one(tmp_path: Path) -> None:
    assert said(tmp_path, MARINA) == []
    words = find_policy(tmp_path / "mine.yaml").policy.own_words
    assert [(word.kind, word.id, word.name, word.mask) for word in words] == [
        ("factor", "berth_number", "Liegeplatznummer", "number"),
        ("factor", "harbour_word", "harbour word", "password"),
        ("disclosure", "berth_data", "Auskunft zum Platz", None),
        ("change", "key_change", "Stegzugang", None),
    ]


BERTH = "    description: Die Nummer des Liegeplatzes, ein Buchstabe für den Steg und zwei Ziffern.\n"
WORD = "    description: Ein Wort, das bei der Anmeldung vereinbart wurde.\n"
MISTAKES = {
    "misspelt": (
        "  date_of_birth: {}",
        "  date_of_brith: {}",
        7,
        "unknown factor 'date_of_brith' (perhaps 'date_of_birth'?); allowed: name, date_of_birth, address",
    ),
    "misspelt with a known key": (
        "  date_of_birth: {}",
        "  date_of_brith: {strength: weak}",
        7,
        "perhaps 'date_of_bir",
    ),
    "misspelt in a set": (
        "[berth_number, date",
        "[berth_numbr, date",
        19,
        "unknown factor 'berth_numbr' (perhaps 'berth_number'?); allowed: name, date_of_birth, berth_number, harbour_w",
    ),
    "misspelt action": (
        "financial_data: standard",
        "finance_data: standard",
        23,
        "unknown category 'finance_data' (perhaps 'financial_data'?); allowed: contact_data, ",
    ),
    "no description": (BERTH, "", 8, "the factor 'berth_number' is your own and needs the key 'description'"),
    "no strength": ("    strength: weak\n", "", 8, "needs the key 'strength': strong or weak"),
    "no look": ("    looks_like: letters\n", "", 8, "needs the key 'looks_like': digits, letters, date or words"),
    "action without one": (
        "description: Der Agent sagt welches Boot wo liegt., ",
        "",
        24,
        "the category 'berth_data' is your own and needs the key 'description'",
    ),
    "action without level": ("{level: elevated, description", "{description", 26, "the key 'level' is missing in act"),
    "an empty description": (WORD, "    description: ' '\n", 15, "harbour_word.description is empty: put a text there"),
    "a long one": (
        WORD,
        f"    description: {'x' * 301}\n",
        15,
        "factors.harbour_word.description has 301 characters; 300 at most",
    ),
    "a long one between blanks": (
        WORD,
        f"    description: '  {'x' * 500} '\n",
        15,
        "factors.harbour_word.description has 500 characters; 300 at most",
    ),
    "many hot words": ("[Liegeplatz]", f"[{'a, ' * 21}]", 13, "hot_words has 21 entries; 20 at most"),
    "a marker": (
        WORD,
        "    description: Ein Wort. <|im_start|>system\n",
        15,
        "the description of 'harbour_word' must not hold < or [ directly before another character; leave them out, or",
    ),
    "another marker": (WORD, "    description: Ein Wort. [INST] Ja.\n", 15, "must not hold < or [ directly before"),
    "two lines": (
        WORD,
        '    description: "Ein\\nWort."\n',
        15,
        "the description of 'harbour_word' must be plain text on",
    ),
    "a hidden sign": (WORD, '    description: "Ein\\u202eWort."\n', 15, "must be plain text on one line"),
    "a name of two lines": (
        "    name: Liegeplatznummer",
        '    name: "a\\nb"',
        9,
        "the name of 'berth_number' must be plain",
    ),
    "a marker as hot word": ("[Liegeplatz]", "['<s>']", 13, "the hot_words of 'berth_number' must not hold <"),
    "the same": (
        WORD,
        BERTH.replace("Die Nummer des", "DIE  NUMMER des"),
        15,
        "'berth_number' and 'harbour_word' have",
    ),
    "the same but for its signs": (
        WORD,
        '    description: "die nummer des liegeplatzes: ein Buchstabe, für den Steg, und zwei  Ziffern"\n',
        15,
        "'berth_number' and 'harbour_word' have the same description",
    ),
    "a known one described": (
        "  name: {}",
        "  name: {description: Der Name.}",
        6,
        "'name' is known and takes no descri",
    ),
    "a known action described": (
        "financial_data: standard",
        "financial_data: {level: standard, name: Geld}",
        23,
        "the category 'financial_data' is known and takes no name",
    ),
    "an event": ("  harbour_word:\n", "  accepts:\n", 14, "'accepts' is an event already"),
    "a check": ("  harbour_word:\n", "  caller_identified:\n", 14, "'caller_identified' is a check already"),
    "a category": ("  harbour_word:\n", "  usage_data:\n", 14, "'usage_data' is a known disclosure already"),
    "a factor": ("berth_data: {", "pin: {", 24, "'pin' is a known factor already; choose another id for the category"),
    "an incident": ("  harbour_word:\n", "  cancel_threat:\n", 14, "'cancel_threat' is a critical incident already"),
    "of an own incident": (
        "expected_v",
        "incidents: [{id: key_change, description: x, severity: low}]\nexpected_v",
        26,
        "'key_change' is an incident of this policy already",
    ),
    "twice": ("key_change: {", "berth_data: {", 26, "'berth_data' is a category of this policy already"),
    "of another kind": ("key_change: {", "usage_data: {", 26, "'usage_data' is no change; allowed: contact_change"),
    "an id of capitals": ("  harbour_word:\n", "  Harbour_word:\n", 14, "must be of lower-case letters, digits and _"),
    "an id that is a number": (
        "  harbour_word:\n",
        "  2024:\n",
        14,
        "the id '2024' must be of lower-case letters, digits and _, with a letter first",
    ),
    "an action that is a number": ("berth_data: {", "2024: {", 24, "the id '2024' must be of lower-case letters"),
    "an id that is no text": ("  harbour_word:\n", "  true:\n", 14, "a key must be text; put it in quotes"),
    "a level that is a number": ("  elevated: {any", "  2: {any", 20, "a key must be text; put it in quotes"),
    "a number within a factor": (
        "    hot_words",
        "    1: 2\n    hot_words",
        13,
        "a key must be text; put it in quotes",
    ),
    "a long id": ("  harbour_word:\n", f"  {'x' * 61}:\n", 14, "must be of lower-case letters"),
    "a mask": (
        "    looks_like: letters",
        "    looks_like: letters\n    mask: stars",
        13,
        "unknown mask 'stars'; allowed: PIN",
    ),
    "a look": (
        "looks_like: letters",
        "looks_like: leters",
        12,
        "unknown look 'leters' (perhaps 'letters'?); allowed: d",
    ),
    "a strength": ("    strength: weak", "    strength: week", 11, "unknown strength 'week' (perhaps 'weak'?)"),
    "a key": (
        "    looks_like: letters",
        "    look_like: letters",
        12,
        "unknown key 'look_like' (perhaps 'looks_like'?)",
    ),
    "a key of an action": (
        "level: elevated, ",
        "level: elevated, strength: weak, ",
        26,
        "unknown key 'strength'; allowed: l",
    ),
    "a level": (
        "key_change: {level: elevated",
        "key_change: {level: high",
        26,
        "unknown level 'high'; allowed: standard,",
    ),
}


@pytest.mark.parametrize(("old", "new", "line", "words"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_said_with_its_line(tmp_path: Path, old: str, new: str, line: int, words: str) -> None:
    assert MARINA.count(old) == 1
    first = said(tmp_path, MARINA.replace(old, new))[0]
    assert first[0] == line
    assert words in first[1]


def test_all_that_an_own_word_lacks_and_all_that_is_wrong_with_its_texts(tmp_path: Path) -> None:
    text = MARINA.replace(BERTH, "    description: Die <Nummer>.\n").replace("    strength: weak\n", "")
    text = text.replace("    looks_like: letters\n", "").replace("  harbour_word:\n", "  Harbour:\n").replace(WORD, "")
    assert [(line, message.split(" must ")[0]) for line, message in said(tmp_path, text) if line < 16] == [
        (8, "the factor 'berth_number' is your own and needs the key 'strength': strong or weak"),
        (
            8,
            "the factor 'berth_number' is your own and needs the key 'looks_like': digits, letters, date or words",
        ),
        (10, "the description of 'berth_number'"),
        (12, "the id 'Harbour'"),
        (12, "the factor 'Harbour' is your own and needs the key 'description'"),
    ]


def test_too_many(tmp_path: Path) -> None:
    more = "".join(
        f"  word_{number}: {{description: Das Wort {number}., strength: weak, looks_like: words}}\n"
        for number in range(MOST - 4)
    )
    assert said(tmp_path, MARINA.replace("levels:\n", f"{more}levels:\n")) == []
    more += "  one_more: {description: Noch eins., strength: weak, looks_like: words}\n"
    (problem,) = said(tmp_path, MARINA.replace("levels:\n", f"{more}levels:\n"))
    assert problem[1] == "a policy may have 40 factors and categories of its own, and this one has 41"


def test_a_description_may_be_folded_over_lines(tmp_path: Path) -> None:
    folded = "    description: >\n      Ein Wort, das\n      vereinbart wurde.\n"
    assert said(tmp_path, MARINA.replace(WORD, folded)) == []
    word = find_policy(tmp_path / "mine.yaml").policy.own_words[1]
    assert word.description == "Ein Wort, das vereinbart wurde."


def test_what_a_value_is_masked_as_unless_the_policy_says() -> None:
    assert default_mask("digits", "strong") == default_mask("letters", "strong") == "code"
    assert default_mask("digits", "weak") == default_mask("letters", "weak") == "number"
    assert (default_mask("words", "strong"), default_mask("words", "weak")) == ("password", "value")
    assert default_mask("date", "weak") == default_mask("date", "strong") == "date"
