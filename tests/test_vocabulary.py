"""The rule: a factor, category, violation or incident is one record, from which all of the program takes its own."""

import ast
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import TypeAdapter

import ausweis
from ausweis.facts import EventKind
from ausweis.masking import mask
from ausweis.masking.kinds import shown_as
from ausweis.policies import find_policy
from ausweis.policies.explain import explain
from ausweis.reading.questions import VERBS, Question, meaning
from ausweis.vocabulary import (
    CATEGORIES,
    FACTORS,
    GRAVEST,
    INCIDENTS,
    LANGUAGES,
    LEVELS,
    SEVERITIES,
    SEVERITY_NAMES,
    VIOLATIONS,
    Category,
    CategoryRecord,
    Factor,
    FactorRecord,
    IncidentId,
    Language,
    ViolationType,
    hot_words,
    name_of,
)

SOURCE = Path(ausweis.__file__).parent
ORDINARY = {"name", "address", "password", *get_args(EventKind)}
"""Ids that are words of other things as well: columns, options, kinds of masks and of events."""
TABLES: tuple[tuple[Any, Mapping[Any, Any]], ...] = (
    (Factor, FACTORS),
    (Category, CATEGORIES),
    (ViolationType, VIOLATIONS),
    (IncidentId, INCIDENTS),
)


@pytest.mark.parametrize(("ids", "records"), TABLES)
def test_ids_and_records_are_the_same_in_the_same_order(ids: Any, records: Mapping[str, Any]) -> None:
    assert get_args(ids) == tuple(records)
    assert all(record.id == word for word, record in records.items())


@pytest.mark.parametrize(("ids", "records"), TABLES)
def test_each_field_of_a_record_is_of_its_type(ids: Any, records: Mapping[str, Any]) -> None:
    for record in records.values():
        TypeAdapter(type(record)).validate_python(asdict(record))
    assert set(GRAVEST) == set(VIOLATIONS)
    assert set(SEVERITY_NAMES) == set(SEVERITIES)
    assert {name for texts in (*SEVERITY_NAMES.values(), *LEVELS.values()) for name in texts} == set(LANGUAGES)


def literals() -> Iterator[tuple[str, str]]:
    words = (set(FACTORS) | set(CATEGORIES)) - ORDINARY
    for path in SOURCE.rglob("*.py"):
        module = path.relative_to(SOURCE).as_posix()
        if module != "vocabulary.py":
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in words:
                    yield node.value, module


def test_no_module_outside_the_registry_knows_a_factor_or_category_by_its_id() -> None:
    assert list(literals()) == []


@pytest.mark.parametrize("language", get_args(Language))
@pytest.mark.parametrize("record", FACTORS.values(), ids=list(FACTORS))
def test_every_place_has_what_it_needs_of_a_factor(record: FactorRecord, language: Language) -> None:
    assert name_of(record.id, language) == record.name[language]
    assert record.sentence[language].endswith(".")
    assert set(record.hot_words[language]) <= set(hot_words([record.id], language))
    assert shown_as(record.mask, language).startswith("‹")
    if record.looks_like:
        for verb in ("asks", "gives", "reads out"):
            assert meaning(f"{verb} {record.label}") == Question(VERBS[verb], record.id)
        told = " ".join(explain(find_policy("telecom-de").policy, language))
        assert re.search(rf"\b{re.escape(record.name[language])}\b", told)


@pytest.mark.parametrize("record", CATEGORIES.values(), ids=list(CATEGORIES))
def test_every_place_has_what_it_needs_of_a_category(record: CategoryRecord) -> None:
    verb = "tells" if record.kind == "disclosure" else "changes"
    assert meaning(f"{verb} {record.label}") == Question(VERBS[verb], record.id)
    for language in get_args(Language):
        assert name_of(record.id, language) == record.name[language]
        assert record.sentence[language].endswith(".")


