"use strict";
// The form of what was heard: outcomes by number, turns by a click or by t. It works without, by typing.
(() => {
  const form = document.querySelector("#heard");
  if (!form) return;
  const violations = document.querySelector("#heard-violations");
  const main = document.querySelector("main");
  const keysOn = document.querySelector("#keys-on");
  let field = null;
  let sent = false;

  const shown = () => { violations.hidden = form.elements.outcome.value !== "violation"; };
  const choose = (next) => {
    field = next;
    for (const one of form.querySelectorAll("[data-turns]")) one.classList.toggle("chosen", one === field);
    main.classList.toggle("setting", field !== null);
  };
  // A turn that is there already is taken out.
  const set = (number) => {
    if (!field || field.offsetParent === null) return;
    const turns = field.value.split(/[,\s]+/).filter(Boolean);
    const others = turns.filter((turn) => turn !== number);
    if (others.length === turns.length) others.push(number);
    field.value = others.sort((one, other) => one - other).join(", ");
  };

  shown();
  form.addEventListener("change", (event) => {
    if (event.target.name !== "outcome") return;
    shown();
    choose(null);
  });
  form.addEventListener("focusin", (event) => {
    if (event.target.matches("[data-turns]")) choose(event.target);
  });
  form.addEventListener("submit", (event) => {
    if (sent) event.preventDefault();
    sent = true;
  });
  const unsent = () => { sent = false; };
  form.addEventListener("unsent", unsent);
  addEventListener("pageshow", unsent);

  for (const number of document.querySelectorAll(".turn .number")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "set-turn";
    // The keys walk the turns; a stop at each would be in their way.
    button.tabIndex = -1;
    button.append(...number.childNodes);
    button.addEventListener("click", () => set(button.closest(".turn").dataset.turn));
    number.append(button);
  }

  addEventListener("keydown", (event) => {
    const writing = event.target.matches?.("input:not([type=radio], [type=checkbox]), textarea, select");
    const modified = event.ctrlKey || event.metaKey || event.altKey || event.repeat || event.isComposing;
    if (writing || modified || !keysOn?.checked || document.querySelector("dialog[open]")) return;
    const outcome = form.querySelector(`[data-number="${CSS.escape(event.key)}"]`);
    if (outcome) {
      event.preventDefault();
      outcome.click();
      outcome.focus();
    } else if (event.key === "t") {
      const turn = event.target.closest?.(".turn");
      if (turn) set(turn.dataset.turn);
    }
  });
})();
