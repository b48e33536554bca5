"use strict";
// The link of an invitation, copied by one press.
(() => {
  const button = document.querySelector("[data-copy]");
  const link = document.querySelector("#link");
  if (!button || !link || !navigator.clipboard) return;
  button.hidden = false;
  link.select();
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(link.value);
    document.querySelector("#copied").textContent = button.dataset.copy;
  });
})();
