/** From live measurements to the nodes of the flow picture. Pure. */

import { type Theme, colorOf } from "../colors";
import type { AssetInfo, AssetReading, HomeState } from "../messages";
import type { Strings } from "../strings/index";

export interface Node {
  id: string;
  title: string;
  icon: string;
  color: string;
  /** Left: what may feed the home. Right: what only uses. */
  side: "left" | "right";
  /** Positive draws from the bus; null is unknown. */
  power_kw: number | null;
  soc: number | null;
  temperature_c: number | null;
  /** Its power as an entity, if it has one that is enabled. */
  entity: string | undefined;
  /** A word of its own instead of a power, e.g. for a car that is away. */
  note: "importing" | "exporting" | "charging" | "discharging" | "away" | null;
}

/** Below this nothing is said to flow. */
export const STILL_KW = 0.01;

const ICONS: Record<string, string> = {
  pv: "mdi:solar-power-variant",
  battery: "mdi:home-battery",
  ev_charger: "mdi:car-electric",
  heat_pump: "mdi:heat-pump",
  hot_water: "mdi:water-boiler",
  appliance: "mdi:dishwasher",
  flexible_load: "mdi:lightbulb-group",
};

export function iconOf(kind: string): string {
  return ICONS[kind] ?? "mdi:power-plug";
}

export function shapeFlow(state: HomeState, strings: Strings, theme: Theme): Node[] {
  const { live, site } = state;
  if (!live) return [];
  const plain = { soc: null, temperature_c: null, note: null };
  const seen = new Map<string, number>();
  const nodes = state.assets.map((info) => {
    const nth = seen.get(info.kind) ?? 0;
    seen.set(info.kind, nth + 1);
    return assetNode(info, live.assets[info.asset], colorOf(info.kind, theme, nth));
  });
  const importing = (live.grid_kw ?? 0) >= 0;
  const grid: Node = {
    ...plain, id: "grid", title: strings.series.grid, icon: "mdi:transmission-tower", side: "left",
    color: colorOf(importing ? "grid_import" : "grid_export", theme),
    // The grid feeds the bus while it is imported from: the sign of an asset.
    power_kw: live.grid_kw === null ? null : -live.grid_kw,
    entity: site?.entities.grid_power,
    note: flows(live.grid_kw) ? (importing ? "importing" : "exporting") : null,
  };
  const load: Node = { ...plain, id: "load", title: strings.series.load, icon: "mdi:home-lightning-bolt", side: "right", color: colorOf("load", theme), power_kw: live.load_kw, entity: site?.entities.load_power };
  const of = (wanted: (node: Node) => boolean): Node[] => nodes.filter(wanted);
  const suns = of(({ icon }) => icon === iconOf("pv"));
  return [...suns, grid, ...of((node) => node.side === "left" && !suns.includes(node)), load, ...of(({ side }) => side === "right")];
}

function assetNode(info: AssetInfo, reading: AssetReading | undefined, color: string): Node {
  const power = reading?.power_kw ?? null;
  const battery = info.kind === "battery";
  const away = info.kind === "ev_charger" && reading?.connected === false;
  return {
    id: info.asset,
    color,
    entity: info.entities.power,
    title: info.title,
    icon: iconOf(info.kind),
    side: battery || info.kind === "pv" ? "left" : "right",
    power_kw: power,
    soc: away ? null : (reading?.soc ?? null),
    temperature_c: reading?.temperature_c ?? null,
    note: away ? "away" : battery && flows(power) ? ((power ?? 0) > 0 ? "charging" : "discharging") : null,
  };
}

export function flows(power: number | null): boolean {
  return power !== null && Math.abs(power) >= STILL_KW;
}
