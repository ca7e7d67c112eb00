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
  reason: string;
}

export interface AssetInfo {
  kind: string;
  title: string;
  capacity_kwh?: number | null;
  device_id?: string | null;
}

export interface HomeInfo {
  title: string;
  simulated: boolean;
  assets: Record<string, AssetInfo>;
}

export interface HomeState {
  home: HomeInfo | null;
  plan: Plan | null;
  live: Live | null;
  next_action: NextAction | null;
}

export const EMPTY: HomeState = { home: null, plan: null, live: null, next_action: null };

/** Each message carries the parts of the state that are new. */
export type Message = Partial<HomeState>;

export function apply(state: HomeState, message: Message): HomeState {
  const next = { ...state };
  if (message.home !== undefined) next.home = message.home;
  if (message.plan !== undefined) next.plan = message.plan;
  if (message.live !== undefined) next.live = message.live;
  if (message.next_action !== undefined) next.next_action = message.next_action;
  return next;
}
