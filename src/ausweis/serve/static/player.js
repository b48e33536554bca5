"use strict";
// The recording of a call: played from what was found, faster or slower, with the turn marked that is heard.
// Without this script the browser's own controls are there. `wave.js` draws it, `loudness.js` makes it equally loud.
(() => {
  const box = document.querySelector(".player");
  if (!box) return;
  const one = (selector) => box.querySelector(selector);
  const all = (selector) => [...document.querySelectorAll(selector)];
  const LEAD = 2;
  const KEPT = "ausweis-speed";

  // Several files of one call (a side each) play together: all follow the first.
  const files = all("audio");
  const first = () => files[0];
  const playing = () => files.length > 0 && !first().paused;
  for (const file of files) {
    file.controls = false;
    file.hidden = true;
    file.preservesPitch = true;
  }
  box.hidden = false;

  // where it stands; until it is known how long a file is, it cannot be moved
  let touched = false;
  let wanted = null;
  const move = (seconds) => {
    wanted = Math.max(0, seconds);
    const detail = wanted;
    files.forEach(settle);
    box.dispatchEvent(new CustomEvent("moved", { detail }));
  };
  const settle = (file) => {
    if (wanted === null || file.readyState < 1) return;
    // From its very end a browser would begin anew.
    file.currentTime = Math.min(wanted, Math.max(0, (file.duration || Infinity) - 0.05));
    if (files.every((other) => other.readyState >= 1)) wanted = null;
  };
  const now = () => wanted ?? first()?.currentTime ?? 0;
  const goTo = (seconds) => {
    touched = true;
    move(seconds);
  };

  const play = () => {
    touched = true;
    for (const file of files) file.play().catch(() => {});
  };
  const pause = () => files.forEach((file) => file.pause());
  const toggle = () => {
    if (playing()) return pause();
    const start = touched ? null : startInView();
    if (start !== null) move(start);
    looked = -Infinity;
    return play();
  };
  const playFrom = (seconds) => {
    goTo(seconds);
    looked = -Infinity;
    play();
  };

  // what was found: play begins a little before; of several, before the first that is in view
  const before = (seconds) => Math.max(0, Number(seconds) - LEAD);
  const startInView = () => {
    const starts = all(".finding .play[data-seconds]").filter((button) => {
      const [at, frame] = [button.getBoundingClientRect(), button.closest(".verdict").getBoundingClientRect()];
      return at.top >= Math.max(frame.top, 0) && at.bottom <= Math.min(frame.bottom, innerHeight);
    });
    const seconds = starts[0]?.dataset.seconds ?? box.dataset.from;
    return seconds === undefined ? null : before(seconds);
  };
  const named = () => {
    const found = /^#t=(\d{1,9})$/.exec(location.hash);
    if (found) goTo(Number(found[1]));
    return found;
  };
  if (!named() && box.dataset.from !== undefined) move(before(box.dataset.from));
  addEventListener("hashchange", named);

  // the turn that is heard
  const turns = all(".turn[data-seconds]")
    .map((turn) => ({ turn, at: Number(turn.dataset.seconds) }))
    .sort((a, b) => a.at - b.at);
  const turnAt = (seconds) => {
    let [low, high] = [0, turns.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (turns[middle].at <= seconds) low = middle + 1;
      else high = middle;
    }
    return turns[low - 1]?.turn;
  };
  let heard;
  const mark = () => {
    const turn = turnAt(now());
    if (turn === heard) return;
    const last = heard;
    heard?.removeAttribute("aria-current");
    heard = turn;
    heard?.setAttribute("aria-current", "true");
    const side = ["agent", "caller"].find((name) => heard?.classList.contains(name)) || "";
    box.dispatchEvent(new CustomEvent("turn", { detail: side }));
    if (playing()) keepInView(last);
  };

  // kept in view, unless the reader looks at something else
  const QUIET = 8000;
  const transcript = document.querySelector(".transcript");
  let looked = -Infinity;
  const looksElsewhere = () => { looked = performance.now(); };
  const scrolls = /^(Arrow(Up|Down)|Page(Up|Down)|Home|End|Tab)$/;
  addEventListener("wheel", looksElsewhere, { passive: true });
  addEventListener("touchmove", looksElsewhere, { passive: true });
  addEventListener("keydown", (event) => { if (scrolls.test(event.key)) looksElsewhere(); });
  transcript?.addEventListener("pointerdown", (event) => { if (event.target === transcript) looksElsewhere(); });
  const inView = (turn) => {
    const at = turn?.getBoundingClientRect();
    return Boolean(at) && at.bottom > 0 && at.top < innerHeight;
  };
  const keepInView = (last) => {
    const selected = getSelection();
    if (!heard || performance.now() - looked < QUIET || (selected && !selected.isCollapsed)) return;
    // Where the transcript has no scroll bar of its own, the page must not run away from the findings above it.
    const own = getComputedStyle(transcript).overflowY !== "visible";
    if (!own && !inView(last)) return;
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    heard.scrollIntoView({ block: "nearest", behavior: calm ? "auto" : "smooth" });
  };

  // what is shown
  const clock = (seconds) => {
    const whole = Math.floor(seconds);
    return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
  };
  const button = one("[data-play]");
  let from = null;
  const show = () => {
    const on = playing();
    box.classList.toggle("playing", on);
    button.setAttribute("aria-label", on ? button.dataset.pause : button.dataset.listen);
    for (const other of all(".finding .play")) other.classList.toggle("playing", on && other === from);
  };
  const tell = () => {
    one("[data-now]").textContent = clock(now());
    const length = first()?.duration;
    if (Number.isFinite(length)) one("[data-length]").textContent = clock(length);
  };
  const frame = () => {
    if (!playing()) return;
    mark();
    box.dispatchEvent(new CustomEvent("moved", { detail: now() }));
    requestAnimationFrame(frame);
  };

  // speed
  const speed = one("[data-speed]");
  const fast = [...speed.options].map((option) => option.value);
  const setSpeed = () => {
    for (const file of files) {
      file.defaultPlaybackRate = Number(speed.value);
      file.playbackRate = Number(speed.value);
    }
  };
  const changed = () => {
    localStorage.setItem(KEPT, speed.value);
    setSpeed();
  };
  if (fast.includes(localStorage.getItem(KEPT))) speed.value = localStorage.getItem(KEPT);
  speed.addEventListener("change", changed);
  setSpeed();

  // the files
  // Events come late: what counts is what the first does by now.
  const together = () => {
    touched = true;
    for (const file of files.slice(1)) {
      if (playing()) file.play().catch(() => {});
      else file.pause();
    }
    show();
  };
  const follow = () => {
    for (const file of files.slice(1)) {
      if (Math.abs(file.currentTime - first().currentTime) > 0.15 && !file.seeking) file.currentTime = first().currentTime;
    }
  };
  const given = (file) => {
    // What this browser cannot play, the server decodes; what that cannot be played either is left out.
    const address = file.src.replace(/#.*/, "");
    if (!address.includes("as=wav")) {
      const on = !file.paused;
      wanted ??= touched ? file.currentTime : before(box.dataset.from ?? 0);
      file.src = `${address}?as=wav`;
      setSpeed();
      if (on) file.play().catch(() => {});
      return;
    }
    files.splice(files.indexOf(file), 1);
    files.forEach(settle);
    if (files.length) return;
    box.hidden = true;
    const problem = document.querySelector("[data-no-sound]");
    problem.textContent = box.dataset.silent;
    problem.hidden = false;
    for (const gone of all("button.play")) gone.disabled = true;
  };
  for (const file of [...files]) {
    const led = (act) => () => { if (file === first()) act(); };
    file.addEventListener("error", () => given(file));
    file.addEventListener("loadedmetadata", () => settle(file));
    file.addEventListener("durationchange", tell);
    file.addEventListener("play", led(() => { together(); requestAnimationFrame(frame); }));
    file.addEventListener("pause", led(together));
    file.addEventListener("timeupdate", led(() => {
      follow();
      if (touched) mark();
      tell();
    }));
    file.addEventListener("seeked", led(() => {
      follow();
      if (touched) mark();
      tell();
      box.dispatchEvent(new CustomEvent("moved", { detail: now() }));
    }));
    if (file.error) given(file);
    else settle(file);
  }
  tell();

  // buttons, links, and the wave form
  addEventListener("click", (event) => {
    const place = event.target.closest?.("button.play");
    const link = event.target.closest?.("a[data-to]");
    if (place) {
      const finding = place.closest(".finding");
      if (finding && place === from && playing()) return pause();
      from = finding ? place : null;
      playFrom(finding ? before(place.dataset.seconds) : Math.max(0, Number(place.dataset.seconds) - 0.3));
      return show();
    }
    // A reader who looks at a place wants to hear that one, when she listens.
    const turn = link && document.getElementById(`t${link.dataset.to}`);
    const seconds = link?.dataset.seconds ?? turn?.dataset.seconds;
    if (seconds !== undefined && !playing()) goTo(before(seconds));
    return undefined;
  });
  button.addEventListener("click", toggle);
  for (const skip of all("[data-skip]")) skip.addEventListener("click", () => goTo(now() + Number(skip.dataset.skip)));
  const asked = { toggle, seek: goTo };
  for (const [what, act] of Object.entries(asked)) box.addEventListener(what, (event) => act(event.detail));
})();
