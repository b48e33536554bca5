"use strict";
// The form of a decision: its right label; that it is sent once, and about a call that was seen for a second.
(() => {
  const LOOK = 1000;
  const form = document.querySelector("#decide");
  if (!form) return;
  const label = form.querySelector("#right");
  const opener = form.querySelector("[data-key=o]");
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
    // Who overrules has opened the form and filled it in.
    const unseen = locked && event.submitter?.value !== "overrule";
    if (sent || unseen) event.preventDefault();
    else sent = true;
  });
  form.addEventListener("unsent", () => { sent = false; });
  // Enter in a field would press the first button of the form.
  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target.matches("input")) {
      event.preventDefault();
      form.requestSubmit(label.querySelector("[value=overrule]"));
    }
  });

  // the right label
  const outcomes = () => {
    form.querySelector("#violations").hidden = form.elements.outcome.value !== "violation";
  };
  const toggle = (open) => {
    label.hidden = !open;
    form.elements.open.value = open ? "1" : "";
    opener.setAttribute("aria-expanded", String(open));
    if (open) (form.querySelector("[name=outcome]:checked") ?? form.querySelector("[name=outcome]")).focus();
    else opener.focus();
  };
  outcomes();
  label.addEventListener("change", outcomes);
  opener.addEventListener("click", () => toggle(label.hidden));
  addEventListener("keydown", (event) => {
    const elsewhere = document.querySelector("dialog[open]") || event.isComposing;
    if (event.key === "Escape" && !label.hidden && !elsewhere) toggle(false);
  });
})();
