"use strict";
// Says that somebody is still at this call, for as long as they do something, and that they left.
(() => {
  const main = document.querySelector("[data-place]");
  if (!main) return;
  const { place, stamp, csrf } = main.dataset;
  const body = () => new URLSearchParams({ csrf, stamp });
  const stay = async () => {
    try {
      const answer = await fetch(`${place}/stay`, { method: "POST", body: body() });
      if (answer.headers.get("x-place") === "taken") main.querySelector("[data-taken]").hidden = false;
    } catch { /* the server is away: the page of the next call will say so */ }
  };
  let active = true;
  for (const kind of ["keydown", "pointerdown", "pointermove", "scroll"]) {
    addEventListener(kind, () => { active = true; }, { passive: true, capture: true });
  }
  setInterval(() => {
    const playing = [...document.querySelectorAll("audio")].some((file) => !file.paused);
    if (active || playing) stay();
    active = false;
  }, 60_000);
  addEventListener("pagehide", () => navigator.sendBeacon(`${place}/leave`, body()));
  addEventListener("pageshow", (event) => { if (event.persisted) stay(); });
})();
