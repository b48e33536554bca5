"use strict";
// The key of an invitation stands behind # in the address: it goes into the form, which is sent when somebody presses.
(() => {
  const field = document.querySelector("input[name=token]");
  const own = decodeURIComponent(location.hash.slice(1));
  if (!field || !own) return;
  field.value = own;
  for (const part of document.querySelectorAll("[data-by-hand]")) part.hidden = true;
  document.querySelector("button.main").focus();
})();
