"use strict";
// Shows the calls that the form asks for; what it asks for stands in the address: #tag=…&label=…, #call=… opens one.
(() => {
  const form = document.getElementById("filter");
  const calls = [...document.querySelectorAll("details.call")].map((details) => ({
    details,
    find: `${details.dataset.id} ${details.dataset.title}`.toLowerCase(),
    marks: JSON.parse(details.dataset.marks),
    tags: JSON.parse(details.dataset.tags),
  }));
  const fields = [...form.elements].filter((field) => field.name);

  const wanted = () => {
    const found = new URLSearchParams();
    for (const field of fields) if (field.value.trim()) found.append(field.name, field.value.trim());
    return found;
  };

  const fits = (call, asked) =>
    call.find.includes((asked.get("q") || "").toLowerCase()) &&
    ["label", "verdict"].every((name) => !asked.has(name) || asked.get(name) === call.details.dataset[name]) &&
    (!asked.has("mark") || call.marks.includes(asked.get("mark"))) &&
    asked.getAll("tag").every((tag) => call.tags.includes(tag));

  const show = () => {
    const asked = wanted();
    let shown = 0;
    for (const call of calls) {
      call.details.hidden = !fits(call, asked);
      if (!call.details.hidden) shown += 1;
    }
    document.getElementById("shown").textContent = `${shown} of ${calls.length} calls`;
    document.getElementById("none").hidden = shown > 0;
  };

  const keep = () => {
    show();
    const text = wanted().toString();
    history.replaceState(null, "", text ? `#${text}` : location.pathname + location.search);
  };

  const follow = () => {
    if (!location.hash.includes("=")) return;
    const asked = new URLSearchParams(location.hash.slice(1));
    for (const field of fields) {
      const values = asked.getAll(field.name);
      if (field.tagName === "SELECT") {
        field.value = "";
        for (const option of field.options) if (option.value && values.includes(option.value)) field.value = option.value;
      } else field.value = values[0] || "";
    }
    show();
    const call = calls.find(({ details }) => details.dataset.id === asked.get("call"));
    if (call) call.details.open = true;
    (call ? call.details : document.getElementById("calls")).scrollIntoView();
  };

  form.hidden = false;
  form.addEventListener("input", keep);
  form.addEventListener("reset", () => setTimeout(keep));
  form.addEventListener("submit", (event) => event.preventDefault());
  addEventListener("hashchange", follow);
  show();
  follow();
})();
