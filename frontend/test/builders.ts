/** Objects for tests, of which a test spells out only what matters to it. */

import type { Theme } from "../src/colors";
import type { FormatContext } from "../src/format";
import type { EntityEntry, HassEntity, Locale } from "../src/hass";
import { type AssetInfo, type AssetPlan, type AssetReading, EMPTY, type HomeState, type Live, type Plan } from "../src/messages";

export const LIGHT: Theme = { dark: false, property: () => "" };
export const START = Date.parse("2026-11-21T10:00:00Z");

export function aPlan(changes: Partial<Plan> = {}): Plan {
  const n = changes.horizon?.steps_s.length ?? changes.load_kw?.length ?? 2;
  const flat = (value: number): number[] => new Array<number>(n).fill(value);
  return {
    made_at: "2026-11-21T10:00:00Z",
    expires_at: "2026-11-21T10:15:00Z",
    horizon: { start: "2026-11-21T10:00:00Z", steps_s: flat(3600) },
    outcome: { kind: "optimal" },
    assets: [],
    load_kw: flat(0.5),
    import_kw: flat(0.5),
    export_kw: flat(0),
    import_price_per_kwh: flat(0.3),
    export_price_per_kwh: flat(0.08),
    currency: "EUR",
    cost: { energy: 1, export: 0, fixed: 0, capacity: 0, wear: 0, comfort: 0, preference: 0, end_value: 0 },
    violations: [],
    ...changes,
  };
}

export function anAssetPlan(asset: string, kind: string, power_kw: number[], trajectories: Record<string, number[]> = {}): AssetPlan {
  return { asset, kind, power_kw, trajectories };
}

export function anAsset(asset: string, kind: string, changes: Partial<AssetInfo> = {}): AssetInfo {
  return { asset, kind, title: asset, device_id: null, capacity_kwh: null, entities: {}, ...changes };
}

export function aReading(changes: Partial<AssetReading> = {}): AssetReading {
  return { power_kw: 0, energy_kwh: null, soc: null, temperature_c: null, connected: null, running: null, setpoint_kw: null, ...changes };
}

export function aLive(changes: Partial<Live> = {}): Live {
  return { at: "2026-11-21T10:00:00Z", grid_kw: 0, load_kw: 0.4, outdoor_c: null, assets: {}, ...changes };
}

export function aState(changes: Partial<HomeState> = {}): HomeState {
  return { ...EMPTY, ...changes };
}

export function aUser(locale: Partial<Locale> = {}, temperature = "°C"): FormatContext {
  return {
    locale: { language: "en", number_format: "language", time_format: "language", time_zone: "server", ...locale },
    config: { time_zone: "Europe/Berlin", currency: "EUR", unit_system: { temperature } },
  };
}

export function anEntity(entity_id: string, changes: Partial<EntityEntry> = {}): EntityEntry {
  return { entity_id, platform: "hems", device_id: "home", ...changes };
}

export function aHass(entities: EntityEntry[], devices: { id: string; name: string; model?: string }[], language = "en") {
  const states = entities.map(({ entity_id }): [string, HassEntity] => [entity_id, { entity_id, state: "1", attributes: { friendly_name: `Thing ${entity_id}` } }]);
  return {
    language,
    entities: Object.fromEntries(entities.map((entity) => [entity.entity_id, entity])),
    devices: Object.fromEntries(devices.map((device) => [device.id, device])),
    states: Object.fromEntries(states),
  };
}