@pytest.mark.parametrize("language", get_args(Language))
def test_names_are_there_in_both_languages_and_own_ones_are_shown_as_they_are_named(language: Language) -> None:
    for _, records in TABLES:
        assert all(name_of(word, language) == record.name[language] != "" for word, record in records.items())
    assert name_of("kulanz_ohne_freigabe", language) == "kulanz ohne freigabe"


def test_the_glossary_has_every_factor_and_category() -> None:
    glossary = (SOURCE.parents[1] / "docs" / "glossary.md").read_text(encoding="utf-8")
    assert {word for word in (*FACTORS, *CATEGORIES) if f"`{word}`" not in glossary} == set()


def test_hot_words_stand_once_and_in_the_order_of_the_records() -> None:
    assert hot_words(["one_time_code", "pin", "pin", "no_factor"], "de") == ("PIN", "TAN", "SMS-Code")


def test_mask_of_a_text_says_what_it_was() -> None:
    assert mask("Meine Nummer ist 481733.", language="de") == "Meine Nummer ist ‹Nummer›."


RECORD = """[factors.shoe_size]
name = { de = "Schuhgröße", en = "shoe size" }
sentence = { de = "Die Schuhgröße.", en = "The size of the shoes." }
looks_like = "digits"
strength = "strong"
mask = "code"
read_out = "contact_data"
hot_words = { de = ["Schuhgröße"], en = ["shoe size"] }

[categories.contact_data]"""
USE = """
from ausweis.judging import judge
from ausweis.facts import EventKind
from ausweis.policies.explain import explain
from ausweis.policies import Policy
from ausweis.calls.call import Call, Turn
from ausweis.masking import Masker
from ausweis.facts import Event, Facts
from ausweis.reading.questions import Question, factors_of, meaning
from ausweis.reading.plain_words import plausible
from ausweis.pages.words import Words
from ausweis.vocabulary import hot_words

levels = {"low": {"any_of": [["shoe_size"]]}}
policy = Policy(id="p", version="1", title="T", levels=levels, actions={}, name_required=False)
assert policy.strength("shoe_size") == "strong"
assert "Schuhgröße" in " ".join(explain(policy, "de"))
assert meaning("gives shoe size") == Question("gives", "shoe_size")
assert factors_of(["gives shoe size"]) == {"shoe_size"}
assert not plausible(Question("gives", "shoe_size"), "Gern.", "")
assert hot_words(policy.factors, "en")[-1] == "shoe size"
assert Words("de").word("shoe_size") == "Schuhgröße"
turns = [Turn(speaker="caller", text="It is 43."), Turn(speaker="agent", text="You live here.")]
call = Call(id="c", language="en", turns=turns)
gives = Event(kind="gives", subject="shoe_size", turn=1, quote="It is 43.")
tells = Event(kind="discloses", subject="contact_data", turn=2, quote="You live here.")
facts = Facts(call_id="c", turns=2, events=(gives, tells))
assert Masker.of(call, facts).turn(1) == "It is ‹code›."
assert judge(facts, policy).outcome == "compliant"
reads_out = gives.model_copy(update={"kind": "reads_out"})
leaked = judge(facts.model_copy(update={"events": (reads_out,)}), policy)
assert "factor_leaked" in [violation.type for violation in leaked.violations]
assert [action.category for action in leaked.actions] == ["contact_data"]
"""


def test_a_new_factor_is_one_record(tmp_path: Path) -> None:
    copy = tmp_path / "ausweis"
    shutil.copytree(SOURCE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    for name, before, with_new in (
        ("vocabulary.py", '"pre_authenticated",', '"pre_authenticated", "shoe_size",'),
        ("vocabulary.toml", "[categories.contact_data]", RECORD),
    ):
        path = copy / name
        text = path.read_text(encoding="utf-8")
        assert before in text
        path.write_text(text.replace(before, with_new, 1), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", USE], cwd=tmp_path, env={"PYTHONPATH": str(tmp_path)}, text=True, capture_output=True
    )
    assert done.returncode == 0, done.stderr
