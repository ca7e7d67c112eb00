/** What the websocket command `hems/subscribe` sends, and how the messages add up to one state. */

export interface AssetPlan {
  asset: string;
  kind: string;
  /** Per slot; positive draws from the bus. */
  power_kw: number[];
  /** Per slot or per edge, by name with unit. */
  trajectories: Record<string, number[]>;
}

export interface Outcome {
  kind: "optimal" | "feasible" | "infeasible" | "timed_out" | "fallback";
  reason?: string;
}

export interface Violation {
  limit: string;
  asset: string | null;
  amount: number;
  unit: string;
  start: string;
  end: string;
  reason: string;
}

export interface Plan {
  made_at: string;
  expires_at: string;
  horizon: { start: string; steps_s: number[] };
  outcome: Outcome;
  assets: AssetPlan[];
  load_kw: number[];
  import_kw: number[];
  export_kw: number[];
  import_price_per_kwh: number[];
  export_price_per_kwh: number[];
  currency: string;
  cost: Record<"energy" | "export" | "fixed" | "capacity" | "wear" | "comfort" | "preference" | "end_value", number>;
  violations: Violation[];
  /** What the same time would cost with the home run another way. */
  baselines?: { kind: string; cost: Plan["cost"] }[];
}

export interface OtherTime {
  start: string;
  end: string;
  price_per_kwh: number;
}

/** Why one stretch of one asset is as it is; money in the plan's currency. */
export interface Reason {
  asset: string;
  action: string;
  start: string;
  end: string;
  energy_kwh: number;
  why: string | null;
  price_per_kwh: number;
  worth_per_kwh: number | null;
  gain: number | null;
  counterpart: OtherTime | null;
  alternative: OtherTime | null;
  alternative_cost: number | null;
  limits: string[];
  /** What the imports of that time emit more (negative: less); null where nobody knows. */
  co2_kg: number | null;
  comfort: Comfort | null;
}

/** Comfort as planned, and were the device at rest: the lowest temperature in °C, or the kWh that are missing. */
export interface Comfort {
  unit: "degC" | "kWh";
  planned: number;
  without: number;
  worth: number;
}

export interface Tally {
  cost: number;
  import_kwh: number;
  export_kwh: number;
  load_kwh: number;
  /** Drawn (negative: fed), by asset. */
  asset_kwh: Record<string, number>;
}

/** Some time: what the plans expected of it when each of its hours began, and what it became. */
export interface Outturn {
  start: string;
  end: string;
  /** How much of it was measured under a plan. */
  counted_h: number;
  expected: Tally;
  realised: Tally;
}

/** The answer to `hems/what_if`. */
export interface WhatIf {
  extra_cost: number;
  extra_bill: number;
  currency: string;
  extra_comfort: number;
  extra_co2_kg: number | null;
  /** Where house and tank become colder or stay warmer. */
  warmth: { asset: string; planned_c: number; other_c: number }[];
  broken: Violation[];
}

export interface AssetReading {
  power_kw: number | null;
  energy_kwh: number | null;
  soc: number | null;
  temperature_c: number | null;
  connected: boolean | null;
  running: boolean | null;
  setpoint_kw: number | null;
}

export interface Live {
  at: string;
  grid_kw: number | null;
  load_kw: number | null;
  outdoor_c: number | null;
  assets: Record<string, AssetReading>;
}

export interface NextAction {
  asset: string;
  action: string;
  at: string;
  power_kw: number;
  reason: string | null;
}

export interface Override {
  asset: string;
  power_kw: number;
  start: string | null;
  until: string;
}

export interface AssetInfo {
  asset: string;
  kind: string;
  title: string;
  device_id: string | null;
  /** Of a battery, or of the car that usually charges there. */
  capacity_kwh: number | null;
  /** Entity ids by key, e.g. `power`. */
  entities: Record<string, string>;
}

export interface SiteInfo {
  entry_id: string;
  title: string;
  currency: string;
  simulated: boolean;
  entities: Record<string, string>;
}

export interface HomeState {
  site: SiteInfo | null;
  assets: AssetInfo[];
  plan: Plan | null;
  live: Live | null;
  next_action: NextAction | null;
  reasons: Reason[];
  /** Of the last 24 hours; null before the first one is over. */
  outturn: { total: Outturn; hours: Outturn[] } | null;
  /** By asset: what somebody asked for later, the earliest first. */
  scheduled: Record<string, Override[]>;
}

export const EMPTY: HomeState = { site: null, assets: [], plan: null, live: null, next_action: null, reasons: [], outturn: null, scheduled: {} };

/** A message carries the parts of the state that are new: all of them in a snapshot. */
export type Message = { type: "snapshot" | "plan" | "live" | "settings" } & Partial<HomeState>;

export function apply(state: HomeState, message: Message): HomeState {
  const { site, assets, plan, live, next_action, reasons, outturn, scheduled } = message;
  return {
    site: site === undefined ? state.site : site,
    assets: assets ?? state.assets,
    plan: plan === undefined ? state.plan : plan,
    live: live === undefined ? state.live : live,
    next_action: next_action === undefined ? state.next_action : next_action,
    reasons: reasons ?? state.reasons,
    outturn: outturn === undefined ? state.outturn : outturn,
    scheduled: scheduled ?? state.scheduled,
  };
}

export function assetOf(state: HomeState, asset: string): AssetInfo | undefined {
  return state.assets.find((info) => info.asset === asset);
}

export function titleOf(state: HomeState, asset: string): string {
  return assetOf(state, asset)?.title ?? asset;
}

/** What begins because somebody asked for it later, the earliest first, and until when it lasts. */
export function scheduledActions(state: HomeState): (NextAction & { until: string })[] {
  const found = Object.values(state.scheduled)
    .flat()
    .map(({ asset, power_kw, start, until }) => ({ asset, power_kw, at: start ?? "", until, action: actionOf(assetOf(state, asset)?.kind, power_kw), reason: "override" }));
  return found.sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
}

function actionOf(kind: string | undefined, power_kw: number): string {
  if (kind === "pv") return "curtail";
  if (power_kw === 0) return "stop";
  if (power_kw < 0) return "discharge";
  if (kind === "battery" || kind === "ev_charger") return "charge";
  return kind === "heat_pump" || kind === "hot_water" ? "heat" : "run";
}

/** A text of the backend with the titles of the assets that it names by their ids. */
export function inWords(state: HomeState, text: string): string {
  return state.assets.reduce((said, { asset, title }) => said.replaceAll(asset, title), text);
}
