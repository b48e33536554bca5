"use strict";
// Keys; the recording is in player.js, the form of a decision in decide.js. The pages work without; nothing of a call is kept here.
(() => {
  const page = document.body.dataset.page;
  const one = (selector) => document.querySelector(selector);
  const all = (selector) => [...document.querySelectorAll(selector)];
  const follow = (selector) => one(selector)?.click();

  const step = (items, by) => {
    if (!items.length) return;
    const here = items.findIndex((item) => item.contains(document.activeElement));
    const next = here < 0 ? (by > 0 ? 0 : items.length - 1) : Math.min(Math.max(here + by, 0), items.length - 1);
    show(items[next]);
  };
  const show = (item) => {
    if (!item) return;
    item.focus({ preventScroll: true });
    item.scrollIntoView({ block: "nearest" });
  };

  // where it happened: at the second that the address names (`#t=62`), else at the first finding
  const atSecond = () => {
    const named = /^#t=(\d{1,9})$/.exec(location.hash);
    if (!named) return;
    const second = Number(named[1]);
    // Addresses name whole seconds: a turn may begin within that one.
    const begun = all(".turn[data-seconds]").filter((turn) => Number(turn.dataset.seconds) <= second + 1);
    begun.at(-1)?.scrollIntoView({ block: "center" });
  };
  if (page === "call") {
    atSecond();
    addEventListener("hashchange", atSecond);
  }
  if (page === "call" && !location.hash) {
    const first = one(".transcript")?.dataset.first;
    const wide = matchMedia("(min-width: 62rem) and (min-height: 30rem)").matches;
    if (first && wide) document.getElementById(`t${first}`)?.scrollIntoView({ block: "center" });
  }
  addEventListener("click", (event) => {
    const link = event.target.closest?.("a[data-to]");
    if (link && !event.metaKey && !event.ctrlKey) {
      event.preventDefault();
      const turn = document.getElementById(`t${link.dataset.to}`);
      turn?.focus({ preventScroll: true });
      turn?.scrollIntoView({ block: "center" });
    }
    if (event.target.closest?.("[data-help]")) help();
  });

  // What follows # is not sent to the server: the form of the sign-in takes it along.
  const back = one("input[name=back]");
  if (back && location.hash) back.value = back.value.replace(/#.*/, "") + location.hash;

  // Days are asked for by a period, or by first and last.
  one("#filter")?.addEventListener("change", ({ target }) => {
    const fields = target.form.elements;
    if (target.name === "first" || target.name === "last") fields.period.value = "own";
    if (target.name === "period" && target.value !== "own") fields.first.value = fields.last.value = "";
  });

  // keys
  const dialog = one("#help");
  const on = one("#keys-on");
  const help = () => (dialog.open ? dialog.close() : dialog.showModal());
  if (on) {
    on.checked = localStorage.getItem("ausweis-keys") !== "off";
    on.addEventListener("change", () => localStorage.setItem("ausweis-keys", on.checked ? "on" : "off"));
  }
  const search = () => {
    const field = one("input[name=q]");
    if (field) field.select();
    else location.assign("/#search");
  };
  if (location.hash === "#search") one("input[name=q]")?.focus();

  // On a focused turn, listening begins there.
  const listen = () => {
    const turn = document.activeElement?.closest?.(".turn");
    const play = turn?.querySelector("button.play");
    if (play && !one(".player.playing")) play.click();
    else one(".player")?.dispatchEvent(new CustomEvent("toggle"));
  };
  const undo = () => follow("[data-key=z]");
  const items = { queue: ".row", call: ".turn" };
  const keys = {
    "/": search,
    "?": help,
    z: undo,
    ArrowDown: () => step(all(items[page]), 1),
    ArrowUp: () => step(all(items[page]), -1),
    ...(page === "call" && { " ": listen }),
    ...(page === "queue" && { Enter: () => follow(".row") }),
  };
  const FIELDS = "input, textarea, select, [contenteditable]";
  addEventListener("keydown", (event) => {
    if (event.defaultPrevented) return;
    const { target, key } = event;
    // Arrows choose among radio buttons and in lists; space presses what has the focus.
    if (key.startsWith("Arrow") && target.matches?.("input, select, textarea, [role=slider]")) return;
    if ([" ", "Enter"].includes(key) && target.matches?.("a, button, summary, input, select, textarea")) return;
    const writing = target.matches?.(FIELDS) && !target.closest(".player") && !target.matches("[type=radio], [type=checkbox]");
    const menu = key === "Escape" && (target.closest?.("[data-menu][open]") ?? (!writing && one("[data-menu][open]")));
    if (menu) {
      menu.open = false;
      menu.querySelector("summary").focus();
    } else if (key === "Escape" && writing) {
      // Browsers empty a search field then: what was found would be gone.
      if (target.type === "search") event.preventDefault();
      target.blur();
    }
    if (!on?.checked || writing || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.repeat && !key.startsWith("Arrow")) return;
    if (dialog?.open && key !== "?") return;
    if (key.startsWith("Arrow") && !items[page]) return;
    const action = Object.hasOwn(keys, key) && keys[key];
    if (!action) return;
    event.preventDefault();
    action();
  });
})();
