"""Listening in a real browser: from the finding, with the turn marked, faster, equally loud, on the wave form."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from evals.lab.spoken.writing import write_audio
from playwright.sync_api import Browser, Page, expect
from tests.audio.sounds import talk
from tests.audio.test_pcm import adpcm
from tests.serve.driven import signed_in
from tests.serve.filled import call_of, fill, incident, judged
from tests.serve.serving import desk_of, served

from ausweis.facts import Facts

pytestmark = pytest.mark.browser

CALL = call_of("c", ["Guten Tag, hier ist die Hotline.", "Ich gehe zum Anwalt, das sage ich Ihnen."] * 12)
AUDIO = "document.querySelector('audio')"
LISTEN_IN = """
const Node = window.DynamicsCompressorNode;
window.DynamicsCompressorNode = class extends Node {
  constructor(context, options) {
    super(context, options);
    window.ear = new AnalyserNode(context, { fftSize: 32768 });
    this.connect(window.ear);
  }
};
"""
HEARD = "() => { const heard = new Float32Array(32768); ear.getFloatTimeDomainData(heard); return [...heard]; }"
SILENT = HEARD.replace("[...heard]", "heard.every((one) => one === 0)")


def stereo(folder: Path) -> tuple[Path, ...]:
    """Agent and caller on a channel each, the caller 26 dB fainter, in A-law."""
    write_audio(folder / "c.wav", talk(CALL.turns, 8000, agent=0.4, caller=0.02), 8000, "pcm_alaw")
    return (folder / "c.wav",)


def mono(folder: Path) -> tuple[Path, ...]:
    """The same on one channel."""
    sound = talk(CALL.turns, 8000, agent=0.4, caller=0.02).sum(axis=0, keepdims=True)
    write_audio(folder / "c.wav", sound, 8000, "pcm_mulaw")
    return (folder / "c.wav",)


def pair(folder: Path) -> tuple[Path, ...]:
    """The same, a file each."""
    sound = talk(CALL.turns, 8000, agent=0.4, caller=0.02)
    for name, channel in (("c.agent.wav", sound[:1]), ("c.caller.wav", sound[1:])):
        write_audio(folder / name, channel, 8000)
    return folder / "c.agent.wav", folder / "c.caller.wav"


@contextmanager
def listening(
    browser: Browser,
    folder: Path,
    make: Callable[[Path], tuple[Path, ...]] = stereo,
    *,
    width: int = 1280,
    dark: bool = False,
    before: str = "",
    place: str = "",
) -> Iterator[Page]:
    """The page of a call with findings at 45, 15 and 85 seconds, the worst first."""
    found = (("lawyer_threat", 10, "high"), ("press_threat", 4, "low"), ("cancel_threat", 18, "medium"))
    threats = tuple(incident(CALL, turn, kind, severity) for kind, turn, severity in found)
    one = judged(CALL, Facts(call_id="c", turns=24), incidents=threats)
    with (
        fill(folder / "s.sqlite", [one], audio={"c": make(folder)}) as store,
        served(desk_of(store)) as address,
        signed_in(browser, address, width=width, dark=dark, language="de" if dark else "en") as opened,
    ):
        if before:
            opened.page.add_init_script(before)
        opened.page.goto(f"{address}/calls/1{place}")
        opened.page.wait_for_function(f"() => {AUDIO}.readyState >= 1")
        yield opened.page


def at(page: Page, seconds: float, within: float = 0.6, *, playing: bool | None = None) -> None:
    """Wait until the recording stands, or plays, there: who looks late at one that plays finds it some seconds on."""
    late = 5 if playing else 0
    state = "" if playing is None else f" && {AUDIO}.paused === {str(not playing).lower()}"
    away = f"{AUDIO}.currentTime - {seconds}"
    page.wait_for_function(f"() => {away} > -{within} && {away} < {within + late}{state}")


@pytest.mark.journey
def test_play_begins_before_the_finding_and_each_has_its_own(browser: Browser, tmp_path: Path) -> None:
    with listening(browser, tmp_path) as page:
        at(page, 43, 0.1, playing=False)
        page.keyboard.press(" ")
        at(page, 43.5, playing=True)
        page.keyboard.press(" ")
        page.wait_for_function(f"() => {AUDIO}.paused")
        buttons = page.locator(".finding .play")
        assert buttons.all_inner_texts() == ["Listen from\n0:45", "Listen from\n1:25", "Listen from\n0:15"]
        buttons.nth(1).click()
        at(page, 83.4, playing=True)
        expect(buttons.nth(1)).to_have_class("play playing")
        buttons.nth(1).click()
        page.wait_for_function(f"() => {AUDIO}.paused")
        # It goes on where it stopped, unless another place is looked at.
        page.keyboard.press(" ")
        at(page, 84, 1.5, playing=True)
        page.keyboard.press(" ")
        page.locator(".moment a[data-to]").nth(2).click()
        at(page, 13, 0.1, playing=False)
        page.get_by_role("button", name="Listen", exact=True).click()
        at(page, 13.5, playing=True)


def test_play_begins_at_the_finding_in_view(browser: Browser, tmp_path: Path) -> None:
    with listening(browser, tmp_path, width=700) as page:
        page.locator(".finding .play").nth(1).evaluate("(one) => scrollBy(0, one.getBoundingClientRect().top - 20)")
        page.keyboard.press(" ")
        at(page, 83.5, playing=True)


def test_a_second_in_the_address_goes_before_the_finding(browser: Browser, tmp_path: Path) -> None:
    with listening(browser, tmp_path, place="#t=62") as page:
        at(page, 62, 0.1, playing=False)
        page.keyboard.press(" ")
        at(page, 62.5, playing=True)
        expect(page.locator(".turn[aria-current]")).to_have_id("t13")


@pytest.mark.journey
def test_the_turn_that_is_heard_is_marked_and_kept_in_view(browser: Browser, tmp_path: Path) -> None:
    with listening(browser, tmp_path) as page:
        expect(page.locator(".turn[aria-current]")).to_have_count(0)
        page.locator("#t20 .play").evaluate("(one) => one.click()")
        expect(page.locator(".turn[aria-current]")).to_have_id("t20")
        expect(page.locator("#t20")).to_be_in_viewport(ratio=1)
        page.evaluate(f"{AUDIO}.currentTime = 4.6")
        page.wait_for_function(f"() => {AUDIO}.currentTime > 5.1")
        expect(page.locator(".turn[aria-current]")).to_have_id("t2")
        expect(page.locator("#t2")).to_be_in_viewport(ratio=1)
        # A reader who scrolls looks at something else.
        page.locator("#t2").hover()
        page.mouse.wheel(0, 3000)
        expect(page.locator("#t24")).to_be_in_viewport()
        page.evaluate(f"{AUDIO}.currentTime = 9.8")
        expect(page.locator(".turn[aria-current]")).to_have_id("t3")
        page.wait_for_timeout(300)
        expect(page.locator("#t24")).to_be_in_viewport()
        expect(page.locator("#t3")).not_to_be_in_viewport()
        page.keyboard.press(" ")
        page.keyboard.press(" ")
        page.evaluate(f"{AUDIO}.currentTime = 14.9")
        expect(page.locator(".turn[aria-current]")).to_have_id("t4")
        expect(page.locator("#t4")).to_be_in_viewport(ratio=1)


def test_speed_and_five_seconds(browser: Browser, tmp_path: Path) -> None:
    with listening(browser, tmp_path) as page:
        page.get_by_label("Speed").select_option("1.5")
        assert page.evaluate(f"[{AUDIO}.playbackRate, {AUDIO}.preservesPitch]") == [1.5, True]
        for name, second in (("back", 38), ("forward", 43), ("forward", 48), ("back", 43)):
            page.get_by_role("button", name=f"5 seconds {name}").click()
            at(page, second, 0.1)
        page.reload()
        page.wait_for_function(f"() => {AUDIO}.readyState >= 1")
        assert page.evaluate(f"{AUDIO}.playbackRate") == 1.5


@pytest.mark.journey
def test_the_wave_form_shows_both_sides_and_leads_to_places(browser: Browser, tmp_path: Path) -> None:
    with listening(browser, tmp_path) as page:
        slider = page.get_by_role("slider", name="Place in the recording")
        expect(page.locator(".wave .rows path")).to_have_count(2)
        assert page.locator(".wave .rows path").evaluate_all(
            "(all) => all.map((one) => one.getAttribute('class'))"
        ) == [
            "agent",
            "caller",
        ]
        assert page.locator(".whose:visible").all_inner_texts() == ["Agent", "Caller"]
        expect(page.locator(".places .found")).to_have_count(3)
        box = slider.bounding_box()
        assert box is not None
        page.mouse.click(box["x"] + box["width"] * 60 / 119.5, box["y"] + 40)
        at(page, 60, 0.5)
        expect(slider).to_have_attribute("aria-valuetext", "1:00 of 1:59")
        page.mouse.move(box["x"] + 2, box["y"] + 20)
        page.mouse.down()
        page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 20, steps=5)
        page.mouse.move(box["x"] + box["width"] * 30 / 119.5, box["y"] + 90, steps=5)
        page.mouse.up()
        at(page, 30, 0.5)
        # Near a finding it is that finding.
        page.locator(".places .found.high").click()
        at(page, 43, 0.01)
        slider.focus()
        for key, second in (("ArrowRight", 48), ("PageDown", 18), ("Home", 0), ("PageUp", 30), ("ArrowDown", 25)):
            page.keyboard.press(key)
            at(page, second, 0.1)
        page.keyboard.press("End")
        at(page, 119.5, 0.2)
        page.keyboard.press(" ")
        page.wait_for_function(f"() => {AUDIO}.ended")
        at(page, 119.5, 0.2)


def loudest(page: Page, turn: int, *, at_least: float) -> float:
    """How loud a turn of five seconds is at its loudest, in dB; played anew where a busy machine dropped the sound."""
    begin, found = (turn - 1) * 5, -np.inf
    for _ in range(10):
        page.locator(f"#t{turn} .play").evaluate("(one) => one.click()")
        at(page, begin + 2, 0.3, playing=True)
        while True:
            heard = page.evaluate(HEARD)
            if not begin + 2 < page.evaluate(f"{AUDIO}.currentTime") < begin + 5:
                break
            found = max(found, 20 * np.log10(np.std(heard) + 1e-9))
        if found > at_least:
            break
    return found


@pytest.mark.parametrize("make", [stereo, mono, pair])
def test_a_faint_caller_is_as_loud_as_the_agent(
    browser: Browser, tmp_path: Path, make: Callable[[Path], tuple[Path, ...]]
) -> None:
    with listening(browser, tmp_path, make, before=LISTEN_IN) as page:
        expect(page.locator(".wave.drawn")).to_be_visible()
        agent = loudest(page, 5, at_least=-60)
        # The caller is 26 dB fainter in the file.
        assert abs(loudest(page, 6, at_least=agent - 4) - agent) < 4
        page.get_by_label("Even loudness").uncheck()
        page.wait_for_function(SILENT)
        before = float(page.evaluate(f"{AUDIO}.currentTime"))
        page.wait_for_function(f"() => {AUDIO}.currentTime > {before}")
        page.reload()
        expect(page.get_by_label("Even loudness")).not_to_be_checked()


def test_without_web_audio_it_plays_as_it_is(browser: Browser, tmp_path: Path) -> None:
    gone = "delete window.AudioContext; delete window.webkitAudioContext;"
    with listening(browser, tmp_path, before=gone) as page:
        expect(page.locator(".even")).to_be_hidden()
        page.keyboard.press(" ")
        at(page, 44, 0.8, playing=True)


def test_two_files_of_a_call_play_together(browser: Browser, tmp_path: Path) -> None:
    with listening(browser, tmp_path, pair) as page:
        page.wait_for_function("() => [...document.querySelectorAll('audio')].every((one) => one.readyState >= 1)")
        page.get_by_label("Speed").select_option("1.25")
        page.locator(".where-am-i").click()
        page.keyboard.press(" ")
        at(page, 44, 0.8, playing=True)
        both = "[...document.querySelectorAll('audio')].map((one) => [one.paused, one.playbackRate, one.currentTime])"
        first, second = page.evaluate(both)
        assert first[:2] == second[:2] == [False, 1.25]
        assert abs(first[2] - second[2]) < 0.3
        page.keyboard.press(" ")
        assert [one[0] for one in page.evaluate(both)] == [True, True]


def test_the_last_press_counts_however_fast_they_come(browser: Browser, tmp_path: Path) -> None:
    presses = (
        "(times) => { while (times--) document.querySelector('.player').dispatchEvent(new CustomEvent('toggle')); }"
    )
    with listening(browser, tmp_path, pair) as page:
        page.wait_for_function("() => [...document.querySelectorAll('audio')].every((one) => one.readyState >= 1)")
        for times, paused in ((2, True), (3, False), (2, False), (1, True), (4, True), (5, False)) * 3:
            page.evaluate(presses, times)
            page.wait_for_timeout(100)
            states = "[...document.querySelectorAll('audio')].map((one) => one.paused)"
            assert page.evaluate(states) == [paused, paused]
            if not paused and times == 5:
                page.keyboard.press(" ")


@pytest.mark.journey
def test_what_the_browser_cannot_play_is_decoded_by_the_server(browser: Browser, tmp_path: Path) -> None:
    def disguised(folder: Path) -> tuple[Path, ...]:
        return (adpcm(folder / "c.wav", 100).rename(folder / "c.m4a"),)

    for folder, make in (("plain", lambda one: (adpcm(one / "c.wav", 100),)), ("disguised", disguised)):
        (tmp_path / folder).mkdir()
        with listening(browser, tmp_path / folder, make) as page:
            page.wait_for_function(f"() => {AUDIO}.duration > 99")
            at(page, 43, 0.1)
            page.keyboard.press(" ")
            at(page, 43.6, playing=True)
            page.keyboard.press(" ")


def test_a_file_that_nobody_can_play_is_said_so(browser: Browser, tmp_path: Path) -> None:
    def broken(folder: Path) -> tuple[Path, ...]:
        (folder / "c.mp3").write_bytes(b"no sound at all" * 100)
        return (folder / "c.mp3",)

    found = incident(CALL, 10)
    one = judged(CALL, Facts(call_id="c", turns=24), incidents=(found,))
    with (
        fill(tmp_path / "s.sqlite", [one], audio={"c": broken(tmp_path)}) as store,
        served(desk_of(store)) as address,
        signed_in(browser, address) as opened,
    ):
        page = opened.page
        page.goto(f"{address}/calls/1")
        expect(page.get_by_text("This browser cannot play this recording.")).to_be_visible()
        expect(page.locator(".controls")).to_be_hidden()
        assert page.locator("button.play:enabled").count() == 0
        assert Axe().run(page).response["violations"] == []
        opened.complaints.clear()


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("dark", [False, True])
def test_the_player_is_accessible_and_fits(browser: Browser, tmp_path: Path, width: int, dark: bool) -> None:
    with listening(browser, tmp_path, width=width, dark=dark) as page:
        expect(page.locator(".wave.drawn")).to_be_visible()
        page.keyboard.press(" ")
        page.wait_for_selector(".turn[aria-current]")
        page.keyboard.press(" ")
        page.evaluate(f"{AUDIO}.currentTime = 43")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        result = Axe().run(page)
        assert result.violations_count == 0, result.generate_report()
        if dark:
            expect(page.get_by_label("Lautstärke ausgleichen")).to_be_checked()
            expect(page.get_by_role("slider", name="Stelle in der Aufnahme")).to_have_attribute(
                "aria-valuetext", "0:43 von 1:59"
            )


def test_without_scripts_the_browser_has_its_own_controls(browser: Browser, tmp_path: Path) -> None:
    one = judged(CALL, Facts(call_id="c", turns=24), incidents=(incident(CALL, 10),))
    with (
        fill(tmp_path / "s.sqlite", [one], audio={"c": stereo(tmp_path)}) as store,
        served(desk_of(store)) as address,
        signed_in(browser, address, scripts=False) as opened,
    ):
        opened.page.goto(f"{address}/calls/1")
        expect(opened.page.locator("audio[controls]")).to_be_visible()
        expect(opened.page.locator(".controls, .wave")).to_have_count(2)
        expect(opened.page.locator(".controls").first).to_be_hidden()
