"""The policies that ship, and the mistakes that a policy file may hold."""

import hashlib
import json
import os
import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.judging.own_policies import MARINA

from ausweis.cli.policies import policies
from ausweis.errors import EncodingError, PolicyError
from ausweis.policies import check_policy, explain, find_policy, shipped_policies
from ausweis.vocabulary import CATEGORIES, FACTORS, INCIDENTS

SETS = {
    "telecom-de": {
        "standard": "pin | password | one_time_code | pre_authenticated | customer_number, date_of_birth"
        " | customer_number, iban_last4",
        "elevated": "pin | password | one_time_code | callback | pre_authenticated",
    },
    "energy-de": {
        "standard": "customer_number, date_of_birth | customer_number, address | meter_number, address | password"
        " | pre_authenticated",
        "elevated": "customer_number, iban_last4 | customer_number, meter_number, date_of_birth | password"
        " | one_time_code | pre_authenticated",
    },
    "bank-en": {
        "standard": "pin | password | one_time_code | security_answer, date_of_birth | pre_authenticated",
        "elevated": "one_time_code | pin, security_answer | password, security_answer | callback | pre_authenticated",
    },
}
STANDARD = {"contract_data", "usage_data", "financial_data", "contract_change"}


@pytest.mark.parametrize("name", SETS)
def test_the_policies_that_ship_say_exactly_this(name: str) -> None:
    policy = find_policy(name).policy
    assert policy.id == name
    assert policy.language == name[-2:]
    found = {level: " | ".join(", ".join(one) for one in sets.any_of) for level, sets in policy.levels.items()}
    assert found == SETS[name]
    for category in CATEGORIES:
        assert policy.level_of(category) == ("standard" if category in STANDARD else "elevated")
    assert set(policy.actions.disclosure) | set(policy.actions.change) == set(CATEGORIES)
    assert set(policy.factors) == set(FACTORS)
    higher = {"address", "phone_number", "email", "pin", "password", "security_answer", "one_time_code"}
    bank_details = {"iban_last4", "card_number"}
    assert {f for f in FACTORS if policy.read_out_level(f) == "elevated"} == higher | bank_details
    assert policy.third_party.accept == ("on_file", "holder_present")
    assert (policy.attempts, policy.name_required) == (3, True)


def test_no_other_policies_ship() -> None:
    assert set(shipped_policies()) == set(SETS)


GOOD = """\
id: mine
version: "2"
title: Mine
language: en
factors:
  name:
  pin: {strength: weak}
  date_of_birth: {}
levels:
  basic:
    any_of:
      - [pin]
      - [date_of_birth]
  high:
    any_of:
      - [pin, date_of_birth]
actions:
  disclosure:
    usage_data: basic
"""


