"""How soon the review of a day stands, how large it is, and how soon the pages of `ausweis serve` come.

    python benchmarks/review_pages.py --calls 2000
    python benchmarks/review_pages.py --calls 100000 --days 50
    python benchmarks/review_pages.py --calls 1700 --days 17 --pictures docs     # the pictures there; needs Chromium

The calls are those of the golden set, again and again, with the facts of their labels, judged by the policy that ships:
six in ten are flagged; a call of 2,000 turns is put together of them. Both programs run as their user runs them, each
page is asked for once, cold, and then five times over a socket, of which the middle one counts.
"""

import argparse
import os
import random
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, timedelta, timezone
from datetime import time as clock
from pathlib import Path

import httpx
from store_writing import made_up_origin

from ausweis.calls.call import Call
from ausweis.facts import Facts
from ausweis.judging.judge import judge
from ausweis.judging.verdict import Verdict
from ausweis.labelled import LabelledCall, gold_facts, read_all
from ausweis.policies import find_policy
from ausweis.store import Store
from ausweis.store.schema import batches

GOLDEN = Path(__file__).parents[1] / "evals" / "golden" / "dev.jsonl"
LAST_DAY = date(2026, 3, 2)
ZONE = timezone(timedelta(hours=1))
REPEATS = 5
LONG = 2000
"""Turns of the long call."""
TICKS = os.sysconf("SC_CLK_TCK")
ONE_CALL = re.compile(r'class="row[^"]*" href="(/calls/[^"]+)"')


def make_store(folder: Path, count: int, days: int, recording: Path | None = None) -> Path:
    """A store of so many calls, those of the last day and of some days before it; the former with a recording."""
    chance = random.Random(1)
    labelled = read_all([GOLDEN])
    facts = [gold_facts(one) for one in labelled]
    verdicts = [judge(told, find_policy(one.gold.policy).policy) for told, one in zip(facts, labelled, strict=True)]

    def made() -> Iterator[tuple[Call, Facts, Verdict]]:
        for number in range(count):
            place, name = number % len(labelled), f"call-{number:06}"
            call, verdict = labelled[place].call, verdicts[place]
            told = {"call_id": name, "risk": round(abs(verdict.risk - chance.random() * 0.3), 4)}
            read = facts[place].model_copy(update={"call_id": name})
            yield _placed(call, name, number % days, chance), read, verdict.model_copy(update=told)
        name = f"call-{count:06}"
        call, read, verdict = _long_call(labelled, facts, name)
        yield _placed(call, name, 0, chance), read, verdict

    path = folder / "calls.sqlite"
    begun = time.perf_counter()
    audio = {f"call-{number:06}": (recording,) for number in range(0, count, days)} if recording else {}
    with Store.open(path) as store:
        run = store.begin(made_up_origin(), started="2026-03-02T20:00:00Z")
        for batch in batches(made(), 200):
            run.add_all(batch, {call.id: audio[call.id] for call, _, _ in batch if call.id in audio})
    print(f"{'filled':<30} {time.perf_counter() - begun:6.2f} s  {path.stat().st_size / 2**20:,.0f} MiB")
    return path


def _long_call(labelled: Sequence[LabelledCall], facts: Sequence[Facts], name: str) -> tuple[Call, Facts, Verdict]:
    """Golden calls one behind the other, as one call."""
    turns, events = [], []
    for place in range(LONG):
        one, read = labelled[place % len(labelled)], facts[place % len(labelled)]
        events += [event.model_copy(update={"turn": event.turn + len(turns)}) for event in read.events]
        turns += one.call.turns
        if len(turns) >= LONG:
            break
    told = Facts(call_id=name, turns=LONG, events=tuple(event for event in events if event.turn <= LONG))
    call = labelled[0].call.model_copy(update={"id": name, "turns": tuple(turns[:LONG])})
    return call, told, judge(told, find_policy(labelled[0].gold.policy).policy)


def _placed(call: Call, name: str, day: int, chance: random.Random) -> Call:
    at = datetime.combine(LAST_DAY - timedelta(days=day), clock(chance.randrange(8, 19), chance.randrange(60)), ZONE)
    placed = {"id": name, "started_at": at.isoformat(), "agent": f"agent {chance.randrange(40)}"}
    placed |= {"queue": chance.choice(("Hotline", "Rechnung", "Technik")), "team": chance.choice(("Nord", "Süd"))}
    return call.model_copy(update=placed)


def measure_review(store: Path, folder: Path) -> Path:
    """Write the page of the last day."""
    page = folder / "review.html"
    command = ["review", "--day", str(LAST_DAY), "--store", str(store), "--out", str(page)]
    begun, own = time.perf_counter(), os.times()
    subprocess.run([sys.executable, "-m", "ausweis", *command], check=True)
    wall, spent = time.perf_counter() - begun, os.times()
    cpu = spent.children_user + spent.children_system - own.children_user - own.children_system
    size = page.stat().st_size
    print(f"{'review page of the last day':<30} {wall:6.2f} s  ({cpu:.2f} s of a processor)  {size:,} bytes")
    return page


