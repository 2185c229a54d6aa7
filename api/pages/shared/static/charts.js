/* Draws the control room's charts from the figures on the page; each is there as a table too. */
(() => {
  "use strict";

  const RULES_SHOWN = 9;
  const drawn = [];
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  function bars(names, values, percent) {
    return {
      type: "bar",
      data: { labels: names, datasets: [{ data: values, backgroundColor: colour("--accent"), borderRadius: 4, maxBarThickness: 26 }] },
      options: {
        indexAxis: "y",
        plugins: { legend: { display: false } },
        scales: {
          x: { beginAtZero: true, grid: { color: colour("--line") }, ticks: percent ? { callback: (value) => `${Math.round(value * 100)}%` } : { precision: 0 } },
          y: { grid: { display: false }, ticks: { autoSkip: false } },
        },
      },
    };
  }

  // The interval is drawn as a band between two lines that are not shown.
  function band(lows, highs) {
    const edge = { type: "line", borderWidth: 0, pointRadius: 0, pointHitRadius: 0, backgroundColor: `${colour("--sea")}33` };
    return [{ ...edge, data: lows }, { ...edge, data: highs, fill: "-1" }];
  }

  const shares = () => ({
    scales: { x: { grid: { display: false }, ticks: { maxTicksLimit: 6, maxRotation: 0 } }, y: { beginAtZero: true, grid: { color: colour("--line") }, ticks: { maxTicksLimit: 6, callback: (value) => `${Math.round(value * 1000) / 10}%` } } },
    plugins: { legend: { display: false }, tooltip: { filter: ({ dataset }) => Boolean(dataset.label) } },
  });

  const CHARTS = {
    days: ({ days, words }) => ({
      data: {
        labels: days.map(({ day }) => day),
        datasets: [
          { type: "line", label: words.handovers, data: days.map(({ handovers }) => handovers), borderColor: colour("--spark"), backgroundColor: colour("--spark"), pointRadius: 2, tension: 0.3 },
          { type: "bar", label: words.conversations, data: days.map(({ conversations }) => conversations), backgroundColor: colour("--accent"), borderRadius: 3 },
        ],
      },
      options: { scales: { x: { grid: { display: false } }, y: { beginAtZero: true, ticks: { precision: 0 }, grid: { color: colour("--line") } } }, plugins: { legend: { position: "bottom" } } },
    }),
    waits: ({ days, words }) => ({
      type: "line",
      data: { labels: days.map(({ day }) => day), datasets: [{ label: words.waited, data: days.map(({ waited }) => waited), borderColor: colour("--sea"), backgroundColor: colour("--sea"), spanGaps: true, tension: 0.3 }] },
      options: { scales: { x: { grid: { display: false } }, y: { beginAtZero: true, grid: { color: colour("--line") } } }, plugins: { legend: { display: false } } },
    }),
    curve: ({ curves, words }, place) => {
      const { bins } = curves[place];
      const right = { type: "line", label: words.right, data: bins.map(({ right }) => right), borderColor: colour("--accent"), backgroundColor: colour("--accent"), pointRadius: 4 };
      const options = shares();
      options.scales.y.max = 1;
      return { data: { labels: bins.map(({ level }) => level), datasets: [...band(bins.map(({ low }) => low), bins.map(({ high }) => high)), right] }, options };
    },
    points: ({ points, words }) => {
      const line = (label, values, name, dash = []) => ({ type: "line", label, data: values, borderColor: colour(name), backgroundColor: colour(name), borderDash: dash, pointRadius: points.map((point) => (point.is_present ? 6 : 3)) });
      const options = shares();
      options.plugins = { legend: { position: "bottom" } };
      return {
        data: {
          labels: points.map(({ threshold }) => threshold),
          datasets: [
            line(words.missed, points.map(({ missed }) => missed), "--bad"),
            line(words.calm_en, points.map(({ calm }) => calm.en), "--accent"),
            line(words.calm_zh, points.map(({ calm }) => calm.zh), "--sea", [5, 3]),
          ],
        },
        options,
      };
    },
    drift: ({ drifts, words }, place) => {
      const points = drifts[place];
      const dots = points.map(({ outside }) => colour(outside ? "--bad" : "--accent"));
      const share = { type: "line", label: words.share, data: points.map(({ share }) => share), borderColor: colour("--accent"), pointBackgroundColor: dots, pointBorderColor: dots, pointRadius: points.map(({ outside, recent }) => (outside ? 5 : recent ? 3 : 1.5)), borderWidth: 1.5 };
      // Each day has its own centre line and limits, so that these lines are steps.
      const step = (label, values, style) => ({ type: "line", label, data: values, stepped: "middle", pointRadius: 0, borderWidth: 1, ...style });
      const limit = { borderColor: colour("--sea"), borderDash: [5, 3] };
      const lines = [
        step(words.upper, points.map(({ upper }) => upper), limit),
        step(words.centre, points.map(({ centre }) => centre), { borderColor: colour("--soft") }),
        step(words.lower, points.map(({ lower }) => lower), limit),
      ];
      const options = shares();
      options.interaction = { mode: "index", intersect: false };
      return { data: { labels: points.map(({ day }) => day), datasets: [share, ...lines] }, options };
    },
    load: ({ load, words }, place) => {
      const rows = load[place];
      const side = (label, column, name) => ({ label, data: rows.map((row) => row[column]), backgroundColor: colour(name), borderRadius: 3 });
      return {
        type: "bar",
        data: { labels: rows.map(([name]) => name), datasets: [side(words.before, 1, "--line"), side(words.after, 2, "--accent")] },
        options: { interaction: { mode: "index", intersect: false }, scales: { x: { grid: { display: false }, ticks: { maxTicksLimit: 12, maxRotation: 0 } }, y: { beginAtZero: true, ticks: { precision: 0 }, grid: { color: colour("--line") } } }, plugins: { legend: { position: "bottom" } } },
      };
    },
    emotions: ({ emotions }) => bars(emotions.map(({ name }) => name), emotions.map(({ share }) => share), true),
    rules: ({ rules }) => bars(rules.slice(0, RULES_SHOWN).map(({ name }) => name.replaceAll("_", " ")), rules.slice(0, RULES_SHOWN).map(({ count }) => count), false),
    languages: ({ languages }) => ({
      type: "doughnut",
      data: { labels: languages.map(({ name }) => name), datasets: [{ data: languages.map(({ count }) => count), backgroundColor: [colour("--accent"), colour("--spark")], borderColor: colour("--panel") }] },
      options: { cutout: "62%", plugins: { legend: { position: "bottom" } } },
    }),
  };

  function draw() {
    const figures = document.getElementById("chart-data");
    if (!figures) return;
    const data = JSON.parse(figures.textContent);
    drawn.splice(0).forEach((chart) => chart.destroy());
    Chart.defaults.color = colour("--soft");
    Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
    Chart.defaults.maintainAspectRatio = false;
    Chart.defaults.animation = false;
    Chart.defaults.plugins.legend.labels.boxWidth = 14;
    for (const canvas of document.querySelectorAll("canvas[data-chart]")) drawn.push(new Chart(canvas, CHARTS[canvas.dataset.chart](data, canvas.dataset.place)));
  }

  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  document.addEventListener("htmx:afterSettle", draw);
  draw();
})();
