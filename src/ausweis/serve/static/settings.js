"use strict";
// The section of the address is opened; links and commands are copied by one press.
(() => {
  const open = () => {
    const section = document.getElementById(location.hash.slice(1));
    if (section?.matches("details")) {
      section.open = true;
      section.scrollIntoView();
    }
  };
  addEventListener("hashchange", open);
  open();
  for (const button of navigator.clipboard ? document.querySelectorAll("[data-copy]") : []) {
    const field = document.getElementById(button.dataset.copy);
    button.hidden = false;
    if (field.matches("[data-once]")) field.select();
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(field.value);
      button.nextElementSibling.textContent = button.dataset.copied;
    });
  }
})();
