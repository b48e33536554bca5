"""The summary, sent to a real web server and a real mail server on this machine."""

import json
import socket
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from playwright.sync_api import Browser
from tests.axe import complaints
from tests.browser import opened
from tests.german import english_in, ids_in
from tests.pages.review_days import DAY, filled

from ausweis.errors import InputError
from ausweis.pages.notify import ATTEMPTS, LONGEST_NAME, check_address, mail, notify, summary
from ausweis.pages.review import Review, Wanted, review_of
from ausweis.store import CallFilter, Store
from ausweis.vocabulary import LANGUAGES, Language

HOSTILE = (
    "billing\n<!channel> <https://evil.example|Bitte anmelden>",
    "\u202e\r\n0 calls\u2028[Bitte](//evil.example) @here <@U1>",
    "x" * 1000,
)
SECRETS = ("call-", "Krummbiegel", "Lindenallee", "Vertrag mit", "Agent 1", "script")


@pytest.fixture(scope="module")
def review(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Review]:
    with filled(tmp_path_factory.mktemp("days")) as store:
        yield review_of(store, Wanted(DAY, DAY, language="en"))


class Hook:
    """A web server that gives the answers of a list, then 200."""

    def __init__(self, answers: list[int]) -> None:
        self.bodies: list[dict[str, Any]] = []
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                hook.bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(answers.pop(0) if answers else 200)
                self.send_header("Location", "/elsewhere")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}/hook/SECRET"
        self.thread = Thread(target=self.server.serve_forever)

    def __enter__(self) -> "Hook":
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


class Mailbox:
    def __init__(self, refuse: int = 0) -> None:
        self.refuse = refuse
        self.mails: list[bytes] = []
        self.refusals: list[str] = []
        self.asked = 0

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: Any, session: Any, envelope: Any, address: str, options: Any
    ) -> str:
        self.asked += 1
        if self.refusals:
            return self.refusals.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        if self.refuse:
            self.refuse -= 1
            return "451 try again"
        self.mails.append(envelope.content)
        return "250 OK"


@pytest.fixture
def mailbox() -> Iterator[tuple[Mailbox, str]]:
    found = Mailbox()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(found, hostname="127.0.0.1", port=port, ready_timeout=60)
    controller.start()
    yield found, f"smtp://127.0.0.1:{port}/team@example.org?starttls=no&from=ausweis@example.org"
    controller.stop()


def test_the_summary_has_counts_and_ids_and_no_word_of_a_call(review: Review) -> None:
    found = summary(review)
    assert (found["calls"], found["flagged"], found["counts"]["violation"]) == (20, 7, 6)
    worst = found["worst"][0]
    assert (worst["call"], "call_id" in worst) == (next(iter(review.calls)).row.key, False)
    text = json.dumps(found, ensure_ascii=False)
    assert not [secret for secret in SECRETS if secret in text]


def named(review: Review, name: str) -> Review:
    """The review with one change, in a queue of this name."""
    return replace(review, changes=[replace(review.changes[0], where=("queue", name))])


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_of_a_queue_only_shows_in_the_text_and_is_plain_elsewhere(review: Review, name: str) -> None:
    usual = summary(named(review, "billing"))["text"]
    found = summary(named(review, name))
    assert name in found["changes"][0]
    text = found["text"]
    assert len(text.splitlines()) == len(usual.splitlines())
    assert not [sign for sign in ("<", ">", "@here", "@U1", "://", "](", "evil.example", "\u202e") if sign in text]
    assert len(text) < len(usual) + 2 * LONGEST_NAME


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("R&D", "R&amp;D"),
        ("1. Ebene: Nord", "1. Ebene: Nord"),
        (HOSTILE[0], "billing &lt;!channel&gt; &lt;https:\u2060//evil.\u2060example|Bitte anmelden&gt;"),
    ],
)
def test_all_of_a_name_is_there(review: Review, name: str, shown: str) -> None:
    assert f"Queue {shown}, " in summary(named(review, name))["text"]


def test_a_webhook_gets_it(review: Review) -> None:
    with Hook([]) as hook:
        notify(hook.address, review)
    assert hook.bodies == [summary(review)]


