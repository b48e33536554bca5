"use strict";
// What is typed about a call is not lost: not in another language, not unmasked, not while the server is away, and
// nobody leaves it behind unwarned. It stays in the form and is sent with it; nothing is kept here.
(() => {
  const form = document.querySelector("form[data-form]");
  if (!form) return;
  const away = form.querySelector("[data-away]");
  let leaving = false;

  const fields = () => [...form.elements].filter((field) => field.matches("textarea, input:not([type=hidden])"));
  const typed = () => "unsent" in form.dataset || fields().some((field) => (
    field.matches("[type=radio], [type=checkbox]") ? field.checked !== field.defaultChecked : field.value !== field.defaultValue
  ));
  addEventListener("beforeunload", (event) => {
    if (!leaving && typed()) event.preventDefault();
  });
  addEventListener("pageshow", () => { leaving = false; });

  // To another page of this call, which shows the form as it is now.
  const carry = (address) => {
    leaving = true;
    form.action = address;
    form.submit();
  };
  document.querySelector(".who a[hreflang]")?.addEventListener("click", (event) => {
    if (!typed() || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const to = new URL(event.currentTarget.href).searchParams.get("to");
    carry(`${form.dataset.form}${form.dataset.form.includes("?") ? "&" : "?"}to=${to}`);
  });
  document.querySelector("form.unmask")?.addEventListener("submit", (event) => {
    if (!typed()) return;
    event.preventDefault();
    carry(event.currentTarget.action);
  });

  // A browser that finds no server shows a page of its own in the place of this one.
  form.addEventListener("submit", async (event) => {
    if (event.defaultPrevented) return;
    if (!typed()) {
      leaving = true;
      return;
    }
    event.preventDefault();
    const button = event.submitter;
    try {
      await fetch("/static/icon.svg", { method: "HEAD", cache: "no-store", signal: AbortSignal.timeout(10_000) });
    } catch {
      away.setAttribute("role", "alert");
      away.hidden = false;
      away.scrollIntoView({ block: "nearest" });
      form.dispatchEvent(new Event("unsent"));
      return;
    }
    if (button?.name) {
      const choice = document.createElement("input");
      Object.assign(choice, { type: "hidden", name: button.name, value: button.value });
      form.append(choice);
    }
    leaving = true;
    form.submit();
  });
})();
