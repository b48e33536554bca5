import getpass
from datetime import timedelta
from pathlib import Path

import pytest
from openpyxl import load_workbook
from tests.cli.processes import Run
from tests.pages.review_days import DAY, filled

from ausweis.errors import InputError, RunError
from ausweis.store import Store


@pytest.fixture
def store(folder: Path) -> Path:
    filled(folder, before=1).close()
    return folder / "ausweis.sqlite"


@pytest.mark.usefixtures("store")
def test_writes_the_formats_that_are_asked_for(run: Run, folder: Path) -> None:
    names = ["review-2026-03-02.html", "day.xlsx", "day.md"]
    result = run(
        "review", "--day", str(DAY), "--out", "reports", "--out", "reports/day.xlsx", "--out", "reports/day.md"
    )
    # The page itself names no option.
    assert (result.code, result.err.count("AUSWEIS_SERVE=URL"), result.err.count("\n")) == (0, 1, 1)
    assert result.out.splitlines() == [f"reports/{name}" for name in names]
    assert "Montag, 2. März 2026" in (folder / "reports" / names[0]).read_text("utf-8")
    assert load_workbook(folder / "reports" / names[1])["Anrufe"].max_row == 1 + 7


@pytest.mark.usefixtures("store")
def test_one_file_several_days_in_english(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUSWEIS_SERVE", "http://127.0.0.1:8321")
    two = f"{DAY - timedelta(days=1)}/{DAY}"
    result = run("review", "--day", two, "--language", "en", "--out", "page.html")
    assert (result.code, result.out, result.err) == (0, "page.html\n", "")
    assert run("review", "--day", str(DAY), "--team", "Nord", "--out", "page.html").code == 0
    result = run("review", "--day", two, "--language", "en", "--out", "page.html")
    assert "review of 2 days" in (folder / "page.html").read_text("utf-8")


@pytest.mark.usefixtures("store")
def test_a_file_gets_the_format_that_its_name_says(run: Run, folder: Path) -> None:
    assert run("review", "--day", str(DAY), "--out", "today.xlsx").code == 0
    assert load_workbook(folder / "today.xlsx")["Anrufe"].max_row == 1 + 7
    assert run("review", "--day", str(DAY), "--out", "today.md").code == 0
    assert (folder / "today.md").read_text("utf-8").startswith("# ")
    assert run("review", "--day", str(DAY), "--out", "TODAY.HTM").code == 0
    assert (folder / "TODAY.HTM").read_text("utf-8").startswith("<!doctype html>")


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize(
    ("options", "told"),
    [
        ((), "no calls are known of 2026-04-01; the store knows calls from 2026-03-01 to 2026-03-02"),
        (
            ("--day", "2026-03-31/2026-04-01", "--queue", "billing"),
            "no calls are known of 2026-03-31 to 2026-04-01 with this --queue; "
            "the store knows such calls from 2026-03-01 to 2026-03-02",
        ),
        (
            ("--queue", "biling"),
            "no calls are known of 2026-04-01 with this --queue; "
            "the store knows calls from 2026-03-01 to 2026-03-02, and the queues <b>moving</b>, billing",
        ),
    ],
)
def test_where_no_calls_are_known_a_line_says_where_some_are(run: Run, options: tuple[str, ...], told: str) -> None:
    result = run("review", "--day", "2026-04-01", "--out", "page.html", *options)
    assert (result.code, result.out, result.err) == (0, "page.html\n", f"ausweis: {told}\n")


def test_a_deleted_call_takes_the_page_with_it(run: Run, folder: Path, store: Path) -> None:
    assert run("review", "--day", str(DAY), "--out", "page.html").code == 0
    # As a process that was killed would have left it.
    (folder / ".page.html.part").write_text("call-2")
    with Store.open(store) as opened:
        opened.delete("call-2")
    assert not (folder / "page.html").exists()
    assert not (folder / ".page.html.part").exists()


def test_a_page_that_could_not_be_written_anew_still_goes_with_its_calls(
    run: Run, folder: Path, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run("review", "--day", str(DAY), "--out", "page.html").code == 0

    def full(path: Path, *_: object, **__: object) -> None:
        raise RunError("the disk is full", place=str(path))

    with monkeypatch.context() as patched:
        patched.setattr("ausweis.journal.replace_file", full)
        assert run("review", "--day", "2026-03-01", "--out", "page.html").code == 2
    assert (folder / "page.html").exists()
    with Store.open(store) as opened:
        opened.delete("call-2")
    assert not (folder / "page.html").exists()


def test_looking_unmasked_is_kept_in_the_chain(run: Run, folder: Path, store: Path) -> None:
    assert run("review", "--day", str(DAY), "--out", "page.html").code == 0
    with Store.open(store) as opened:
        assert not [one for one in opened.chain() if one.what == "unmasked"]
    assert run("review", "--day", str(DAY), "--out", "pages", "--out", "pages/day.xlsx", "--unmasked").code == 0
    with Store.open(store) as opened:
        looked = [one for one in opened.chain() if one.what == "unmasked"]
    assert {one.who for one in looked} == {getpass.getuser()}
    assert len({one.call for one in looked}) == len(looked) == 7


def test_pages_are_for_the_users_eyes_alone(run: Run, folder: Path, store: Path) -> None:
    page, part = folder / "page.html", folder / ".page.html.part"
    for left in (page, part):
        left.write_text("old")
        left.chmod(0o644)
    assert run("review", "--day", str(DAY), "--out", "page.html").code == 0
    assert page.stat().st_mode & 0o777 == 0o600
    assert not part.exists()


def test_one_target_that_fails_does_not_keep_the_others_from_being_told(
    run: Run, folder: Path, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []

    def notify(address: str, review: object) -> None:
        told.append(address)
        if "bad" in address:
            raise InputError(f"could not be sent to {address[8:]}")

    monkeypatch.setattr("ausweis.pages.notify.notify", notify)
    targets = [f"https://{name}.example" for name in ("bad1", "good", "bad2")]
    options = [word for one in targets for word in ("--notify", one)]
    result = run("review", "--day", str(DAY), "--out", "page.html", *options)
    assert told == targets
    assert result.code == 2
    assert "could not be sent to bad1.example; could not be sent to bad2.example" in result.err


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--day", "2026-13-01", "--out", "x"), "--day needs a date such as 2026-03-02"),
        (("--day", "0001-01-01/0001-01-02", "--out", "x"), "--day is too early to be compared with days before"),
        (("--day", "0001-01-14/0001-01-16", "--out", "x"), "--day is too early to be compared with days before"),
        (("--day", "2026-03-01/", "--out", "x"), "--day needs a first and a last day"),
        (("--day", "today", "--out", "x.csv"), "for findings as CSV: ausweis store export"),
        (("--day", "today", "--out", "x", "--notify", "ftp://y"), "--notify needs https://"),
        (("--day", "today", "--out", "x", "--store", "none.sqlite"), "there is no store; name one"),
        (("--day", str(DAY), "--out", "x", "--team", "Solo"), "a team of --team has fewer than 5 calls or 3 agents"),
    ],
)
def test_wrong_use_is_one_sentence(run: Run, folder: Path, options: tuple[str, ...], told: str) -> None:
    result = run("review", *options)
    assert result.code == 2
    assert told in result.err
    assert len(result.err.splitlines()) == 1
    assert not list(folder.glob("x*"))


@pytest.mark.usefixtures("store")
def test_the_first_and_the_last_day_that_there_are(run: Run) -> None:
    for day in ("0001-01-15", "9999-12-31", "9999-12-30/9999-12-31"):
        assert run("review", "--day", day, "--out", "reports").code == 0


@pytest.mark.usefixtures("store")
def test_the_address_of_the_desk_is_one(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUSWEIS_SERVE", "javascript:alert(1)")
    result = run("review", "--day", "today", "--out", "x")
    assert (result.code, "AUSWEIS_SERVE needs the address of ausweis serve" in result.err) == (2, True)