def test_a_fault_that_may_pass_is_tried_again(review: Review) -> None:
    waits: list[float] = []
    with Hook([503, 429]) as hook:
        notify(hook.address, review, sleep=waits.append)
    assert (len(hook.bodies), len(waits)) == (3, 2)


@pytest.mark.parametrize(("answers", "tries"), [([404], 1), ([302], 1), ([500] * 9, ATTEMPTS)])
def test_a_fault_that_stays_is_told_without_the_address(review: Review, answers: list[int], tries: int) -> None:
    with Hook(answers) as hook, pytest.raises(InputError) as told:
        notify(hook.address, review, sleep=lambda _: None)
    assert len(hook.bodies) == tries
    assert "127.0.0.1 (answer" in str(told.value)
    assert "SECRET" not in str(told.value)


def test_nobody_there(review: Review) -> None:
    with pytest.raises(InputError, match=r"could not be sent to 127\.0\.0\.1"):
        notify("http://127.0.0.1:9/hook", review, sleep=lambda _: None)


def test_a_mailbox_gets_it(review: Review, mailbox: tuple[Mailbox, str]) -> None:
    box, address = mailbox
    box.refuse = 1
    notify(address, review, sleep=lambda _: None)
    (mail,) = box.mails
    message = message_from_bytes(mail, policy=default)
    assert message["Subject"] == "Ausweis, Monday, 2 March 2026: 6 with a violation, 1 with an incident, 7 to review"
    assert (message["To"], message["From"]) == ("team@example.org", "ausweis@example.org")
    body = message.get_body(("plain",))
    assert body is not None
    text = body.get_content()
    assert "6 with a violation, 30% (usually 5%)" in text
    assert f"critical: Call {review.calls[0].row.key}, no authentication, threatens with a lawyer or court" in text
    page = message.get_body(("html",))
    assert page is not None
    assert "<b>critical</b>" in page.get_content()
    assert not [secret for secret in SECRETS for part in (text, page.get_content()) if secret in part]


def test_a_name_of_a_queue_only_shows_in_a_mail(review: Review, mailbox: tuple[Mailbox, str]) -> None:
    box, address = mailbox
    notify(address, named(review, HOSTILE[0]), sleep=lambda _: None)
    body = message_from_bytes(box.mails[0], policy=default).get_body(("plain",))
    assert body is not None
    (line,) = [line for line in body.get_content().splitlines() if "evil" in line]
    assert line.startswith("- Queue billing <!channel> <https:\u2060//evil.\u2060example|")
    assert "://" not in line


def test_a_recipient_who_is_refused_for_now_is_tried_again(review: Review, mailbox: tuple[Mailbox, str]) -> None:
    box, address = mailbox
    box.refusals = ["450 greylisted, come back later"]
    notify(address, review, sleep=lambda _: None)
    assert (len(box.mails), box.asked) == (1, 2)


def test_a_recipient_who_is_refused_for_good_is_not(review: Review, mailbox: tuple[Mailbox, str]) -> None:
    box, address = mailbox
    box.refusals = ["550 no such user"] * ATTEMPTS
    with pytest.raises(InputError, match=r"could not be sent to 127\.0\.0\.1"):
        notify(address, review, sleep=lambda _: None)
    assert (box.mails, box.asked) == ([], 1)


def test_a_mail_server_without_starttls_gets_nothing(review: Review, mailbox: tuple[Mailbox, str]) -> None:
    box, address = mailbox
    with pytest.raises(InputError, match="offers no STARTTLS"):
        notify(address.partition("?")[0], review, sleep=lambda _: None)
    assert box.mails == []


def test_an_error_of_the_address_itself_is_told_in_a_sentence(review: Review) -> None:
    with pytest.raises(InputError, match="could not be sent to"):
        notify(f"smtp://{'x' * 70}.example/a@b.c", review, sleep=lambda _: None)


@pytest.mark.parametrize(
    "address",
    [
        *("ftp://x/y", "smtp://host", "smtp://host/nobody", "mailto:a@b.c", "https://", ""),
        *("https://hooks.example:abc/T0/S", "smtp://h:abc/x@y", "https://[bad/", "https://h:99999/", "http://h\x01/"),
    ],
)
def test_an_address_that_cannot_be_notified_is_refused(address: str) -> None:
    with pytest.raises(InputError, match="--notify needs"):
        check_address(address)


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


