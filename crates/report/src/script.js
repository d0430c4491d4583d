"use strict";
(() => {
  const root = document.documentElement;
  root.classList.add("scripted");
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];

  // The theme: kept for the next time, where the browser allows it.
  const keep = (theme) => { try { localStorage.setItem("calf-report-theme", theme); } catch { /* a file may have no storage */ } };
  const kept = () => { try { return localStorage.getItem("calf-report-theme"); } catch { return null; } };
  const dress = (theme) => {
    if (theme === "light" || theme === "dark") root.dataset.theme = theme;
    else delete root.dataset.theme;
  };
  for (const radio of all("input[name=theme]")) {
    radio.addEventListener("change", () => { dress(radio.value); keep(radio.value); });
    if (radio.value === kept()) radio.checked = true;
  }
  dress(kept());

  // What is pointed at says what it is.
  const tip = document.getElementById("tip");
  document.addEventListener("pointermove", (event) => {
    const told = event.target instanceof Element ? event.target.closest("[data-tip]") : null;
    const text = told ? told.getAttribute("data-tip") : "";
    tip.hidden = text === "";
    if (tip.hidden) return;
    tip.textContent = text;
    const room = { x: root.clientWidth - tip.offsetWidth - 8, y: root.clientHeight - tip.offsetHeight - 8 };
    tip.style.left = `${Math.max(4, Math.min(event.clientX + 14, room.x))}px`;
    tip.style.top = `${Math.max(4, Math.min(event.clientY + 16, room.y))}px`;
  });
  document.addEventListener("pointerleave", () => { tip.hidden = true; });
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") tip.hidden = true; });

  // The data, read when first asked for.
  let lines = null;
  const results = () => (lines ??= JSON.parse(document.getElementById("results").textContent));
  document.getElementById("download").addEventListener("click", () => {
    const text = results().map((line) => `${JSON.stringify(line)}\n`).join("");
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type: "application/x-ndjson" }));
    link.download = "calf-results.jsonl";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  });

  // One drawing of several.
  for (const chooser of all(".chooser")) {
    const select = chooser.querySelector("select");
    const choices = all(".choice", chooser);
    const show = () => choices.forEach((choice, index) => { choice.hidden = index !== Number(select.value); });
    select.addEventListener("change", show);
    show();
  }

  // Page maps, moment by moment.
  const STATES = { s: "shared with the parent", c: "copied by the collector", p: "copied by the program", n: "new", ".": "free or not present" };
  const stateOf = (runs, page) => {
    let end = 0;
    for (const [, length, letter] of runs.matchAll(/(\d+)(\D)/g)) {
      end += Number(length);
      if (page < end) return STATES[letter] ?? "in a state that this page does not know";
    }
    return STATES["."];
  };
  for (const player of all(".player")) {
    const part = (name) => player.querySelector(`.${name}`);
    const [play, scrub, moment, left, right, readout] = ["play", "scrub", "moment", "left", "right", "readout"].map(part);
    const maps = all(".map", player);
    const frames = maps.map((map) => all(".frame", map));
    const shown = () => [left.value, right.value].filter((value) => value !== "").map(Number);
    const frameOf = (index) => Math.min(Number(scrub.value), frames[index].length - 1);
    const show = () => {
      const chosen = shown();
      maps.forEach((map, index) => { map.hidden = !chosen.includes(index); map.style.order = chosen.indexOf(index); });
      scrub.max = Math.max(...chosen.map((index) => frames[index].length)) - 1;
      chosen.forEach((index) => frames[index].forEach((frame, at) => frame.classList.toggle("shown", at === frameOf(index))));
      const labels = [...new Set(chosen.map((index) => frames[index][frameOf(index)].dataset.label))];
      moment.textContent = `${Number(scrub.value) + 1} of ${Number(scrub.max) + 1}: ${labels.join(" / ")}`;
      scrub.setAttribute("aria-valuetext", moment.textContent);
    };
    let timer = null;
    const stop = () => { clearInterval(timer); timer = null; play.textContent = "Play"; };
    play.addEventListener("click", () => {
      if (timer !== null) { stop(); return; }
      if (scrub.value === scrub.max) scrub.value = 0;
      play.textContent = "Pause";
      show();
      timer = setInterval(() => {
        scrub.value = Number(scrub.value) + 1;
        show();
        if (scrub.value === scrub.max) stop();
      }, 900);
    });
    scrub.addEventListener("input", () => { stop(); show(); });
    left.addEventListener("change", show);
    right.addEventListener("change", show);

    maps.forEach((map, index) => {
      const pages = map.querySelector(".page-map");
      const cursor = map.querySelector(".cursor");
      const [columns, cell, each] = ["columns", "cell", "pages"].map((name) => Number(pages.dataset[name]));
      const places = all(".region", map).map((region) => ({ name: region.dataset.name, top: Number(region.dataset.top) }));
      let at = { region: 0, cell: 0 };
      const regionNow = (name) => results()[Number(pages.dataset.line)].frames[frameOf(index)].regions.find((region) => region.region === name);
      const cellsOf = (region) => {
        const now = regionNow(places[region].name);
        const count = now ? [...now.pages.matchAll(/(\d+)\D/g)].reduce((sum, run) => sum + Number(run[1]), 0) : 0;
        return Math.ceil(count / each);
      };
      // What lay on the pages at the fork stands at the first moment, run by run: "4- 12:0" are four pages with nothing, twelve of kind 0.
      const lying = new Map();
      const lyingOn = (name, page) => {
        if (!lying.has(name)) {
          const objects = results()[Number(pages.dataset.line)].frames[0].regions.find((region) => region.region === name)?.objects;
          lying.set(name, [...(objects?.pages ?? "").matchAll(/(\d+)(?:-|:(\d+))/g)].map(([, length, kind]) => [Number(length), kind && objects.kinds[kind]]));
        }
        let end = 0;
        for (const [length, text] of lying.get(name)) if (page < (end += length)) return text;
        return undefined;
      };
      const tell = () => {
        const place = places[at.region];
        cursor.classList.add("shown");
        cursor.setAttribute("x", (at.cell % columns) * cell);
        cursor.setAttribute("y", place.top + Math.floor(at.cell / columns) * cell);
        const now = regionNow(place.name);
        const first = at.cell * each;
        const which = each > 1 ? `pages ${first} to ${first + each - 1}` : `page ${first}`;
        const objects = [];
        for (let page = first; page < first + each; page += 1) if (lyingOn(place.name, page)) objects.push(lyingOn(place.name, page));
        const lies = objects.length > 0 ? objects.join("; ") : "nothing is known of what lies on it";
        readout.textContent = `${place.name}, ${which}: ${now ? stateOf(now.pages, first) : STATES["."]}; ${lies}`;
      };
      map.querySelector("svg").addEventListener("pointermove", (event) => {
        const svg = event.currentTarget;
        const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
        const region = places.findLastIndex((place) => point.y >= place.top);
        if (region < 0) return;
        const column = Math.floor(point.x / cell);
        const chosen = Math.floor((point.y - places[region].top) / cell) * columns + column;
        if (column < 0 || column >= columns || chosen >= cellsOf(region)) return;
        at = { region, cell: chosen };
        tell();
      });
      const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns };
      map.addEventListener("keydown", (event) => {
        const step = steps[event.key];
        if (step === undefined || places.length === 0) return;
        event.preventDefault();
        const next = at.cell + step;
        if (next < 0 && at.region > 0) at = { region: at.region - 1, cell: Math.max(0, cellsOf(at.region - 1) - 1) };
        else if (next >= cellsOf(at.region) && at.region + 1 < places.length) at = { region: at.region + 1, cell: 0 };
        else at.cell = Math.max(0, Math.min(next, cellsOf(at.region) - 1));
        tell();
      });
    });
    // What is looked at first is how it ends; playing begins at the beginning.
    show();
    scrub.value = scrub.max;
    show();
  }

  // Paper shows every table.
  let opened = [];
  window.addEventListener("beforeprint", () => {
    opened = all("details:not([open])");
    opened.forEach((details) => { details.open = true; });
  });
  window.addEventListener("afterprint", () => opened.forEach((details) => { details.open = false; }));
})();
