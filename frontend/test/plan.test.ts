import assert from "node:assert/strict";
import { test } from "node:test";

import { echartsData, echartsOptions } from "../src/plan/echarts";
import { rowsOf } from "../src/plan/layout";
import { niceScale, ticksOf } from "../src/plan/scale";
import { type Panel, type PlanChart, legendOf, outline, shapePlan, stack, valueAt } from "../src/plan/shape";
import { timeTicks } from "../src/plan/svg";
import { stringsFor } from "../src/strings/index";
import { LIGHT, START, aLive, aPlan, aReading, aState, anAsset, anAssetPlan } from "./builders";

const HOUR = 3_600_000;
const ALL = new Set<Panel["id"]>(["power", "price", "state", "indoor", "tank"]);

function shaped(plan = aPlan(), state = aState(), options: { hours?: number; hidden?: string[]; panels?: Set<Panel["id"]> } = {}): PlanChart {
  return shapePlan(state, plan, stringsFor("en"), LIGHT, { hours: options.hours ?? 24, panels: options.panels ?? ALL, hidden: new Set(options.hidden) });
}

function panel(chart: PlanChart, id: Panel["id"]): Panel {
  const found = chart.panels.find((candidate) => candidate.id === id);
  assert.ok(found, `no panel ${id}`);
  return found;
}

function series(chart: PlanChart, id: string) {
  const found = chart.panels.flatMap((candidate) => candidate.series).find((candidate) => candidate.id === id);
  assert.ok(found, `no series ${id}`);
  return found;
}

test("what feeds the home stands above zero and what it uses hangs below", () => {
  const chart = shaped(aPlan({ load_kw: [1, 1], import_kw: [0, 2], export_kw: [1, 0], assets: [anAssetPlan("sun", "pv", [-2, 0]), anAssetPlan("car", "ev_charger", [0, 1])] }));
  const firsts = Object.fromEntries(panel(chart, "power").series.map(({ id, points }) => [id, points.map(([, kw]) => kw)]));
  assert.deepEqual(firsts["sun.feeds"], [2, -0, -0].map((kw) => kw + 0));
  assert.deepEqual(firsts["car.draws"]?.map((kw) => (kw ?? 0) + 0), [0, -1, -1]);
  assert.deepEqual(firsts.import?.map((kw) => (kw ?? 0) + 0), [0, 2, 2]);
  assert.deepEqual(firsts.export?.map((kw) => (kw ?? 0) + 0), [-1, 0, 0]);
});

test("both sides of a balanced slot are equally long", () => {
  const plan = aPlan({ load_kw: [1.5, 0.5], import_kw: [0, 3], export_kw: [0.5, 0], assets: [anAssetPlan("sun", "pv", [-3, 0]), anAssetPlan("store", "battery", [1, 2.5])] });
  const { points } = series(shaped(plan), "load");
  points.forEach((_point, index) => {
    const sum = panel(shaped(plan), "power").series.reduce((total, { points: [...all] }) => total + (all[index]?.[1] ?? 0), 0);
    assert.ok(Math.abs(sum) < 1e-9, `slot ${index} is off by ${sum}`);
  });
});

test("a battery that charges and discharges is one entry of the legend", () => {
  const chart = shaped(aPlan({ assets: [anAssetPlan("store", "battery", [1, -1])] }));
  assert.equal(legendOf(chart).filter(({ group }) => group === "store").length, 1);
  assert.ok(series(chart, "store.feeds") && series(chart, "store.draws"));
});

test("what an inverter loses is called that, as nobody knows it by its name", () => {
  const chart = shaped(aPlan({ assets: [anAssetPlan("01HYBRID", "inverter", [0.1, 0.1])] }));
  assert.equal(series(chart, "01HYBRID.draws").name, "Losses of the inverter");
});

test("areas stand on each other: sources upwards, uses downwards", () => {
  const plan = aPlan({ load_kw: [1, 1], import_kw: [0, 3], assets: [anAssetPlan("sun", "pv", [-3, 0]), anAssetPlan("car", "ev_charger", [2, 2])] });
  const bands = Object.fromEntries(stack(panel(shaped(plan), "power").series).map((band) => [band.series.id, band]));
  assert.deepEqual(bands.import?.base, [3, 0]);
  assert.deepEqual(bands.import?.top, [3, 3]);
  assert.deepEqual(bands["car.draws"]?.top, [-3, -3]);
});

test("the outline of an area keeps every corner of its steps", () => {
  const [band] = stack(panel(shaped(aPlan({ import_kw: [0.01, 0.02] })), "power").series);
  assert.ok(band);
  assert.deepEqual(outline(band).slice(0, 4).map(([ms, kw]) => [(ms - START) / HOUR, kw]), [[0, 0.01], [1, 0.01], [1, 0.02], [2, 0.02]]);
  assert.equal(outline(band).length, 8);
});

test("an asset that does nothing is not drawn", () => {
  const chart = shaped(aPlan({ assets: [anAssetPlan("store", "battery", [0, 0.001])] }));
  assert.deepEqual(legendOf(chart).map(({ group }) => group), ["import", "load", "import_price", "export_price"]);
});

test("times follow uneven steps and end where the last slot ends", () => {
  const plan = aPlan({ horizon: { start: "2026-11-21T10:00:00Z", steps_s: [300, 900] } });
  assert.deepEqual(series(shaped(plan), "load").points.map(([ms]) => ms - START), [0, 300_000, 1_200_000]);
});

