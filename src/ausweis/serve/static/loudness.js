"use strict";
// Both sides equally loud: each is raised to what speech should be, as the server measured it, and then compressed.
// The sound goes through Web Audio from the first listening on; where that is missing, recordings play as they are.
(() => {
  const box = document.querySelector(".player");
  const Context = window.AudioContext || window.webkitAudioContext;
  if (!box || !Context) return;
  const KEPT = "ausweis-even";
  const SIDEWAYS = 0.5;
  const files = [...document.querySelectorAll("audio")];
  const tick = box.querySelector("[data-even]");
  tick.closest("label").hidden = false;
  tick.checked = localStorage.getItem(KEPT) !== "off";

  let context = null;
  let sources = [];
  let nodes = [];
  let rows = [];
  let side = "";
  let mixed = [];

  const node = (made) => {
    nodes.push(made);
    return made;
  };
  const gain = (value) => node(new GainNode(context, { gain: value }));
  const beside = (row) => ({ agent: -SIDEWAYS, caller: SIDEWAYS }[row.side] ?? (row.channel === null ? 0 : (row.channel ? SIDEWAYS : -SIDEWAYS)));

  // One side a channel: each raised for itself, and both to be heard in either ear.
  const raise = (source, row, output, end) => {
    const raised = gain(row.gain);
    source.connect(raised, output);
    raised.connect(node(new StereoPannerNode(context, { pan: beside(row) }))).connect(end);
  };
  const wire = () => {
    for (const each of [...sources, ...nodes]) each.disconnect();
    [nodes, mixed] = [[], []];
    if (!tick.checked) return sources.forEach((source) => source.connect(context.destination));
    const end = node(new DynamicsCompressorNode(context, { threshold: -28, knee: 12, ratio: 5, attack: 0.004, release: 0.2 }));
    end.connect(context.destination);
    sources.forEach((source, place) => {
      const ours = rows.filter((row) => String(row.place) === files[place].dataset.place);
      if (ours.some((row) => row.channel !== null)) {
        const parts = source.connect(node(new ChannelSplitterNode(context, { numberOfOutputs: 2 })));
        for (const row of ours) raise(parts, row, row.channel, end);
      } else if (ours[0]?.side) {
        raise(source, ours[0], 0, end);
      } else {
        const both = gain(ours[0] ? loud(ours[0]) : 1);
        if (ours[0]) mixed.push([both, ours[0]]);
        source.connect(both).connect(end);
      }
    });
    return undefined;
  };

  // Both on one channel: whoever speaks now is raised.
  const loud = (row) => row.gains[side] ?? row.gain;
  box.addEventListener("turn", (event) => {
    side = event.detail;
    for (const [both, row] of mixed) both.gain.setTargetAtTime(loud(row), context.currentTime, 0.05);
  });
  box.addEventListener("rows", (event) => {
    rows = event.detail;
    if (sources.length) wire();
  });

  // Browsers start a context only after a gesture: until it runs, nothing is led through it.
  const start = async () => {
    if (sources.length || !tick.checked) return;
    context ??= new Context();
    await context.resume();
    if (context.state !== "running" || sources.length) return;
    sources = files.map((file) => context.createMediaElementSource(file));
    wire();
  };
  for (const file of files) file.addEventListener("play", () => start().catch(() => {}));
  tick.addEventListener("change", () => {
    localStorage.setItem(KEPT, tick.checked ? "on" : "off");
    if (sources.length) wire();
    else if (files.some((file) => !file.paused)) start().catch(() => {});
  });
})();
