"""The rule: YAML that a user writes is read as plain data, or refused with its line; it never fails in another way."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from evals.lab.training.options import wordings_of
from pydantic import BaseModel

from ausweis.engines import fake
from ausweis.engines.fake import FakeEngine
from ausweis.engines.learned_index import LearnedIndex
from ausweis.engines.weights import catalogue
from ausweis.errors import AusweisError
from ausweis.labelled import read_labelled
from ausweis.policies import Policy, check_policy, find_policy
from ausweis.prompts import Template, lint_file, template
from ausweis.user_yaml import MAX_BYTES, Document, UserYamlError, load


def bomb(first: str, more: str) -> str:
    return "\n".join([first, *(f"a{n}: &a{n} {more}".replace("*", f"*a{n - 1}") for n in range(1, 9))])


BOMB = bomb("a0: &a0 [x, x, x, x, x, x]", "[*, *, *, *, *, *]")
TAG = "a tag (!…) does not belong here"
ALIAS = "an alias (*…) does not belong here"

BROKEN = {
    "a list as key": ("a: 1\n? [b, c]\n: d", 2, "a key must be text"),
    "a list as key in a line": ("a: {[b]: c}", 1, "a key must be text"),
    "a mapping as key": ("? {a: b}\n: c", 1, "a key must be text"),
    "an alias of a list as key": ("a: &a [b]\n*a : c", 2, ALIAS),
    "a number as key": ("a: 1\n2: 3", 2, "a key must be text"),
    "no key": ("~: 3", 1, "a key must be text"),
    "true as key": ("true: 3", 1, "a key must be text"),
    "a date as key": ("2025-01-01: 3", 1, "a key must be text"),
    "no number as key": (".nan: 3", 1, "a key must be text"),
    "itself as key": ("a: &a\n  ? *a\n  : b", 2, ALIAS),
    "key twice": ("a: 1\nb: 2\na: 3", 3, "found a duplicate key"),
    "merge": ("b: &b {c: 1}\na: {<<: *b}", 2, ALIAS),
    "merge of text": ("<<: b", 1, "a key must be text"),
    "alias": ("a: &a 1\nb: [c,\n *a]", 3, ALIAS),
    "alias of itself": ("a: &a [*a]", 1, ALIAS),
    "bomb": (BOMB, 2, ALIAS),
    "deep lists": ("[" * 1_000_000, 1, "nested too deeply"),
    "deep mappings": ("{a: " * 100_000, 1, "nested too deeply"),
    "deep blocks": ("\n".join(" " * n + "a:" for n in range(400)), 50, "nested too deeply"),
    "deep dashes": ("- " * 100_000, 1, "nested too deeply"),
    "too many parts": ("a: 1\nb: [" + "1," * 60_000, 2, "more than 50,000"),
    "digits": ("a: 1\nb: " + "9" * 5000, 2, "number, date or tagged value"),
    "13th month": ("a: 1\nb: 2025-13-01", 2, "number, date or tagged value"),
    "a number that is none": ("a: !!int b", 1, "number, date or tagged value"),
    "an empty number": ("a: !!int ''", 1, "number, date or tagged value"),
    "no yes or no": ("a: !!bool perhaps", 1, "number, date or tagged value"),
    "a date that is none": ("a: !!timestamp b", 1, "number, date or tagged value"),
    "code": ("a: 1\nb: !!python/object/apply:os.system ['true']", 2, TAG),
    "own tag": ("a: !foo b", 1, TAG),
    "own tag of a list": ("a: !foo [b]", 1, TAG),
    "a set": ("a: !!set {b, c}", 1, TAG),
    "bytes": ("a: !!binary YQ==", 1, TAG),
    "a list as text": ("a: !!str [b]", 1, TAG),
    "merge as value": ("a: <<", 1, TAG),
    "half a character": ('a: 1\nb: "\\ud800"', 2, "half of a surrogate pair"),
    "no character": ('a: 1\nb: "\\UFFFFFFFF"', 2, "character or value"),
    "control character": ("a: 1\nb: \x01", 2, "character or value"),
    "tab": ("a:\n\tb: 1", 2, "indent with blanks, not with tabs"),
    "tab behind blanks": ("a:\n  b: |\n  \tc", 3, "indent with blanks, not with tabs"),
    "tab in a line": ("a:\tb", 1, "write a blank instead of the tab"),
    "sign first": ("a: 1\nb: @c", 2, "a text cannot begin with '@'; put it in quotes"),
    "colon in a text": ("a: 1\nb: c: d", 2, "a colon followed by a blank inside a text: put the whole text in quotes"),
    "colon in a text of several lines": ("a: b\n  c d: e", 2, "a colon followed by a blank inside a text: put"),
    "colon behind quotes": ("a: 'b': c", 1, "a colon followed by a blank inside a text: put the whole text in quotes"),
    "colon in braces": ("a: {b: c: d}", 1, "a colon followed by a blank inside a text: put the whole text in quotes"),
    "colon in a list": ("a: [b: c: d]", 1, "a colon followed by a blank inside a text: put the whole text in quotes"),
    "colon last": ("a: b:", 1, "a colon inside a text: put the whole text in quotes"),
    "key too far in": ("a: 1\n  b: 2", 2, "indent keys alike"),
    "no blank behind a colon": ("a:1\nb: 2", 2, "with a blank behind each colon"),
    "two documents": ("a: 1\n---\nb: 2", 2, "a second document begins here (---); put it in a file of its own"),
    "a document ended": ("a: 1\n...\nb: 2", 3, "a second document begins here; put it in a file of its own"),
    "unknown alias": ("a: *b", 1, ALIAS),
    "open list": ("a: [b", 1, "parsing a flow sequence"),
    "open quote": ("a: 'b", 1, "quoted scalar"),
    "an old version": ("%YAML 3.7\n---\na: 1", 1, "version"),
}


@pytest.mark.parametrize(("text", "line", "words"), BROKEN.values(), ids=BROKEN.keys())
def test_broken_yaml_is_refused_with_its_line(text: str, line: int, words: str) -> None:
    with pytest.raises(UserYamlError) as caught:
        load(text)
    assert words in caught.value.message
    assert "\n" not in caught.value.message
    assert caught.value.line == line


def test_plain_data() -> None:
    document = load("a: {x: 1, y: 2.5}\nc: [{x: two}, ~, true, 2025-01-31]\nd: &unused 3")
    assert document.data["a"] == {"x": 1, "y": 2.5}
    assert document.data["c"][:3] == [{"x": "two"}, None, True]
    assert document.data["d"] == 3
    assert load("") == Document(None, None)


def test_the_line_of_a_part() -> None:
    document = load("# first\na:\n  - b: 1\n  -\n    c: 2\nd: [x, y]")
    wanted = {(): 2, ("a",): 2, ("a", 0): 3, ("a", 1, "c"): 5, ("a", 1, "none"): 5, ("a", 9): 2, ("d", "y"): 6}
    assert {path: document.line(path) for path in wanted} == wanted
    assert load("").line(("a",)) == 1


def _own_catalogue(path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv(catalogue.CATALOGUE_VARIABLE, str(path))
    return catalogue.entries()


READERS: dict[str, tuple[str, Callable[[Path, pytest.MonkeyPatch], Any]]] = {
    "policy": ("{}\n", lambda path, _: find_policy(path)),
    "answers": ("{}\n", lambda path, _: FakeEngine.from_file(path)),
    "catalogue": ("{}\n", _own_catalogue),
    "template": ("---\n{}\n---\n=== system ===\na\n=== user ===\nb\n", lambda path, _: Template.load(path)),
}


@pytest.mark.parametrize("reader", READERS)
def test_each_file_of_yaml_is_read_in_this_one_way(
    reader: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame, read = READERS[reader]
    for number, text in enumerate(["? [a]\n: b", "a: &a {<<: *a}", BOMB, "a: " + "[" * 9999, "~", "5", "", "a: \x00"]):
        path = tmp_path / f"{number}.yaml"
        path.write_text(frame.format(text), encoding="utf-8")
        with pytest.raises(AusweisError) as caught:
            read(path, monkeypatch)
        assert str(path) in str(caught.value)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("reader", READERS)
def test_each_refuses_what_is_no_file_of_text(reader: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    large, latin = tmp_path / "large.yaml", tmp_path / "latin.yaml"
    large.write_bytes(b"#" * (MAX_BYTES + 1))
    latin.write_bytes(b"---\na: \xff\n---\n")
    odd = [Path("\ud800.yaml"), Path("a\0b.yaml")] if reader != "catalogue" else []  # no variable may hold these
    for path in (large, latin, tmp_path, Path("/dev/zero"), Path("a" * 5000), tmp_path / "none.yaml", *odd):
        with pytest.raises(AusweisError) as caught:
            READERS[reader][1](path, monkeypatch)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("model", [Policy, fake._File, catalogue._Catalogue, template._FrontMatter])
def test_each_number_and_each_yes_is_written_as_such(model: type[BaseModel]) -> None:
    """`true` is no number, 1.0 is none that counts, "3" is text, and 1 is no yes."""
    assert list(_lax(model.__pydantic_core_schema__)) == []


def _lax(schema: Any) -> Iterator[Any]:
    """The parts of a schema that take values of another type; what is any JSON says its type itself."""
    if isinstance(schema, Mapping):
        is_any = "pydantic_internal_union_tag_key" in schema.get("metadata", {})
        if schema.get("type") in ("int", "float", "bool") and not schema.get("strict") and not is_any:
            yield schema
        yield from _lax(list(schema.values()))
    elif isinstance(schema, list | tuple):
        for part in schema:
            yield from _lax(part)


SECRET = "Zwetschge4711"
OTHERS = {
    "passwords": f"root:*:19000:0:99999:7:::\n{SECRET}:$6$x$y:19000:0:99999:7:::\n",
    "one account": f"{SECRET}:*:19000:0:99999:7:::\n",
    "settings": f"db:\n  password: {SECRET}\n{SECRET}: 1\n",
    "a key twice": f"{SECRET}: 1\n{SECRET}: 2\n",
    "a number as key": f"{SECRET}:\n  4711: x\n",
    "a tag": f"a: !{SECRET} b\n",
    "a tag with a handle": f"a: !{SECRET}!b c\n",
    "a handle twice": f"%TAG !{SECRET}! x\n%TAG !{SECRET}! y\n---\na: 1\n",
    "an alias": f"a: *{SECRET}\n",
    "an anchor twice": f"a: &{SECRET} 1\nb: &{SECRET} 2\n",
    "environment": f"TOKEN={SECRET}\nexport A='{SECRET}'\n",
    "a key file": f"-----BEGIN PRIVATE KEY-----\n{SECRET}\n-----END PRIVATE KEY-----\n",
    "a list": f"- {SECRET}: 1\n",
    "JSON": f'{{"{SECRET}": "{SECRET}"}}\n',
    "a page": f"---\n{SECRET}: {SECRET}\n---\n== {SECRET} ==\n",
    "a colon in a text": f"a: {SECRET}: {SECRET}\n",
    "a quote": f"a: '{SECRET}\n",
}


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.parametrize("reader", [*READERS, "golden file", "wordings", "learned.yaml"])
def test_nothing_is_quoted_of_a_file_that_is_none_of_ours(
    reader: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "learned.yaml"
    frame, read = {
        **READERS,
        "golden file": ("{}", lambda path, _: list(read_labelled(path))),
        "wordings": ("{}", lambda path, _: wordings_of(path)),
        "learned.yaml": ("{}", lambda path, _: LearnedIndex.read(path.parent)),
    }[reader]
    for text in (OTHERS[name], frame.format(OTHERS[name])):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(AusweisError) as caught:
            read(path, monkeypatch)
        problems = [problem.message for problem in check_policy(path)]
        problems += [problem.message for problem in lint_file(path)]
        assert SECRET not in " ".join([str(caught.value), *problems])
