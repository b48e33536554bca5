"use strict";
// The form of a decision: ticks by number, what is missing by a click at a turn; that it is sent once, and about a call
// that was seen for a second.
(() => {
  const LOOK = 1000;
  const form = document.querySelector("#decide");
  if (!form) return;
  const deciding = [...form.querySelectorAll(".buttons [name=choice]")];

  // Whoever presses a key twice, or clicks where a button stood before, decides about a call that nobody has seen.
  let locked = true;
  let timer = 0;
  const show = () => {
    form.classList.toggle("locked", locked);
    for (const button of deciding) {
      if (locked) button.setAttribute("aria-disabled", "true");
      else button.removeAttribute("aria-disabled");
    }
  };
  const lock = () => {
    locked = true;
    show();
    clearTimeout(timer);
    // Frames come only to a page that is shown: in another tab the second does not begin.
    requestAnimationFrame(() => requestAnimationFrame(() => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        if (document.visibilityState !== "visible") return;
        locked = false;
        show();
      }, LOOK);
    }));
  };
  lock();
  document.addEventListener("visibilitychange", () => { if (locked) lock(); });
  for (const swapped of ["htmx:afterSwap", "htmx:historyRestore"]) document.addEventListener(swapped, lock);

  let sent = false;
  // The page may come back from the browser's memory.
  addEventListener("pageshow", (event) => {
    sent = false;
    if (event.persisted) lock();
  });
  form.addEventListener("submit", (event) => {
    if (sent || locked) event.preventDefault();
    else sent = true;
  });
  form.addEventListener("unsent", () => { sent = false; });

  // ✓ and ✗
  const reasonOf = (ticks) => ticks.querySelector("select");
  const turnOver = (ticks) => {
    const [yes, no] = ticks.querySelectorAll("[type=radio]");
    const other = yes.checked ? no : yes;
    other.checked = true;
    other.dispatchEvent(new Event("change", { bubbles: true }));
  };
  const rejected = (ticks) => ticks.querySelector("[value=no]").checked;
  for (const ticks of document.querySelectorAll(".ticks")) {
    const reason = reasonOf(ticks);
    reason.required = rejected(ticks);
    ticks.addEventListener("change", (event) => {
      reason.required = rejected(ticks);
      if (event.target === reason || !reason.required) return;
      reason.focus();
      ticks.scrollIntoView({ block: "nearest" });
    });
  }

  // what is missing
  const turn = document.querySelector("[name=add-turn]");
  const kind = document.querySelector("[name=add-kind]");
  const add = document.querySelector("[data-add]");
  const added = document.querySelector("#added");
  let from = null;
  const put = () => {
    if (!turn.value.trim() || !kind.value) return false;
    const label = document.querySelector("#one-added").content.firstElementChild.cloneNode(true);
    const box = label.querySelector("input");
    const highest = Math.max(0, ...[...added.querySelectorAll("input")].map((one) => Number(one.name.split("-")[1])));
    Object.assign(box, { name: `missing-${highest + 1}`, value: `${kind.value}@${turn.value.trim()}`, defaultChecked: false, checked: true });
    const name = kind.selectedOptions[0].textContent;
    label.querySelector("span").textContent = add.dataset.label.replace("{type}", name).replace("{turn}", turn.value.trim());
    added.append(label);
    turn.value = kind.value = "";
    from?.focus();
    from = null;
    return true;
  };
  add.addEventListener("click", (event) => {
    event.preventDefault();
    if (!put()) (turn.value ? kind : turn).focus();
  });
  for (const one of document.querySelectorAll(".turn")) {
    const button = document.createElement("button");
    Object.assign(button, { type: "button", className: "missing-here", textContent: "+", title: add.dataset.add });
    button.setAttribute("aria-label", `${add.dataset.add}, ${one.dataset.turn}`);
    // The keys walk the turns; a stop at each would be in their way.
    button.tabIndex = -1;
    button.addEventListener("click", () => {
      turn.value = one.dataset.turn;
      from = one;
      kind.focus();
      kind.scrollIntoView({ block: "nearest" });
    });
    one.querySelector(".side").append(button);
  }

  // A remark at a turn begins with its number.
  const note = form.querySelector("[name=note]");
  const remark = () => {
    const here = document.activeElement.closest?.(".turn");
    if (here) note.value += `${note.value && !note.value.endsWith("\n") ? "\n" : ""}${here.querySelector(".number").textContent.trim()}: `;
    note.focus();
  };

  // keys
  const done = () => {
    if (locked || sent) return;
    form.requestSubmit(form.querySelector("[value=done]"));
  };
  const keysOn = document.querySelector("#keys-on");
  addEventListener("keydown", (event) => {
    const elsewhere = document.querySelector("dialog[open]") || event.isComposing || event.repeat || event.defaultPrevented;
    if (elsewhere || event.altKey) return;
    const { target, key } = event;
    const sends = key === "Enter" && (event.ctrlKey || event.metaKey);
    if (key === "Enter" && (target === turn || (target === kind && (kind.value || turn.value)))) {
      event.preventDefault();
      add.click();
      return;
    }
    // On a link, a button or in a text, Enter does what it does there.
    if (sends || (key === "Enter" && !target.matches?.("a, button, summary, textarea, [role=slider]"))) {
      event.preventDefault();
      // What was heard is kept already: on to the next call.
      const onward = !sends && document.querySelector(".compared a.button");
      if (onward) onward.click();
      else done();
      return;
    }
    if (!keysOn?.checked || event.ctrlKey || event.metaKey) return;
    // No reason begins with such a letter: who has chosen one goes on with the keys.
    if (target.matches?.("textarea, select:not(.ticks select), input:not([type=radio], [type=checkbox])")) return;
    if (key === "n") {
      event.preventDefault();
      remark();
    } else if (/^[1-9]$/.test(key)) {
      const ticks = document.querySelector(`.ticks[data-number="${key}"]`);
      if (ticks) {
        event.preventDefault();
        turnOver(ticks);
      }
    }
  });
})();
