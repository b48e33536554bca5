import json
import re

import pytest
from tests.cli.processes import Run

from ausweis.store import Store


def test_reviewers_are_invited_listed_and_withdrawn(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUSWEIS_SERVE", "https://review.example.com/")
    Store.open("ausweis.sqlite").close()
    assert run("store", "reviewers")[:2] == (0, "")
    code, out, _ = run("store", "reviewers", "Petra", "invite")
    link = re.search(r"Open https://review\.example\.com/invitation#([\w-]{43})\n", out)
    assert (code, bool(link)) == (0, True)
    assert link
    with Store.open("ausweis.sqlite") as store:
        found = store.reviewer_by_key(link[1])
        assert found is not None
        assert found.name == "Petra"
    assert run("store", "reviewers", "petra", "--role", "lead")[1] == "Petra: lead\n"
    code, _, error = run("store", "reviewers", "PETRA", "invite")
    assert (code, "is there already" in error) == (2, True)
    assert run("store", "reviewers", "Petra", "withdraw")[1] == "Petra: withdrawn\n"
    assert "Petra\tlead\twithdrawn on 20" in run("store", "reviewers")[1]
    assert "/invitation#" in run("store", "reviewers", "Petra", "renew")[1]
    assert "/invitation#" not in run("store", "reviewers", "Ben", "invite", "--no-key")[1]
    assert "Ben\treviewer\tno key" in run("store", "reviewers")[1]
    listed = json.loads(run("store", "reviewers", "--json")[1])
    assert [(one["name"], one["role"], one["has_key"], one["withdrawn"]) for one in listed] == [
        ("Ben", "reviewer", False, None),
        ("Petra", "lead", True, None),
    ]


def test_nobody_is_invited_where_there_is_no_store(run: Run) -> None:
    assert run("store", "reviewers", "Petra", "invite")[0] == 2


def test_who_and_what_belong_together(run: Run) -> None:
    Store.open("ausweis.sqlite").close()
    for arguments in (
        ["Petra"],
        ["--role", "lead"],
        ["Petra", "withdraw", "--role", "lead"],
        ["Petra", "renew", "--json"],
    ):
        assert run("store", "reviewers", *arguments)[0] == 2
