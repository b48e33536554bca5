"""The mail of each morning: what a manager wants to know first, in their language, and not a word of a call."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from tests.axe import complaints
from tests.browser import opened
from tests.german import english_in, ids_in
from tests.reports.review_days import DAY, filled
from tests.reports.test_notify import HOSTILE, SECRETS, named

from ausweis.reports.mail import mail
from ausweis.reports.review_source import Review, Wanted, review_of
from ausweis.store import CallFilter, Store
from ausweis.vocabulary import LANGUAGES, Language

DESK = "https://review.example.org"
TODAY = date.today()


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """Six violations on the last day, and two objections: one overdue, one that ends in three days."""
    with filled(tmp_path_factory.mktemp("days")) as found:
        late, soon = found.keys(CallFilter(outcomes=("violation",)))[:2]
        past = TODAY - timedelta(days=20)
        for key, today, deadline in ((late, past, None), (soon, TODAY, TODAY + timedelta(days=3))):
            found.raise_objection(
                key,
                side="Ilse Krummbiegel",
                reason="So war es in der Lindenallee nicht.",
                by="Lea",
                today=today,
                deadline=deadline,
            )
        yield found


def review(store: Store, language: Language = "de", **more: object) -> Review:
    return review_of(store, replace(Wanted(DAY, DAY, language=language, serve=DESK), **more))  # type: ignore[arg-type]


def parts(found: EmailMessage) -> tuple[str, str]:
    """Text and HTML."""
    plain, html = found.get_body(("plain",)), found.get_body(("html",))
    assert plain is not None
    assert html is not None
    return plain.get_content(), html.get_content()


def test_the_subject_tells_day_and_counts_in_the_language_of_the_review(store: Store) -> None:
    told = {language: mail(review(store, language), "a@b.example", "c@d.example") for language in LANGUAGES}
    assert told["de"]["Subject"] == "Ausweis, Montag, 2. März 2026: 6 mit Verstoß, 1 mit Vorfall, 7 zu prüfen"
    assert told["en"]["Subject"] == (
        "Ausweis, Monday, 2 March 2026: 6 with a violation, 1 with an incident, 7 to review"
    )
    assert [told[language]["Content-Language"] for language in told] == ["de", "en"]


def test_it_leads_to_the_worst_calls_the_objections_and_the_day(store: Store) -> None:
    found = review(store)
    for body in map(str, parts(mail(found, "a@b.example", "c@d.example"))):
        worst = found.calls[0].row.key
        assert f"{DESK}/calls/{worst}" in body
        for one in found.open_objections:
            assert f"{DESK}/objections/{one.key}" in body
        assert f"{DESK}/?show=all&" in body.replace("&amp;", "&")
        assert "first=2026-03-02&last=2026-03-02" in body.replace("&amp;", "&")
        assert "seit 6 Tagen überfällig" in body
        assert "noch 3 Tage" in body
        assert "2 neue Einsprüche" in body
        assert "Kam am Tag davor nicht vor: droht mit Anwalt oder Gericht" in body
    assert [one.deadline for one in found.open_objections] == sorted(one.deadline for one in found.open_objections)


def test_without_the_address_of_the_desk_there_are_no_links(store: Store) -> None:
    plain, html = parts(mail(review(store, serve=None), "a@b.example", "c@d.example"))
    assert "http" not in plain
    assert "<a " not in html
    assert "Alle Anrufe dieses Berichts" not in plain


@pytest.mark.parametrize("language", ["de", "en"])
def test_no_word_of_a_call_and_no_name_is_in_it(store: Store, language: Language) -> None:
    for body in parts(mail(review(store, language), "a@b.example", "c@d.example")):
        assert not [secret for secret in (*SECRETS, "Ilse", "Lea", "agent-") if secret in body]


@pytest.mark.parametrize("name", HOSTILE)
def test_names_of_queues_only_show(store: Store, name: str) -> None:
    plain, html = parts(mail(named(review(store, serve=None), name), "a@b.example", "c@d.example"))
    for body in (plain, html):
        assert not [sign for sign in ("://", "](", "evil.example", "\u202e") if sign in body]
    assert "<!channel" not in html
    assert len(plain.splitlines()) == len(
        parts(mail(named(review(store, serve=None), "billing"), "a@b.example", "c@d.example"))[0].splitlines()
    )


def test_a_header_takes_no_second_line(store: Store) -> None:
    found = mail(review(store), "a@b.example\r\nBcc: x@y.example", "c@d.example\nX: y")
    assert found["Bcc"] is None
    assert found["X"] is None


def test_a_german_mail_is_german(store: Store) -> None:
    plain, _ = parts(mail(review(store, serve=None), "a@b.example", "c@d.example"))
    # Names of queues are as they are.
    text = plain.replace("billing", "").replace("moving", "")
    assert (english_in(text), ids_in(text)) == (set(), set())


def test_a_day_without_calls_says_so(store: Store) -> None:
    day = DAY + timedelta(days=9)
    found = mail(review(store, first=day, last=day), "a@b.example", "c@d.example")
    assert found["Subject"] == "Ausweis, Mittwoch, 11. März 2026: keine Anrufe"
    plain, _ = parts(found)
    assert "Gespeichert sind Anrufe vom" in plain
    assert "Offene Einsprüche:" in plain


@pytest.mark.parametrize(("width", "dark"), [(390, True), (1000, False)])
def test_it_is_readable_in_a_browser(browser: Browser, store: Store, tmp_path: Path, width: int, dark: bool) -> None:
    _, html = parts(mail(review(store), "a@b.example", "c@d.example"))
    (tmp_path / "mail.html").write_text(html, encoding="utf-8")
    with opened(browser, tmp_path / "mail.html", width=width, dark=dark) as found:
        assert found.page.evaluate("document.documentElement.scrollWidth") <= width
        assert complaints(found.page) == []
        assert all(one.startswith("file:") for one in found.requests)
