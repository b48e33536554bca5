"use strict";
// The wave form of a recording, with what was found in it: a slider. The page does not wait for it to be drawn.
(() => {
  const box = document.querySelector(".player");
  if (!box) return;
  const one = (selector) => box.querySelector(selector);
  const strip = one(".wave");
  const all = (selector) => [...document.querySelectorAll(selector)];
  let rows = [];
  let length = 0;
  let now = 0;

  const clock = (seconds) => {
    const whole = Math.floor(seconds);
    return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
  };
  const tell = (what, detail) => box.dispatchEvent(new CustomEvent(what, { detail }));
  const share = (seconds) => (length ? Math.min(Math.max(seconds / length, 0), 1) : 0);

  // the rows: the agent's above, the caller's below, where each has one
  const path = (row, middle, half) => {
    const { levels } = row;
    const wide = (1000 * share(row.seconds)) / levels.length;
    const point = (at, up) => `${((at + 0.5) * wide).toFixed(1)} ${(middle - up * Math.max(half * (levels[at] / 255), 0.6)).toFixed(1)}`;
    const there = levels.map((_, at) => point(at, 1));
    const back = levels.map((_, at) => point(at, -1)).reverse();
    return `M${[...there, ...back].join("L")}Z`;
  };
  const draw = () => {
    const drawn = rows.filter((row) => row.levels.length).slice(0, 2);
    const two = drawn.length === 2;
    one(".rows").replaceChildren(
      ...drawn.map((row, place) => {
        const shape = document.createElementNS("http://www.w3.org/2000/svg", "path");
        shape.setAttribute("d", two ? path(row, 26 + 48 * place, 22) : path(row, 50, 44));
        shape.setAttribute("class", row.side || "both");
        return shape;
      }),
    );
    const known = two && drawn[0].side === "agent";
    for (const name of all(".player .whose")) name.hidden = !known;
    strip.classList.toggle("drawn", drawn.length > 0);
    mark();
    show();
  };

  // what was found, and where else something is marked
  const mark = () => {
    const places = [
      ...all(".turn[data-marked][data-seconds]").map((turn) => [turn, "marked", ""]),
      ...all(".finding .play[data-seconds]").map((play) => [play, play.closest(".finding").className.replace("finding", "found"), play.title]),
    ];
    one(".places").replaceChildren(
      ...(length ? places : []).map(([source, kind, title]) => {
        const span = document.createElement("span");
        span.className = kind;
        span.title = title;
        span.dataset.seconds = source.dataset.seconds;
        span.style.left = `${100 * share(Number(source.dataset.seconds))}%`;
        return span;
      }),
    );
  };

  const show = () => {
    one(".needle").style.left = `${100 * share(now)}%`;
    one(".past").setAttribute("width", String(1000 * share(now)));
    const whole = String(Math.floor(now));
    if (strip.getAttribute("aria-valuenow") === whole && strip.hasAttribute("aria-valuetext")) return;
    strip.setAttribute("aria-valuenow", whole);
    strip.setAttribute("aria-valuetext", `${clock(now)} ${box.dataset.of} ${clock(length)}`);
  };
  const measure = () => {
    const told = all("audio").map((file) => file.duration).filter(Number.isFinite);
    const longest = Math.max(0, ...(told.length ? told : rows.map((row) => row.seconds)));
    if (longest === length) return;
    length = longest;
    strip.setAttribute("aria-valuemax", String(Math.floor(length)));
    strip.removeAttribute("aria-valuetext");
    draw();
  };
  for (const file of all("audio")) file.addEventListener("durationchange", measure);
  box.addEventListener("moved", (event) => {
    now = event.detail;
    show();
  });

  // pointing, dragging, keys
  const pointed = (event) => {
    const frame = strip.getBoundingClientRect();
    return Math.min(Math.max((event.clientX - frame.left) / frame.width, 0), 1) * length;
  };
  const tip = one(".tip");
  let next = 0;
  strip.addEventListener("pointerdown", (event) => {
    if (event.button || !length) return;
    strip.setPointerCapture(event.pointerId);
    const place = event.target.closest?.(".places .found");
    tell("seek", place ? Number(place.dataset.seconds) - 2 : pointed(event));
  });
  strip.addEventListener("pointermove", (event) => {
    tip.hidden = !length;
    tip.textContent = clock(pointed(event));
    tip.style.left = `${100 * share(pointed(event))}%`;
    if (!strip.hasPointerCapture(event.pointerId)) return;
    cancelAnimationFrame(next);
    next = requestAnimationFrame(() => tell("seek", pointed(event)));
  });
  strip.addEventListener("pointerleave", () => { tip.hidden = true; });
  strip.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const by = { ArrowLeft: -5, ArrowDown: -5, ArrowRight: 5, ArrowUp: 5, PageDown: -30, PageUp: 30 }[event.key];
    const to = { Home: 0, End: length }[event.key] ?? (by && now + by);
    if (to === undefined) return;
    event.preventDefault();
    tell("seek", Math.min(to, length));
  });

  // Asked for when the page stands; a busy server is asked again, and a page that is left asks no more.
  const leave = new AbortController();
  addEventListener("pagehide", () => leave.abort());
  const ask = async (left) => {
    const answer = await fetch(box.dataset.wave, { signal: leave.signal });
    if (answer.status === 503 && left) setTimeout(() => ask(left - 1).catch(() => {}), 3000);
    if (!answer.ok || answer.redirected) return;
    rows = await answer.json();
    tell("rows", rows);
    length = 0;
    measure();
  };
  measure();
  const later = window.requestIdleCallback || ((act) => setTimeout(act, 200));
  later(() => ask(20).catch(() => {}));
})();