class Served:
    """`ausweis serve` in a process of its own, and somebody who is signed in."""

    def __init__(self, store: Path) -> None:
        command = [sys.executable, "-m", "ausweis", "serve", "--store", str(store), "--port", "0"]
        begun = time.perf_counter()
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        found = next(filter(None, (re.search(r"(http://\S+?)/\S*token=(\S+)", line) for line in self.process.stdout)))
        self.address, self.token = found.groups()
        self.http = httpx.Client(base_url=self.address, follow_redirects=True, timeout=60)
        self.http.post("/signin", data={"token": self.token, "reviewer": "Anna"}).raise_for_status()
        print(f"{'serve, until somebody is in':<30} {time.perf_counter() - begun:6.2f} s")

    def measure(self, what: str, address: str) -> str:
        """Ask for a page once, then some times; print the seconds of the first time, and the middle one's."""
        return self._measured(what, lambda: self.http.get(address))

    def measure_form(self, what: str, address: str, fields: dict[str, str]) -> str:
        """Send a form, and see what it leads to."""
        found = re.search(r'name="csrf" value="([^"]+)"', self.http.get("/").text)
        assert found is not None
        return self._measured(what, lambda: self.http.post(address, data={"csrf": found[1], **fields}))

    def _measured(self, what: str, ask: Callable[[], httpx.Response]) -> str:
        seconds, before = [], 0.0
        for place in range(REPEATS + 1):
            before = self._cpu() if place == 1 else before
            begun = time.perf_counter()
            answer = ask().raise_for_status()
            seconds.append(time.perf_counter() - begun)
        cpu, size = (self._cpu() - before) / REPEATS, len(answer.content)
        first, *others = seconds
        timed = f"{statistics.median(others):6.3f} s, cold {first:6.3f} s"
        print(f"{what:<30} {timed}  ({cpu:.3f} s of a processor)  {size:,} bytes")
        return answer.text

    def _cpu(self) -> float:
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def close(self) -> None:
        """Stop the server."""
        self.http.close()
        self.process.terminate()
        self.process.wait()


def measure_serve(served: Served, long_call: int) -> str:
    """The pages; `long_call`: the key of that. Returns the address of one call."""
    queue = served.measure("queue", "/?show=todo")
    served.measure("search that finds many", "/?show=all&q=die")
    served.measure("search that finds some", "/?show=all&q=Vertrag")
    served.measure("search for two words", "/?show=all&q=Vertrag+Rechnung")
    served.measure("search that finds one", f"/?show=all&q=call-{long_call - 2:06}")
    served.measure("search that finds none", "/?show=all&q=Zwetschgendatschi")
    served.measure_form("unmasked search", "/search", {"show": "all", "q": "Petersen"})
    # The long one may be the worst.
    found = [address for address in ONE_CALL.findall(queue) if int(re.findall(r"\d+", address)[0]) != long_call]
    assert found, "no call in the queue"
    call = found[0].replace("&amp;", "&")
    served.measure("one call", call)
    served.measure(f"a call of {LONG} turns", f"/calls/{long_call}?show=all")
    served.measure("figures", "/figures")
    return call


def take_pictures(served: Served, page: Path, call: str, folder: Path) -> None:
    """The pictures of docs/: the page of the day, the queue and a call."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium())
        tab = browser.new_page(viewport={"width": 1280, "height": 900}, color_scheme="light", locale="de-DE")
        tab.goto(page.as_uri())
        tab.screenshot(path=folder / "review-page.png")
        tab.goto(f"{served.address}/signin?token={served.token}")
        tab.fill("input[name=reviewer]", "Anna")
        tab.press("input[name=reviewer]", "Enter")
        for name, address in (("serve-queue", "/?show=todo"), ("serve-call", call)):
            tab.goto(served.address + address)
            tab.screenshot(path=folder / f"{name}.png")
        browser.close()


def chromium() -> str:
    """Where the browser is."""
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))


def main(arguments: Sequence[str] | None = None) -> None:
    """Fill a store, write the page, ask for the pages."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=2000)
    parser.add_argument("--days", type=int, default=1, help="spread over so many days; the page is of the last one")
    parser.add_argument("--pictures", type=Path, metavar="DIR", help="where pictures of the pages are written")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        store = make_store(folder, given.calls, given.days)
        page = measure_review(store, folder)
        served = Served(store)
        try:
            call = measure_serve(served, given.calls + 1)
            if given.pictures:
                take_pictures(served, page, call, given.pictures)
        finally:
            served.close()


if __name__ == "__main__":
    main()
