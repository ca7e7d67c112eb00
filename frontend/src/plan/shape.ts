/**
 * From a plan to what a chart draws: panels of series over a common time axis. Pure.
 *
 * In the power panel what feeds the bus stands above zero and what draws from it hangs below, so that
 * both sides of each slot are equally long.
 */

import { type Theme, colorOf } from "../colors";
import { type AssetPlan, type HomeState, type Plan, assetOf, titleOf } from "../messages";
import type { Strings } from "../strings/index";
import { type Scale, niceScale } from "./scale";

export interface Series {
  id: string;
  name: string;
  color: string;
  /** Series of one legend entry are shown and hidden together. */
  group: string;
  shape: "area" | "step" | "line";
  dashed: boolean;
  /** [ms, value]; steps hold their value until the next point. Null is a gap. */
  points: [number, number | null][];
}

export interface Panel {
  id: "power" | "price" | "state" | "indoor" | "tank";
  title: string;
  unit: "kW" | "price" | "percent" | "celsius";
  /** Areas are stacked by sign: positive upwards, negative downwards. */
  series: Series[];
  scale: Scale;
}

export interface PlanChart {
  start: number;
  end: number;
  now: number;
  panels: Panel[];
}

export interface ChartOptions {
  hours: number;
  panels: ReadonlySet<Panel["id"]>;
  hidden: ReadonlySet<string>;
}

const TINY_KW = 0.005;

export function edgesOf(plan: Plan): number[] {
  let time = Date.parse(plan.horizon.start);
  const edges = [time];
  for (const step of plan.horizon.steps_s) edges.push((time += step * 1000));
  return edges;
}

/** From a measurement that tells both energy and fraction, else as configured: a guest's car differs from ours. */
export function capacityKwh(state: HomeState, asset: string): number | null {
  const reading = state.live?.assets[asset];
  return reading?.energy_kwh && reading.soc ? reading.energy_kwh / reading.soc : (assetOf(state, asset)?.capacity_kwh ?? null);
}

export function shapePlan(state: HomeState, plan: Plan, strings: Strings, theme: Theme, options: ChartOptions): PlanChart {
  const edges = edgesOf(plan);
  const start = edges[0] ?? 0;
  const end = Math.min(edges.at(-1) ?? start, start + options.hours * 3_600_000);
  const liveAt = state.live ? Date.parse(state.live.at) : start;
  const named = nameAssets(plan, state, strings, theme);
  const shapes: Record<Panel["id"], () => Omit<Panel, "scale">> = {
    power: () => ({ id: "power", title: strings.plan.power, unit: "kW", series: powerSeries(plan, named, edges, strings, theme) }),
    price: () => ({ id: "price", title: strings.plan.price, unit: "price", series: priceSeries(plan, edges, strings, theme) }),
    state: () => ({ id: "state", title: strings.plan.state, unit: "percent", series: socSeries(state, named, edges) }),
    indoor: () => ({ id: "indoor", title: strings.plan.indoor, unit: "celsius", series: temperatureSeries("indoor_c", named, edges) }),
    tank: () => ({ id: "tank", title: strings.plan.tank, unit: "celsius", series: temperatureSeries("tank_c", named, edges) }),
  };
  const panels = (Object.keys(shapes) as Panel["id"][])
    .filter((id) => options.panels.has(id))
    .map((id) => shapes[id]())
    .filter((panel) => panel.series.length > 0)
    .map((panel) => ({ ...panel, scale: scaleOf(panel, end, options.hidden) }));
  return { start, end, now: Math.min(Math.max(liveAt, start), end), panels };
}

interface Named {
  plan: AssetPlan;
  title: string;
  color: string;
}

function nameAssets(plan: Plan, state: HomeState, strings: Strings, theme: Theme): Named[] {
  const seen = new Map<string, number>();
  return plan.assets.map((asset) => {
    const nth = seen.get(asset.kind) ?? 0;
    seen.set(asset.kind, nth + 1);
    return { plan: asset, title: asset.kind === "inverter" ? strings.series.losses : titleOf(state, asset.asset), color: colorOf(asset.kind, theme, nth) };
  });
}