def review_of_mail(store: Store, language: Language = "de", **more: object) -> Review:
    return review_of(store, replace(Wanted(DAY, DAY, language=language, serve=DESK), **more))  # type: ignore[arg-type]


def parts(found: EmailMessage) -> tuple[str, str]:
    """Text and HTML."""
    plain, html = found.get_body(("plain",)), found.get_body(("html",))
    assert plain is not None
    assert html is not None
    return plain.get_content(), html.get_content()


def test_the_subject_tells_day_and_counts_in_the_language_of_the_review(store: Store) -> None:
    told = {language: mail(review_of_mail(store, language), "a@b.example", "c@d.example") for language in LANGUAGES}
    assert told["de"]["Subject"] == "Ausweis, Montag, 2. März 2026: 6 mit Verstoß, 1 mit Vorfall, 7 zu prüfen"
    assert told["en"]["Subject"] == (
        "Ausweis, Monday, 2 March 2026: 6 with a violation, 1 with an incident, 7 to review"
    )
    assert [told[language]["Content-Language"] for language in told] == ["de", "en"]


def test_it_leads_to_the_worst_calls_the_objections_and_the_day(store: Store) -> None:
    found = review_of_mail(store)
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
    plain, html = parts(mail(review_of_mail(store, serve=None), "a@b.example", "c@d.example"))
    assert "http" not in plain
    assert "<a " not in html
    assert "Alle Anrufe dieses Berichts" not in plain


@pytest.mark.parametrize("language", ["de", "en"])
def test_no_word_of_a_call_and_no_name_is_in_it(store: Store, language: Language) -> None:
    for body in parts(mail(review_of_mail(store, language), "a@b.example", "c@d.example")):
        assert not [secret for secret in (*SECRETS, "Ilse", "Lea", "agent-") if secret in body]


@pytest.mark.parametrize("name", HOSTILE)
def test_names_of_queues_only_show(store: Store, name: str) -> None:
    plain, html = parts(mail(named(review_of_mail(store, serve=None), name), "a@b.example", "c@d.example"))
    for body in (plain, html):
        assert not [sign for sign in ("://", "](", "evil.example", "\u202e") if sign in body]
    assert "<!channel" not in html
    assert len(plain.splitlines()) == len(
        parts(mail(named(review_of_mail(store, serve=None), "billing"), "a@b.example", "c@d.example"))[0].splitlines()
    )


def test_a_header_takes_no_second_line(store: Store) -> None:
    found = mail(review_of_mail(store), "a@b.example\r\nBcc: x@y.example", "c@d.example\nX: y")
    assert found["Bcc"] is None
    assert found["X"] is None


def test_a_german_mail_is_german(store: Store) -> None:
    plain, _ = parts(mail(review_of_mail(store, serve=None), "a@b.example", "c@d.example"))
    # Names of queues are as they are.
    text = plain.replace("billing", "").replace("moving", "")
    assert (english_in(text), ids_in(text)) == (set(), set())


def test_a_day_without_calls_says_so(store: Store) -> None:
    day = DAY + timedelta(days=9)
    found = mail(review_of_mail(store, first=day, last=day), "a@b.example", "c@d.example")
    assert found["Subject"] == "Ausweis, Mittwoch, 11. März 2026: keine Anrufe"
    plain, _ = parts(found)
    assert "Gespeichert sind Anrufe vom" in plain
    assert "Offene Einsprüche:" in plain


@pytest.mark.parametrize(("width", "dark"), [(390, True), (1000, False)])
def test_it_is_readable_in_a_browser(browser: Browser, store: Store, tmp_path: Path, width: int, dark: bool) -> None:
    _, html = parts(mail(review_of_mail(store), "a@b.example", "c@d.example"))
    (tmp_path / "mail.html").write_text(html, encoding="utf-8")
    with opened(browser, tmp_path / "mail.html", width=width, dark=dark) as found:
        assert found.page.evaluate("document.documentElement.scrollWidth") <= width
        assert complaints(found.page) == []
        assert all(one.startswith("file:") for one in found.requests)
