"""The documentation is true: help, links, paths and commands."""

import re
from pathlib import Path

import click
import pytest
from docs.help import PAGE, commands, page
from tests.command_lines import complaint, lines_of

from ausweis.engines.fake import FakeEngine
from ausweis.policies import check_policy

ALL = {context.command_path: context for context in commands()}
LEAVES = {path: context for path, context in ALL.items() if not isinstance(context.command, click.Group)}


def a_sentence(text: str) -> bool:
    start = text.lstrip("`")[:1]
    return (start.isupper() or start.isdigit()) and text.rstrip().endswith((".", "?", "…"))


@pytest.mark.parametrize("path", ALL)
def test_help_is_made_of_sentences(path: str) -> None:
    command = ALL[path].command
    assert command.help
    paragraphs = [" ".join(paragraph.split()) for paragraph in command.help.split("\n\n")]
    assert all(a_sentence(paragraph.replace("\b", "")) for paragraph in paragraphs[:1])
    options = [option for option in command.params if isinstance(option, click.Option) and not option.hidden]
    assert {option.opts[0]: option.help for option in options if not a_sentence(option.help or "")} == {}


@pytest.mark.parametrize("path", LEAVES)
def test_help_has_an_example(path: str) -> None:
    examples = lines_of(LEAVES[path].command.epilog or "")
    assert any(f"{line} ".startswith(f"{path} ") for line in examples)
    assert [wrong for line in examples if (wrong := complaint(line))] == []


def test_help_page_is_fresh() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "python docs/help.py"


ROOT = Path(__file__).parent.parent
PAGES = {
    str(path.relative_to(ROOT)): path.read_text(encoding="utf-8")
    for path in (ROOT / "README.md", ROOT / "evals" / "README.md", *sorted((ROOT / "docs").glob("*.md")))
}
TOP = r"(?:src|tests|docs|evals|benchmarks|prompts|examples|requirements)/"
UNWRITTEN = ("prompts/agent-turn/2.md", "prompts/own-word/2.md", "prompts/transcript/2.md")
"""Files that a page tells the reader to make."""


def without_code(text: str) -> str:
    return re.sub(r"^```.*?^```$|^ {4}.*$|`[^`\n]*`", "", text, flags=re.MULTILINE | re.DOTALL)


def anchors(text: str) -> set[str]:
    headings = re.findall(r"^#+ (.*)$", text, flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_somewhere(name: str) -> None:
    folder = (ROOT / name).parent
    broken = []
    for link in re.findall(r"\]\(([^)\s]+)\)", PAGES[name]):
        target, _, anchor = link.partition("#")
        if re.match(r"https?:", link):
            continue
        path = folder / target if target else ROOT / name
        if not path.exists() or (anchor and anchor not in anchors(path.read_text(encoding="utf-8"))):
            broken.append(link)
    assert broken == []


@pytest.mark.parametrize("name", PAGES)
def test_paths_exist(name: str) -> None:
    paths = set(re.findall(rf"(?<![\w/.-]){TOP}[\w./*{{}}-]*[\w/*]", PAGES[name]))
    assert sorted(path for path in paths - set(UNWRITTEN) if not any(ROOT.glob(path))) == []


@pytest.mark.parametrize("name", [name for name in PAGES if name != "docs/help.md"])
def test_commands_are_called_as_they_want_to_be(name: str) -> None:
    assert [wrong for line in lines_of(PAGES[name]) if (wrong := complaint(line))] == []


SOURCES = [path for path in (ROOT / "src").rglob("*") if path.suffix in (".py", ".toml", ".j2")]
SENTENCES = {"ausweis eval needs"}
"""What begins like a command."""


def test_pages_and_messages_name_commands_that_are_there() -> None:
    groups = "|".join(path.removeprefix("ausweis ") for path in set(ALL) - set(LEAVES) - {"ausweis"})
    named = {
        name for path in SOURCES for name in re.findall(rf"\bausweis (?:{groups}) [a-z]+", path.read_text("utf-8"))
    }
    assert named - SENTENCES - set(ALL) == set()
    assert len(named) > 20


def test_each_page_is_in_the_index() -> None:
    index = PAGES["docs/README.md"]
    pages = {path.name for path in (ROOT / "docs").glob("*.md")} - {"README.md"}
    assert {page for page in pages if f"({page})" not in index} == set()


def test_readme_is_short() -> None:
    assert len(PAGES["README.md"].split()) <= 900


def fenced_yaml(name: str) -> str:
    match = re.search(r"^```yaml\n(.*?)^```", PAGES[name], flags=re.MULTILINE | re.DOTALL)
    assert match is not None
    return match[1]


def test_the_policy_on_the_page_is_one(tmp_path: Path) -> None:
    file = tmp_path / "ours.yaml"
    file.write_text(fenced_yaml("docs/policies.md") + fenced_yaml("docs/incidents.md"), encoding="utf-8")
    assert check_policy(file) == []


def test_the_script_on_the_page_is_one(tmp_path: Path) -> None:
    file = tmp_path / "answers.yaml"
    file.write_text(fenced_yaml("docs/engines.md"), encoding="utf-8")
    assert FakeEngine.from_file(file).info.id == "fake"


@pytest.mark.parametrize("name", ["github-actions.yml", "gitlab-ci.yml"])
def test_a_ci_recipe_calls_commands_as_they_want_to_be(name: str) -> None:
    """What its lines do is tried in tests/e2e/test_ci_recipes.py."""
    text = (ROOT / "docs" / "ci" / name).read_text(encoding="utf-8")
    lines = re.findall(r"^ *(?:- )?(?:\w+\(\) \{ )?(ausweis .*)$", text, flags=re.MULTILINE)
    assert len(lines) == 4
    assert [wrong for line in lines if (wrong := complaint(line))] == []
