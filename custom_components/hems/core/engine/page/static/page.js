import { clock, number, word } from "./words.js";

const REFRESH_MS = 5000;
const SVG = "http://www.w3.org/2000/svg";
// As wide as the page, so that its letters are as large on a phone.
const WIDTH = Math.max(320, Math.min(720, document.documentElement.clientWidth - 66));
const HEIGHT = 200;
const MARGIN = { left: 44, right: 8, top: 8, bottom: 22 };
const $ = (id) => document.getElementById(id);

function element(name, attributes = {}, text = "") {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.textContent = text;
  return made;
}

function shown(tag, text, className = "") {
  const made = document.createElement(tag);
  made.textContent = text;
  made.className = className;
  return made;
}

function scale(from, to, low, high) {
  const span = to - from || 1;
  return (value) => low + ((value - from) / span) * (high - low);
}

function canvas(label) {
  return element("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": label });
}

function axis(svg, y, values, digits) {
  for (const value of values) {
    svg.append(element("line", { class: "grid", x1: MARGIN.left, x2: WIDTH - MARGIN.right, y1: y(value), y2: y(value) }));
    svg.append(element("text", { x: MARGIN.left - 6, y: y(value) + 4, "text-anchor": "end" }, number(value, digits)));
  }
}

// Nothing here comes from a person's hand, but asset kinds of a newer home may be unknown: they are said as they are.
function drawPlan(plot) {
  const svg = canvas(word("last_plan"));
  const lines = [
    { name: "grid", values: plot.grid_kw },
    { name: "load", values: plot.load_kw },
    ...plot.assets.map((asset) => ({ name: asset.kind, values: asset.power_kw })),
  ];
  const starts = [0];
  for (const step of plot.steps_s) starts.push(starts.at(-1) + step);
  const all = lines.flatMap((line) => line.values);
  const x = scale(0, starts.at(-1), MARGIN.left, WIDTH - MARGIN.right);
  const y = scale(Math.min(0, ...all), Math.max(1, ...all), HEIGHT - MARGIN.bottom, MARGIN.top);
  axis(svg, y, [...new Set([Math.min(0, ...all), 0, Math.max(1, ...all)])], 1);
  const begin = new Date(plot.start).getTime();
  for (let part = 0; part <= 4; part += 1) {
    const at = (starts.at(-1) * part) / 4;
    const anchor = part === 0 ? "start" : part === 4 ? "end" : "middle";
    svg.append(element("text", { x: x(at), y: HEIGHT - 6, "text-anchor": anchor }, clock(begin + at * 1000)));
  }
  $("legend").replaceChildren();
  lines.forEach((line, index) => {
    const path = line.values.map((kw, i) => `${i ? "L" : "M"}${x(starts[i])},${y(kw)}H${x(starts[i + 1])}`).join("");
    svg.append(element("path", { class: `line c${index % 8}`, d: path }));
    $("legend").append(shown("li", word(line.name), `c${index % 8}`));
  });
  $("plan").replaceChildren(svg);
}

function drawTimes(plans) {
  const seconds = plans.map((plan) => plan.seconds);
  const most = Math.max(...seconds);
  const svg = canvas(word("times"));
  const y = scale(0, most, HEIGHT - MARGIN.bottom, MARGIN.top);
  axis(svg, y, [0, most], 2);
  const width = (WIDTH - MARGIN.left - MARGIN.right) / Math.max(plans.length, 20);
  plans.forEach((plan, index) => {
    const bar = element("rect", {
      class: `bar ${plan.outcome}`, x: MARGIN.left + index * width, width: Math.max(1, width - 1),
      y: y(plan.seconds), height: Math.max(1, HEIGHT - MARGIN.bottom - y(plan.seconds)),
    });
    const said = `${clock(plan.at)} · ${word(plan.outcome)} · ${number(plan.seconds, 2)} s`;
    bar.append(element("title", {}, said));
    svg.append(bar);
  });
  const median = [...seconds].sort((a, b) => a - b)[Math.floor((seconds.length - 1) / 2)];
  $("times").replaceChildren(svg);
  $("times_said").textContent = word("times_said", {
    count: plans.length, median: number(median, 2), most: number(most, 2),
  });
}

function duration(seconds) {
  const minutes = Math.floor(seconds / 60);
  const [days, hours] = [Math.floor(minutes / 1440), Math.floor(minutes / 60) % 24];
  if (days) return `${days} ${word("days")} ${hours} ${word("hours")}`;
  return hours ? `${hours} ${word("hours")} ${minutes % 60} ${word("minutes")}` : `${minutes} ${word("minutes")}`;
}

function showFacts(health) {
  const facts = {
    version: health.version, solver: health.solver || "-", waiting: health.waiting,
    restarts: health.worker_restarts, uptime: duration(health.uptime_s),
  };
  $("facts").replaceChildren(
    ...Object.entries(facts).map(([name, value]) => {
      const card = shown("div", "", "fact");
      card.append(shown("span", word(name)), shown("strong", String(value)));
      return card;
    }),
  );
}

function showLog(lines) {
  const wanted = $("only_faults").checked ? lines.filter((line) => !["info", "debug"].includes(line.level)) : lines;
  const items = wanted.slice(-100).reverse().map((line) => {
    const { time, level, component, event, ...rest } = line;
    const item = shown("li", "", level);
    const more = Object.entries(rest).map(([key, value]) => `${key}=${JSON.stringify(value)}`).join(" ");
    item.append(shown("time", new Date(time).toLocaleTimeString()), shown("b", event), shown("span", more));
    return item;
  });
  $("log").replaceChildren(...(items.length ? items : [shown("li", word("empty_log"))]));
}

function show({ health, plans, plot, log }) {
  $("state").textContent = word(health.status);
  $("state").className = `state ${health.status}`;
  showFacts(health);
  const last = plans.at(-1);
  $("last").textContent = last
    ? word("plan_said", { at: clock(last.at), outcome: word(last.outcome), seconds: number(last.seconds, 2) })
    : word("no_plan");
  if (plot) drawPlan(plot);
  if (plans.length) drawTimes(plans);
  showLog(log);
}

async function refresh() {
  try {
    const answer = await fetch("status.json");
    if (!answer.ok) throw new Error(String(answer.status));
    show(await answer.json());
  } catch {
    $("state").textContent = word("unreachable");
    $("state").className = "state degraded";
  } finally {
    setTimeout(refresh, REFRESH_MS);
  }
}

for (const node of document.querySelectorAll("[data-word]")) node.textContent = word(node.dataset.word);
refresh();