/** Points of a step line: each slot from its start, the last value once more at the end. */
function steps(edges: number[], values: number[]): Series["points"] {
  const points: Series["points"] = values.map((value, index) => [edges[index] ?? 0, value]);
  const last = values.at(-1);
  if (last !== undefined) points.push([edges.at(-1) ?? 0, last]);
  return points;
}

function curve(edges: number[], values: (number | null)[]): Series["points"] {
  return values.slice(0, edges.length).map((value, index) => [edges[index] ?? 0, value]);
}

const USE_ORDER = ["load", "heat_pump", "hot_water", "appliance", "flexible_load", "ev_charger", "battery", "inverter"];

function powerSeries(plan: Plan, named: Named[], edges: number[], strings: Strings, theme: Theme): Series[] {
  const area = (id: string, name: string, color: string, group: string, drawn: number[], sign: 1 | -1): Series => ({
    // Above zero feeds the bus: the sign of the plan turned round.
    id, name, color, group, shape: "area", dashed: false,
    points: steps(edges, drawn.map((kw) => Math.max(kw * sign, 0) * -sign)),
  });
  const both = named.flatMap(({ plan: asset, title, color }) => [
    { kind: asset.kind, sign: -1, series: area(`${asset.asset}.feeds`, title, color, asset.asset, asset.power_kw, -1) },
    { kind: asset.kind, sign: 1, series: area(`${asset.asset}.draws`, title, color, asset.asset, asset.power_kw, 1) },
  ]);
  const load = area("load", strings.series.load, colorOf("load", theme), "load", plan.load_kw, 1);
  const bought = area("import", strings.series.grid_import, colorOf("grid_import", theme), "import", plan.import_kw.map((kw) => -kw), -1);
  const sold = area("export", strings.series.grid_export, colorOf("grid_export", theme), "export", plan.export_kw, 1);
  const feeds = both.filter(({ sign }) => sign < 0).sort((a, b) => Number(b.kind === "pv") - Number(a.kind === "pv"));
  const draws = both.filter(({ sign }) => sign > 0).sort((a, b) => USE_ORDER.indexOf(a.kind) - USE_ORDER.indexOf(b.kind));
  return [...feeds.map(({ series }) => series), bought, load, ...draws.map(({ series }) => series), sold]
    .filter((series) => series.points.some(([, kw]) => Math.abs(kw ?? 0) > TINY_KW));
}

function priceSeries(plan: Plan, edges: number[], strings: Strings, theme: Theme): Series[] {
  const line = (id: string, name: string, kind: string, dashed: boolean, values: number[]): Series => ({
    id, name, color: colorOf(kind, theme), group: id, shape: "step", dashed, points: steps(edges, values),
  });
  return [
    line("import_price", strings.series.import_price, "grid_import", false, plan.import_price_per_kwh),
    line("export_price", strings.series.export_price, "grid_export", true, plan.export_price_per_kwh),
  ];
}

function socSeries(state: HomeState, named: Named[], edges: number[]): Series[] {
  return named.flatMap(({ plan: asset, title, color }) => {
    const energy = asset.trajectories.energy_kwh;
    const capacity = capacityKwh(state, asset.asset);
    if (!energy || !capacity || !["battery", "ev_charger"].includes(asset.kind)) return [];
    const present = presence(asset, edges);
    const values = energy.map((kwh, index) => (present(index) ? kwh / capacity : null));
    return [{ id: `${asset.asset}.soc`, name: title, color, group: asset.asset, shape: "line" as const, dashed: false, points: curve(edges, values) }];
  });
}

