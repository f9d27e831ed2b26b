"use strict";
(() => {
  const html = document.documentElement;
  const all = (selector, from = document) => [...from.querySelectorAll(selector)];
  const settings = JSON.parse(document.getElementById("points").textContent);
  html.classList.add("script");

  const percent = (share) => (100 * share).toFixed(1).replace("-", "−");
  const short = (value) => {
    const size = Math.abs(value);
    return size >= 99.95 ? value.toFixed(0) : size >= 9.995 ? value.toFixed(1) : size >= 0.9995 ? value.toFixed(2)
      : size >= 0.09995 ? value.toFixed(3) : value.toPrecision(3);
  };
  const element = (name, text) => Object.assign(document.createElement(name), { textContent: text });
  const counted = (n, word) => `${n} ${word}${n === 1 ? "" : "s"}`;

  // The table: sorted by a click on a header, filtered by the form above it.
  const table = document.getElementById("results");
  const body = table.tBodies[0];
  const rows = [...body.rows];
  const key = (row, column) => {
    const cell = row.cells[column];
    if (!("value" in cell.dataset)) return cell.textContent.replace("●", "").trim();
    return cell.dataset.value === "" ? null : Number(cell.dataset.value);
  };
  const compare = (a, b) => (typeof a === "string" ? a.localeCompare(b, "en") : a - b);
  all(".sort", table).forEach((button) => {
    button.addEventListener("click", () => {
      const head = button.closest("th");
      const rising = head.getAttribute("aria-sort") !== "ascending";
      all("th[aria-sort]", table).forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", rising ? "ascending" : "descending");
      const column = head.cellIndex;
      rows.sort((a, b) => {
        const [x, y] = [key(a, column), key(b, column)];
        if (x === null || y === null) return (x === null) - (y === null);
        return rising ? compare(x, y) : compare(y, x);
      });
      body.append(...rows);
    });
  });
  const filter = () => {
    const text = document.getElementById("filter-text").value.trim().toLowerCase();
    const which = document.getElementById("filter-rows").value;
    const task = document.getElementById("filter-task")?.value ?? "";
    let shown = 0;
    for (const row of rows) {
      const fits =
        row.dataset.pipeline.toLowerCase().includes(text) &&
        (which === "all" || row.dataset[which] === "1") &&
        (task === "" || row.dataset.task === task);
      row.hidden = !fits;
      shown += fits;
    }
    document.getElementById("filter-count").textContent = `${shown} of ${counted(rows.length, "row")}`;
  };
  const filters = document.getElementById("filters");
  filters.addEventListener("input", filter);
  filters.addEventListener("submit", (event) => event.preventDefault());
  filter();

  // Where a value lies in a chart, from the scales that its svg element carries.
  const place = (svg, cost, quality, { logarithmic }) => {
    const on = (value) => (logarithmic ? Math.log(value) : value);
    const d = Object.fromEntries(Object.entries(svg.dataset).map(([name, value]) => [name, Number(value)]));
    const part = (Math.log(cost) - Math.log(d.lowCost)) / (Math.log(d.highCost) - Math.log(d.lowCost));
    const up = (on(quality) - on(d.lowQuality)) / (on(d.highQuality) - on(d.lowQuality));
    return { x: d.left + part * (d.right - d.left), y: d.bottom + up * (d.top - d.bottom) };
  };
  const set = (node, attributes) => Object.entries(attributes).forEach(([name, value]) => node.setAttribute(name, value));
  const hide = (node, hidden) => (hidden ? node.setAttribute("hidden", "") : node.removeAttribute("hidden"));
  const within = (value, low, high) => Math.min(Math.max(value, low), high);

  const describe = (point, setting, cost = "ms") => {
    const text = setting.percent ? percent : short;
    const range = point.low === null ? "" : ` (${text(point.low)} to ${text(point.high)})`;
    return `${text(point.quality)}${setting.percent ? " %" : ""}${range} ${setting.metric}, ${short(point.ms)} ms per ${setting.per}` +
      (cost === "mj" ? `, ${short(point.mj)} mJ per ${setting.per}${point.energy === "measured" ? "" : ` (${point.energy})`}` : "");
  };

  // Tables of others may not say of how many examples quality is.
  const sample = (point, setting) =>
    counted(point.seeds, "seed") + (point.examples > 0 ? ` × ${point.examples} ${setting.over}` : "");

  all(".setting").forEach((section) => {
    const setting = settings[Number(section.dataset.setting)];
    const { points } = setting;
    // More is better.
    const worth = (quality) => (setting.more_is_better ? quality : -quality);
    const charts = all(".tradeoff .chart", section);
    const plots = all(".tradeoff", section);
    if (plots.length === 0) return;
    const measured = points.filter((p) => p.origin !== "predicted");

    // Pipelines that stand out of the chart.
    const chips = all(".chip", section);
    const pick = () => {
      const on = new Set(chips.filter((c) => c.getAttribute("aria-pressed") === "true").map((c) => c.dataset.pipeline));
      for (const plot of plots) {
        plot.classList.toggle("picked", on.size > 0);
        all("[data-pipeline]", plot).forEach((node) => node.classList.toggle("on", on.has(node.dataset.pipeline)));
      }
    };
    chips.forEach((chip) =>
      chip.addEventListener("click", () => {
        chip.setAttribute("aria-pressed", String(chip.getAttribute("aria-pressed") !== "true"));
        pick();
      })
    );

    // One point at a time, by pointer or by arrow keys.
    const pipelines = [...new Set(measured.map((p) => p.pipeline))];
    plots.forEach((plot) => {
      const { cost } = plot.dataset;
      const tip = plot.querySelector(".tip");
      let at = null;
      const visible = () => all(".chart", plot).find((svg) => svg.getClientRects().length > 0);
      const show = (point) => {
        at = point;
        hide(tip, point === null);
        if (point === null) return;
        tip.replaceChildren(
          element("b", point.pipeline),
          element("span", `${describe(point, setting, cost)}, effort ${point.effort}; n = ${sample(point, setting)}`)
        );
        const svg = visible();
        const scale = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
        const { x, y } = place(svg, point[cost], point.quality, setting);
        tip.style.left = `${within(x * scale - tip.offsetWidth / 2, 0, plot.offsetWidth - tip.offsetWidth)}px`;
        tip.style.top = `${y * scale > tip.offsetHeight + 16 ? y * scale - tip.offsetHeight - 14 : y * scale + 16}px`;
      };
      plot.addEventListener("pointermove", (event) => {
        const svg = visible();
        const box = svg.getBoundingClientRect();
        const scale = box.width / svg.viewBox.baseVal.width;
        const near = measured
          .map((p) => {
            const { x, y } = place(svg, p[cost], p.quality, setting);
            return { p, far: Math.hypot(x * scale + box.left - event.clientX, y * scale + box.top - event.clientY) };
          })
          .reduce((a, b) => (b.far < a.far ? b : a), { far: 22, p: null });
        if (near.p !== at) show(near.p);
      });
      plot.addEventListener("pointerleave", () => show(null));
      plot.addEventListener("blur", () => show(null));
      plot.addEventListener("keydown", (event) => {
        const of = (pipeline) => measured.filter((p) => p.pipeline === pipeline).sort((a, b) => a[cost] - b[cost]);
        const line = at ? pipelines.indexOf(at.pipeline) : 0;
        const along = at ? of(at.pipeline).indexOf(at) : -1;
        const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
        const turn = { ArrowDown: 1, ArrowUp: -1 }[event.key];
        if (event.key === "Escape") show(null);
        else if (step) show(of(pipelines[line])[within(along + step, 0, of(pipelines[line]).length - 1)]);
        else if (turn) show(of(pipelines[(line + turn + pipelines.length) % pipelines.length])[0]);
        else return;
        event.preventDefault();
      });
    });

    // The budget: which point fits, and how far off the nearest is where none does.
    const form = section.querySelector(".budget");
    const sliders = all("input[type=range]", form);
    const fit = form.querySelector(".fit");
    const better = {
      fast: (a, b) => a.ms - b.ms,
      good: (a, b) => worth(b.quality) - worth(a.quality) || a.ms - b.ms,
      small: (a, b) => (a.mb ?? Infinity) - (b.mb ?? Infinity) || a.ms - b.ms,
    };
    const answer = () => {
      const limit = {};
      for (const slider of sliders) {
        const isQuality = slider.name === "quality";
        const value = isQuality && !setting.logarithmic ? Number(slider.value) : 10 ** Number(slider.value);
        // At its end a slider asks for nothing, so that a figure that is missing is no reason to refuse.
        const open = !isQuality && slider.value === slider.max;
        limit[slider.name] = open ? Infinity : value;
        const text = `${isQuality && setting.percent ? percent(value) : short(value)} ${slider.dataset.unit}`;
        slider.closest("label").querySelector("output").textContent = open ? `any ${slider.dataset.unit}` : text;
        slider.setAttribute("aria-valuetext", open ? `any ${slider.dataset.unit}` : text);
      }
      const misses = (p) => {
        const missed = [];
        for (const name of ["ms", "mb", "mj"]) {
          if (limit[name] !== undefined && limit[name] !== Infinity && !(p[name] !== null && p[name] <= limit[name]))
            missed.push(p[name] === null ? 9 : p[name] / limit[name] - 1);
        }
        const behind = worth(limit.quality) - worth(p.quality);
        if (behind > 0) missed.push(behind / Math.max(Math.abs(limit.quality), 1e-9));
        return missed;
      };
      const fits = points.filter((p) => misses(p).length === 0);
      const prefer = form.querySelector("input[type=radio]:checked").value;
      const sum = (numbers) => numbers.reduce((a, b) => a + b, 0);
      const best = fits.length > 0
        ? [...fits].sort(better[prefer])[0]
        : [...points].sort((a, b) => sum(misses(a)) - sum(misses(b)))[0];
      const facts = [describe(best, setting)];
      if (best.speedup !== null) facts.push(`${short(best.speedup)} × as fast as O`);
      if (best.mb !== null) facts.push(`${short(best.mb)} MB`);
      if (best.mj !== null) facts.push(`${short(best.mj)} mJ per ${setting.per}${best.energy === "measured" ? "" : ` (${best.energy})`}`);
      const [good, bad] = setting.more_is_better ? ["above", "below"] : ["below", "above"];
      const sure = best.origin === "predicted" ? "Predicted from what was measured; measure it before you rely on it. "
        : fits.length === 0 ? "" : best.low === null ? "Its uncertainty was not measured. "
        : Math.min(worth(best.low), worth(best.high)) >= worth(limit.quality) ? `Its whole 95 % interval is ${good} your bar. `
        : `Its 95 % interval reaches ${bad} your bar: the mean fits, more seeds would settle it. `;
      const tag = Object.assign(element("span", best.origin), { className: "tag" });
      const predicted = points.length - measured.length;
      const among = `${fits.length} of ${counted(points.length, "operating point")} ${fits.length === 1 ? "fits" : "fit"}` +
        (predicted > 0 ? ` (${predicted} of all are predicted, not measured)` : "") +
        `; n = ${sample(best, setting)}.`;
      fit.replaceChildren(
        document.createTextNode(fits.length > 0 ? "" : "Nothing fits. The nearest is "),
        element("strong", best.pipeline),
        document.createTextNode(best.effort === "full" ? " at full effort " : ` at ${best.effort} `),
        tag,
        document.createTextNode(`: ${facts.join(", ")}.`),
        element("small", sure + among)
      );
      fit.dataset.pipeline = best.pipeline;
      for (const svg of charts) {
        const d = svg.dataset;
        const { cost } = svg.closest(".tradeoff").dataset;
        const most = limit[cost] ?? Infinity;
        const line = place(svg, most === Infinity ? Number(d.highCost) : most, limit.quality, setting);
        const x = within(line.x, Number(d.left), Number(d.right));
        const y = within(line.y, Math.min(d.top, d.bottom), Math.max(d.top, d.bottom));
        set(svg.querySelector(".limit-ms"), { x1: x, x2: x });
        set(svg.querySelector(".limit-quality"), { y1: y, y2: y });
        hide(svg.querySelector(".limit-ms"), most === Infinity);
        hide(svg.querySelector(".limits"), false);
        const there = place(svg, best[cost], best.quality, setting);
        set(svg.querySelector(".chosen"), { cx: there.x, cy: there.y });
        hide(svg.querySelector(".chosen"), best[cost] === null);
      }
    };
    form.addEventListener("input", answer);
    form.addEventListener("submit", (event) => event.preventDefault());
    answer();
  });
})();
