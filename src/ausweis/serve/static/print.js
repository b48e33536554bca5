"use strict";
// A button that prints the page; it shows only where this runs.
(() => {
  const button = document.querySelector("[data-print]");
  button.hidden = false;
  button.addEventListener("click", () => window.print());
})();