/** A car's energy means nothing while it is away: the trajectory is 0 then. */
function presence(asset: AssetPlan, edges: number[]): (index: number) => boolean {
  const energy = asset.trajectories.energy_kwh ?? [];
  if (asset.kind !== "ev_charger") return () => true;
  return (index) => index < edges.length && (energy[index] ?? 0) > 1e-6;
}

function temperatureSeries(key: string, named: Named[], edges: number[]): Series[] {
  return named.flatMap(({ plan: asset, title, color }) => {
    const values = asset.trajectories[key];
    if (!values) return [];
    return [{ id: `${asset.asset}.${key}`, name: title, color, group: asset.asset, shape: "line" as const, dashed: false, points: curve(edges, values) }];
  });
}

function scaleOf(panel: Omit<Panel, "scale">, end: number, hidden: ReadonlySet<string>): Scale {
  const shown = panel.series.filter((series) => !hidden.has(series.group));
  if (panel.unit === "percent") return { min: 0, max: 1, step: 0.5 };
  const visible = shown.map((series) => series.points.filter(([ms]) => ms <= end));
  if (panel.id === "power") {
    const [low, high] = stackExtent(visible);
    return niceScale(low, high, 8);
  }
  const values = visible.flat().flatMap(([, value]) => (value === null ? [] : [value]));
  return niceScale(Math.min(...values), Math.max(...values), panel.unit === "price" ? 3 : 2, panel.unit === "price");
}

/** Lowest and highest point of the stacked areas; all share their times. */
function stackExtent(series: Series["points"][]): [number, number] {
  let low = 0;
  let high = 0;
  for (let index = 0; index < (series[0]?.length ?? 0); index++) {
    let up = 0;
    let down = 0;
    for (const points of series) {
      const value = points[index]?.[1] ?? 0;
      if (value > 0) up += value;
      else down += value;
    }
    low = Math.min(low, down);
    high = Math.max(high, up);
  }
  return [low, high];
}

/** One entry per group, in the order of drawing. */
export function legendOf(chart: PlanChart): Series[] {
  const entries = new Map<string, Series>();
  for (const series of chart.panels.flatMap((panel) => panel.series)) {
    if (!entries.has(series.group)) entries.set(series.group, series);
  }
  return [...entries.values()];
}

/** The value of a series at a time: of its slot for steps, interpolated for lines. */
export function valueAt(series: Series, ms: number): number | null {
  const { points } = series;
  let index = points.findIndex(([time]) => time > ms) - 1;
  if (index === -2) index = points.length - 2; // no later point: the last slot
  const here = points[index];
  const next = points[index + 1];
  if (!here) return null;
  if (series.shape !== "line" || !next || here[1] === null || next[1] === null) return here[1];
  return here[1] + ((next[1] - here[1]) * (ms - here[0])) / (next[0] - here[0]);
}

/** A stacked area: from `base` to `top` in each slot, `edges` having one more entry than both. */
export interface Band {
  series: Series;
  edges: number[];
  base: number[];
  top: number[];
}

/** Areas on top of each other, those above zero upwards and those below it downwards. */
export function stack(areas: Series[]): Band[] {
  const piles = { up: [] as number[], down: [] as number[] };
  return areas.map((series) => {
    const pile = series.points.some(([, value]) => (value ?? 0) > 0) ? piles.up : piles.down;
    const slots = series.points.slice(0, -1); // the last point only ends the last slot
    const base = slots.map((_point, index) => pile[index] ?? 0);
    const top = slots.map(([, value], index) => (base[index] ?? 0) + (value ?? 0));
    top.forEach((value, index) => (pile[index] = value));
    return { series, edges: series.points.map(([ms]) => ms), base, top };
  });
}

/** The outline of a band: along its tops and back along its bases. */
export function outline(band: Band): [number, number][] {
  const corners = (values: number[]): [number, number][] =>
    values.flatMap((value, index): [number, number][] => [[band.edges[index] ?? 0, value], [band.edges[index + 1] ?? 0, value]]);
  return [...corners(band.top), ...corners(band.base).reverse()];
}