def test_a_policy_of_one_s_own(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(GOOD, encoding="utf-8")
    found = find_policy(path)
    assert found.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert (found.provenance.id, found.provenance.version) == ("mine", "2")
    assert found.policy.level_of("usage_data") == "basic"
    assert found.policy.level_of("payment_change") == "high"
    assert found.policy.strength("pin") == "weak"
    path.write_text(
        GOOD.replace("factors:\n  name:\n  pin: {strength: weak}\n  date_of_birth: {}", "factors: [pin, date_of_birth]")
    )
    assert list(find_policy(path).policy.factors) == ["pin", "date_of_birth"]


MISTAKES = {
    "unknown factor": ("- [pin]", "- [pim]", 12, "unknown factor 'pim' (perhaps 'pin'?); allowed: name, pin, date"),
    "unknown factor in factors": (
        "  date_of_birth: {}",
        "  birthday: {}",
        8,
        "unknown factor 'birthday'; allowed: name",
    ),
    "not among the factors": (
        "- [pin]",
        "- [email]",
        12,
        "'email' is not in factors; allowed: name, pin, date_of_birth; or name it under factors first",
    ),
    "misspelt and not among the factors": (
        "- [pin]",
        "- [emial]",
        12,
        "unknown factor 'emial' (perhaps 'email'?); allowed: name, pin, date_of_birth; or name it under factors first",
    ),
    "among no factors": (
        "factors:\n  name:\n  pin: {strength: weak}\n  date_of_birth: {}",
        "factors: {}",
        9,
        "the factor 'pin' is not in factors, which are none; name it there first",
    ),
    "empty set": ("- [pin]", "- []", 12, "must not be empty"),
    "no set": ("      - [pin]\n      - [date_of_birth]", "      []", 11, "levels.basic.any_of must not be empty"),
    "no level": ("levels:\n  basic:", "levels: {}\nx:\n  basic:", 9, "levels must not be empty"),
    "twice in a set": ("- [pin]", "- [pin, pin]", 12, "names a factor twice"),
    "duplicate sets": ("      - [pin, date_of_birth]", "      - [pin]\n      - [pin]", 17, "'high' has this set twice"),
    "unknown level": ("usage_data: basic", "usage_data: baisc", 19, "unknown level 'baisc'; allowed: basic, high"),
    "unknown level to read out": ("pin: {strength: weak}", "pin: {read_out: top}", 7, "'top'; allowed: basic, high"),
    "unknown category": ("usage_data: basic", "usage: basic", 19, "unknown category 'usage'"),
    "a change among disclosures": (
        "usage_data: basic",
        "payment_change: basic",
        19,
        "'payment_change' is no disclosure; allowed: contact_data, contract_data",
    ),
    "unknown kind": ("  disclosure:", "  telling:", 18, "unknown key 'telling'; allowed: disclosure, change"),
    "unknown key": ("language: en", "langauge: en", 4, "unknown key 'langauge' (perhaps 'language'?); allowed: id"),
    "unknown language": ("language: en", "language: fr", 4, "unknown language 'fr'; allowed: de, en"),
    "missing key": ("title: Mine\n", "", 1, "the key 'title' is missing"),
    "missing key in a level": (
        "    any_of:\n      - [pin, date_of_birth]",
        "    {}",
        14,
        "'any_of' is missing in levels.high",
    ),
    "a long title": ("title: Mine", f"title: '{'x' * 499}  '", 3, "title has 501 characters; 500 at most"),
    "no title": ("title: Mine", "title: ''", 3, "title is empty: put a text there"),
    "version of two words": ('version: "2"', 'version: "2 b"', 2, "version must hold no blanks"),
    "id of two words": ("id: mine", "id: my own", 1, "id must be of a-z, A-Z, digits, dots, _ and -, with a letter or"),
    "a long id": ("id: mine", f"id: {'x' * 61}", 1, "id has 61 characters; 60 at most"),
    "version as number": ('version: "2"', "version: 2", 2, "version must be text; put it in quotes"),
    "weak or strong": ("strength: weak", "strength: good", 7, "unknown strength 'good'; allowed: strong, weak"),
    "severity": ("language: en", "severity: {late: high}", 4, "unknown violation type 'late'; allowed: no_auth"),
    "its words": ("language: en", "severity: {factor_leaked: bad}", 4, "unknown severity 'bad'; allowed: low, medium"),
    "attempts": ("language: en", "attempts: 0", 4, "attempts: input should be greater"),
    "attempts in words": ("language: en", "attempts: three", 4, "attempts must be a whole number"),
    "third party": ("language: en", "third_party: {accept: [letter]}", 4, "'letter'; allowed: on_file, holder_present"),
    "not a set": ("- [pin]", "- pin", 12, "must be a list, such as [pin, password]"),
    "no mapping": ("factors:\n  name:", "factors: 7\nx:\n  name:", 5, "factors must be a mapping"),
    "incident": ("language: en", "incidents: [{id: a, description: b}]", 4, "'severity' is missing in incidents.0"),
    "broken YAML": ("- [pin]", "- [pin", 13, "no valid YAML"),
    "key twice": ("title: Mine", "id: mine", 3, "no valid YAML"),
}


@pytest.mark.parametrize(("old", "new", "line", "words"), MISTAKES.values(), ids=MISTAKES.keys())
def test_a_mistake_is_said_with_its_line(tmp_path: Path, old: str, new: str, line: int, words: str) -> None:
    assert GOOD.count(old) == 1
    path = tmp_path / "mine.yaml"
    path.write_text(GOOD.replace(old, new), encoding="utf-8")
    assert (line, True) in [(problem.line, words in problem.message) for problem in check_policy(path)]
    with pytest.raises(PolicyError) as caught:
        find_policy(path)
    assert str(caught.value).startswith(f"{path}:")


def test_a_word_that_no_factor_is_where_all_known_ones_count(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    factors = "factors:\n  name:\n  pin: {strength: weak}\n  date_of_birth: {}\n"
    path.write_text(GOOD.replace(factors, "").replace("- [pin]", "- [pim]"), encoding="utf-8")
    (problem,) = check_policy(path)
    assert problem.message == f"unknown factor 'pim' (perhaps 'pin'?); allowed: {', '.join(FACTORS)}"


@pytest.mark.parametrize(
    ("old", "new", "hides"),
    [
        ("language: en", "langauge: en", False),
        ("title: Mine", "title: Mine: all", True),
        ("  pin: {", "  2024: {", True),
        ("- [pin]", "- [pim]", False),
    ],
)
def test_more_may_show_where_the_rest_was_not_looked_at(tmp_path: Path, old: str, new: str, hides: bool) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(GOOD.replace(old, new).replace("usage_data: basic", "usage_data: bad"), encoding="utf-8")
    told = CliRunner().invoke(policies, ["validate", str(path)]).stderr.splitlines()
    assert (told[-1] == f"{path}: more may show once this is mended") is hides
    assert any("'bad'" in line for line in told) is not hides


@pytest.mark.parametrize("text", ["", "- a\n- b\n", "just words", "[" * 3000, "a: \x01"])
def test_what_is_no_policy_at_all(tmp_path: Path, text: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(PolicyError):
        find_policy(path)


def test_aliases(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("a: &a [x]\nb: *a\n", encoding="utf-8")
    with pytest.raises(PolicyError, match="alias") as caught:
        find_policy(path)
    assert caught.value.place == f"{path}:2"


def test_files_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="bank-en, energy-de, telecom-de"):
        find_policy("telecom")
    with pytest.raises(PolicyError, match="no such file"):
        find_policy(tmp_path / "none.yaml")
    with pytest.raises(PolicyError, match="directory"):
        find_policy(tmp_path)
    latin = tmp_path / "latin.yaml"
    latin.write_bytes("id: x\ntitle: Prüfung\n".encode("latin-1"))
    with pytest.raises(EncodingError, match=r"latin.yaml:2: .*UTF-8"):
        find_policy(latin)
    large = tmp_path / "large.yaml"
    large.write_bytes(b"#" * 1_000_001)
    with pytest.raises(PolicyError, match="larger"):
        find_policy(large)


def test_explain_warns_of_weak_levels_and_what_they_open() -> None:
    german = explain(find_policy("telecom-de").policy)
    warnings = [line for line in german if line.startswith("Warnung")]
    assert len(warnings) == 2
    assert "Stufe „Standard“" in warnings[0]
    assert "Kundennummer" in warnings[0]
    assert "PIN" not in warnings[0]
    assert "Auskunft über Vertragsdaten" in warnings[1]
    assert "Zahlungsdaten" not in warnings[1]
    assert sum(line.startswith("Warning") for line in explain(find_policy("energy-de").policy, "en")) == 4
    assert not any(line.startswith("Warning") for line in explain(find_policy("bank-en").policy))


def test_explain_names_levels_actions_third_party_and_attempts(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(GOOD + "third_party: {accept: []}\nattempts: 5\nname_required: false\n", encoding="utf-8")
    text = "\n".join(explain(find_policy(path).policy))
    for words in (
        "The level high is met by: date of birth + PIN.",
        "Disclosure of usage data: needs the level basic.",
        "Change of payment data: not named in the policy, and so needs the strictest level, high.",
        "For a third party nothing is told",
        "5 rejected answers",
        "name is not wanted",
        "No factors here: address, phone number",
    ):
        assert words in text


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    """What the whole says wrongly is told beside what a part does, and nothing that only follows from that."""
    path = tmp_path / "mine.yaml"
    wrong = GOOD.replace("{strength: weak}", "{strength: weka, colour: red}").replace("- [pin]", "- [pim]")
    path.write_text(wrong.replace("usage_data: basic", "usage_data: bassic") + "attemps: 3\n", encoding="utf-8")
    told = [(problem.line, problem.message.partition(";")[0]) for problem in check_policy(path)]
    assert told == [
        (7, "unknown strength 'weka' (perhaps 'weak'?)"),
        (7, "unknown key 'colour'"),
        (12, "unknown factor 'pim' (perhaps 'pin'?)"),
        (19, "unknown level 'bassic'"),
        (20, "unknown key 'attemps' (perhaps 'attempts'?)"),
    ]
    assert "more may show" not in CliRunner().invoke(policies, ["validate", str(path)]).stderr
    path.write_text(MARINA.replace("strength: weak", "strength: weka", 1), encoding="utf-8")
    assert len(check_policy(path)) == 1
    path.write_text(wrong.replace("[date_of_birth]", "5"), encoding="utf-8")
    assert "more may show once this is mended" in CliRunner().invoke(policies, ["validate", str(path)]).stderr


def test_the_commands(tmp_path: Path) -> None:
    runner = CliRunner()
    listed = runner.invoke(policies, ["list"])
    assert [line.split()[0] for line in listed.output.splitlines()] == list(shipped_policies())
    told = json.loads(runner.invoke(policies, ["list", "--json"]).output)
    assert [(one["id"], one["sha256"]) for one in told] == [(name, find_policy(name).sha256) for name in sorted(SETS)]
    assert set(told[0]) == {"id", "version", "language", "title", "sha256"}
    assert runner.invoke(policies, ["show", "bank-en"]).output == find_policy("bank-en").text
    words = runner.invoke(policies, ["show", "--words"]).output
    assert all(word in words for word in (*FACTORS, *CATEGORIES, *INCIDENTS))
    assert "Der Agent" in runner.invoke(policies, ["show", "--words", "telecom-de"]).output
    assert "Warnung" in runner.invoke(policies, ["explain", "telecom-de"]).output
    path = tmp_path / "mine.yaml"
    path.write_text(MARINA, encoding="utf-8")
    words = runner.invoke(policies, ["show", "--words", str(path)]).output
    assert re.search(r"^  pin +Ein", words, re.MULTILINE)
    assert re.search(r"^  berth_number +Die Nummer des Liegeplatzes", words, re.MULTILINE)
    assert re.search(r"^  change: key_change +Der Agent sperrt", words, re.MULTILINE)
    assert "berth_number" not in runner.invoke(policies, ["show", "--words"]).output
    path.write_text(GOOD.replace("[pin]", "[pim]").replace("basic\n", "bad\n"), encoding="utf-8")
    good = runner.invoke(policies, ["validate", *SETS])
    assert (good.exit_code, good.output.count("good")) == (0, 3)
    bad = runner.invoke(policies, ["validate", str(path), "telecom-de", "nowhere"])
    assert bad.exit_code == 2
    assert f"{path}:12: unknown factor 'pim'" in bad.stderr
    assert "nowhere: neither a policy" in bad.stderr
    assert bad.stdout == "telecom-de: good, with warnings\n"


def test_a_policy_may_come_as_a_stream() -> None:
    ours, theirs = os.pipe()
    os.write(theirs, find_policy("telecom-de").text.encode())
    os.close(theirs)
    result = CliRunner().invoke(policies, ["validate", f"/dev/fd/{ours}"])
    os.close(ours)
    assert (result.exit_code, result.stdout) == (0, f"/dev/fd/{ours}: good, with warnings\n")


@pytest.mark.parametrize("policy", [*shipped_policies(), "mine.yaml"])
def test_what_explain_warns_of_validate_tells_with_its_line(
    policy: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    weak = MARINA.replace("strength: strong", "strength: weak").replace(
        "[berth_number, date_of_birth]", "[date_of_birth]"
    )
    Path("mine.yaml").write_text(weak, encoding="utf-8")
    warned = [line for line in explain(find_policy(policy).policy, "en") if line.startswith(("Warning", "Note"))]
    result = CliRunner().invoke(policies, ["validate", policy])
    assert (result.exit_code, result.stdout) == (0, f"{policy}: good{', with warnings' if warned else ''}\n")
    assert CliRunner().invoke(policies, ["validate", policy, "--strict"]).exit_code == bool(warned)
    told = [line.removeprefix(f"{policy}:").partition(": ") for line in result.stderr.splitlines()]
    assert sorted(sentence for _, _, sentence in told) == sorted(warned)
    lines = find_policy(policy).text.splitlines()
    for number, _, sentence in told:
        name = re.search(r"the level (\w+)", sentence)
        assert name is None or lines[int(number) - 1].strip().startswith(f"{name[1]}:")


@pytest.mark.parametrize(
    "path", sorted((Path(__file__).parents[2] / "examples" / "policies").iterdir()), ids=lambda path: path.name
)
def test_the_example_policies_are_good(path: Path) -> None:
    assert check_policy(path) == []
    assert find_policy(path).policy.id
