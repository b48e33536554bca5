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

  // the recording, where there is one: `player.js` does it
  const player = (what, by) => one(".player")?.dispatchEvent(new CustomEvent(what, { detail: by }));

  const turns = () => all(".turn");
  const nextMark = () => {
    const marked = all(".turn[data-marked]");
    const at = Number(document.activeElement?.closest?.(".turn")?.dataset.turn || 0);
    show(marked.find((turn) => Number(turn.dataset.turn) > at) || marked[0]);
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

  const enter = (event) => {
    const turn = event.target.closest?.(".turn");
    if (turn && event.target === turn) turn.querySelector("button.play")?.click();
  };
  const undo = () => follow("[data-key=u]");
  const common = { "/": search, "?": help };
  const keys = {
    queue: { j: () => step(all(".row"), 1), k: () => step(all(".row"), -1), l: () => follow("a[rel=next]"), u: undo },
    call: {
      j: () => step(turns(), 1),
      k: () => step(turns(), -1),
      h: () => follow("[data-before]"),
      l: () => follow("[data-after]"),
      m: nextMark,
      p: () => player("toggle"),
      ArrowLeft: () => player("skip", -5),
      ArrowRight: () => player("skip", 5),
      ",": () => player("speed", -1),
      ".": () => player("speed", 1),
      s: () => follow("[data-sheet]"),
      q: () => follow("[data-up]"),
      u: undo,
      c: () => follow("#decide [data-key=c]"),
      o: () => follow("#decide [data-key=o]"),
      n: () => follow("#decide [data-key=n]"),
      Enter: enter,
    },
  };
  // Letters are for looking: not while somebody fills in a form, nor with the focus on one of its fields.
  const FIELDS = "input, textarea, select, [contenteditable]";
  const filling = () => all("#decide #right, #decide details[open]").some((part) => part.checkVisibility());
  addEventListener("keydown", (event) => {
    if (event.defaultPrevented) return;
    // Arrows choose among radio buttons, and in lists.
    if (event.key.startsWith("Arrow") && event.target.matches?.("input, select, audio")) return;
    const writing = event.target.matches?.(FIELDS) && !event.target.closest(".player");
    if (event.key === "Escape" && writing) {
      // Browsers empty a search field then: what was found would be gone.
      if (event.target.type === "search") event.preventDefault();
      event.target.blur();
    }
    if (!on?.checked && event.key !== "Enter") return;
    if (writing || event.ctrlKey || event.metaKey || event.altKey || event.repeat || event.isComposing) {
      if (!(event.repeat && ["j", "k", "ArrowLeft", "ArrowRight"].includes(event.key) && !writing)) return;
    }
    if (dialog?.open && event.key !== "?") return;
    if (filling() && event.key !== "?") return;
    const action = keys[page]?.[event.key] || common[event.key];
    if (!action) return;
    if (event.key !== "Enter") event.preventDefault();
    action(event);
  });
})();