test("the range ends at the hours chosen or at the end of the plan", () => {
  const plan = aPlan({ load_kw: new Array<number>(48).fill(1) });
  const full = aPlan({ ...plan, ...aPlan({ horizon: { start: plan.horizon.start, steps_s: new Array<number>(48).fill(3600) } }) });
  assert.equal(shaped(full, aState(), { hours: 12 }).end, START + 12 * HOUR);
  assert.equal(shaped(full, aState(), { hours: 96 }).end, START + 48 * HOUR);
});

test("now is the home's own time, kept inside the chart", () => {
  assert.equal(shaped(aPlan(), aState({ live: aLive({ at: "2026-11-21T10:30:00Z" }) })).now, START + HOUR / 2);
  assert.equal(shaped(aPlan(), aState({ live: aLive({ at: "2026-11-21T09:00:00Z" }) })).now, START);
});

test("a state of charge needs a capacity, measured or configured", () => {
  const plan = aPlan({ assets: [anAssetPlan("store", "battery", [1, 1], { energy_kwh: [5, 6, 7] })] });
  assert.equal(shaped(plan).panels.some(({ id }) => id === "state"), false);
  const state = aState({ assets: [anAsset("store", "battery")], live: aLive({ assets: { store: aReading({ energy_kwh: 5, soc: 0.5 }) } }) });
  assert.deepEqual(series(shaped(plan, state), "store.soc").points.map(([, soc]) => soc), [0.5, 0.6, 0.7]);
  const configured = aState({ assets: [anAsset("store", "battery", { capacity_kwh: 10 })] });
  assert.deepEqual(series(shaped(plan, configured), "store.soc").points.map(([, soc]) => soc), [0.5, 0.6, 0.7]);
});

test("a car that is away leaves a gap", () => {
  const plan = aPlan({ assets: [anAssetPlan("car", "ev_charger", [1, 0], { energy_kwh: [20, 21, 0] })] });
  const state = aState({ live: aLive({ assets: { car: aReading({ energy_kwh: 20, soc: 0.5 }) } }) });
  assert.deepEqual(series(shaped(plan, state), "car.soc").points.map(([, soc]) => soc), [0.5, 0.525, null]);
});

test("a value is that of its slot for steps and in between for lines", () => {
  const plan = aPlan({ load_kw: [1, 2], assets: [anAssetPlan("house", "heat_pump", [1, 1], { indoor_c: [20, 22, 21] })] });
  const chart = shaped(plan);
  assert.equal(valueAt(series(chart, "load"), START + 1.5 * HOUR), -2);
  assert.equal(valueAt(series(chart, "house.indoor_c"), START + 0.5 * HOUR), 21);
  assert.equal(valueAt(series(chart, "load"), START + 2 * HOUR), -2);
});

test("hiding a series gives the others more room", () => {
  const plan = aPlan({ load_kw: [1, 1], import_kw: [1, 1], assets: [anAssetPlan("car", "ev_charger", [11, 11])] });
  assert.ok(panel(shaped(plan), "power").scale.min <= -12);
  assert.ok(panel(shaped(plan, aState(), { hidden: ["car"] }), "power").scale.min > -2);
});

test("a negative price pulls the axis below zero", () => {
  const { scale } = panel(shaped(aPlan({ import_price_per_kwh: [-0.05, 0.3] })), "price");
  assert.ok(scale.min <= -0.05 && scale.max >= 0.3);
});

for (const [low, high] of [[0, 0], [0.28, 0.28], [-3.2, 7.7], [19.9, 21.3], [Infinity, -Infinity]] as const) {
  test(`a scale for ${low} to ${high} has few round ticks that hold both`, () => {
    const scale = niceScale(low, high, 5, false);
    const ticks = ticksOf(scale);
    assert.ok(ticks.length >= 2 && ticks.length <= 8, ticks.join());
    if (Number.isFinite(low)) assert.ok(scale.min <= low && scale.max >= high);
  });
}

test("each panel is a grid, and each visible series a series on it with its own colour", () => {
  const chart = shaped(aPlan({ assets: [anAssetPlan("sun", "pv", [-2, -1])] }));
  const texts = { now: "Now", tick: () => "", title: () => "", tooltip: () => ({}) as HTMLElement };
  const ink = { text: "#000", faint: "#eee", paper: "#fff" };
  const data = echartsData(chart, new Set(["export_price"]), texts, ink);
  const options = echartsOptions(chart, texts, ink);
  assert.deepEqual(data.map(({ id }) => id), ["sun.feeds", "import", "load", "now.power", "import_price", "now.price"]);
  assert.deepEqual(data.map(({ xAxisIndex }) => xAxisIndex), [0, 0, 0, 0, 1, 1]);
  assert.ok(data.every(({ color }) => typeof color === "string"));
  assert.equal((options.grid as object[]).length, rowsOf(chart).rows.length);
});

test("the fallback's time ticks are whole hours inside the chart and do not crowd", () => {
  const chart = shaped(aPlan({ horizon: { start: "2026-11-21T10:05:00Z", steps_s: new Array<number>(48).fill(3600) }, load_kw: new Array<number>(48).fill(1) }), aState(), { hours: 48 });
  const ticks = timeTicks(chart, 400);
  assert.ok(ticks.length >= 2 && ticks.length <= 8);
  assert.ok(ticks.every((ms) => ms % HOUR === 0 && ms >= chart.start && ms <= chart.end));
});
