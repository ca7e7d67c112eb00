/** The HEMS dashboard, made anew from the registries whenever it is opened. Pure but for its registration. */

import { iconOf } from "./flow/shape";
import type { CardConfig, DeviceEntry, EntityEntry, Hass } from "./hass";
import { type Strings, stringsFor } from "./strings/index";

const PLATFORM = "hems";
/** Sensors worth a tile, in this order, by translation key; the next action stands in the plan card. */
const SITE_SENSORS = ["cost_today", "saving_today", "self_consumption", "self_sufficiency"];
const ASSET_SENSORS = ["soc", "indoor_temperature", "tank_temperature", "state", "next_change"];
/** Shown below the others, each in a row of its own, only while there is something to see or to take back. */
const WHILE_AVAILABLE = ["run_deadline", "cancel_run", "back_to_plan"];
/** Controls that take a whole row below the others. */
const WIDE = ["number", "select"];
/** Controls that take half a row. */
const NARROW = ["switch", "time", "button"];
/** These say what a device is; see `MODELS` of the integration's entity.py. */
const KIND_OF_MODEL: Record<string, string> = {
  "PV array": "pv",
  Battery: "battery",
  "EV charger": "ev_charger",
  "Heat pump": "heat_pump",
  "Hot water": "hot_water",
  Appliance: "appliance",
  "Flexible load": "flexible_load",
};
const KIND_ORDER = Object.values(KIND_OF_MODEL);

interface Group {
  device: DeviceEntry;
  kind: string | null;
  entities: EntityEntry[];
}

type Registries = Pick<Hass, "entities" | "devices" | "states" | "language">;

export function groupsOf(hass: Registries): Group[] {
  const groups = new Map<string, Group>();
  for (const entity of Object.values(hass.entities)) {
    const device = entity.device_id ? hass.devices[entity.device_id] : undefined;
    if (entity.platform !== PLATFORM || entity.hidden || !device || !hass.states[entity.entity_id]) continue;
    const group = groups.get(device.id) ?? { device, kind: KIND_OF_MODEL[device.model ?? ""] ?? null, entities: [] };
    group.entities.push(entity);
    groups.set(device.id, group);
  }
  const rank = ({ kind }: Group): number => (kind === null ? -1 : KIND_ORDER.indexOf(kind));
  return [...groups.values()].sort((a, b) => rank(a) - rank(b) || nameOf(a).localeCompare(nameOf(b)));
}

function nameOf({ device }: Group): string {
  return device.name_by_user ?? device.name ?? "";
}

export function domainOf(entityId: string): string {
  return entityId.split(".")[0] ?? "";
}

/** Entities of some domains, in the order of the domains. */
function inDomains(group: Group, domains: string[]): EntityEntry[] {
  return domains.flatMap((domain) => group.entities.filter((entity) => domainOf(entity.entity_id) === domain));
}

function withKeys(entities: EntityEntry[], keys: string[]): EntityEntry[] {
  return keys.flatMap((key) => entities.filter((entity) => entity.translation_key === key));
}

/** The name of the entity alone: its device stands in the heading. */
function shortName(hass: Registries, group: Group, entity: EntityEntry): string | undefined {
  const full = hass.states[entity.entity_id]?.attributes.friendly_name;
  const device = nameOf(group);
  return full?.startsWith(`${device} `) ? full.slice(device.length + 1) : full;
}

function tile(hass: Registries, group: Group, entity: EntityEntry): CardConfig {
  const base: CardConfig = { type: "tile", entity: entity.entity_id, name: shortName(hass, group, entity) };
  switch (domainOf(entity.entity_id)) {
    case "number":
      return { ...base, features: [{ type: "numeric-input", style: "slider" }], features_position: "inline" };
    case "select":
      return { ...base, features: [{ type: "select-options" }], features_position: "inline" };
    case "switch":
      return { ...base, tap_action: { action: "toggle" }, icon_tap_action: { action: "toggle" } };
    case "button":
      return { ...base, hide_state: true, tap_action: { action: "perform-action", perform_action: "button.press", target: { entity_id: entity.entity_id } } };
    default:
      return base;
  }
}

function wide(card: CardConfig): CardConfig {
  return { ...card, grid_options: { columns: 12 } };
}

function whileAvailable(card: CardConfig): CardConfig {
  return { ...card, visibility: [{ condition: "state", entity: card.entity, state_not: "unavailable" }] };
}

function section(hass: Registries, group: Group): { cards: CardConfig[] } {
  const make = (entity: EntityEntry): CardConfig => tile(hass, group, entity);
  const sensors = withKeys(inDomains(group, ["sensor"]), group.kind === null ? SITE_SENSORS : ASSET_SENSORS);
  const passing = withKeys(group.entities, WHILE_AVAILABLE);
  const narrow = [...inDomains(group, NARROW).filter((entity) => !passing.includes(entity)), ...sensors].map(make);
  const last = narrow.length % 2 === 1 ? narrow.pop() : undefined; // an odd one out fills its row
  const heading = { type: "heading", heading: nameOf(group), icon: group.kind === null ? "mdi:home-lightning-bolt" : iconOf(group.kind) };
  return {
    cards: [
      heading,
      ...narrow,
      ...(last ? [wide(last)] : []),
      ...inDomains(group, WIDE).map(make).map(wide),
      ...passing.map(make).map(wide).map(whileAvailable),
    ],
  };
}

function overview(hass: Registries, groups: Group[], strings: Strings): object {
  const sections = groups.map((group) => ({ type: "grid", ...section(hass, group) })).filter(({ cards }) => cards.length > 1);
  return {
    title: strings.dashboard.title,
    path: "home",
    icon: "mdi:home-lightning-bolt",
    type: "sections",
    max_columns: 3,
    dense_section_placement: true,
    sections: [
      {
        type: "grid",
        column_span: 2,
        cards: ["custom:hems-plan-card", "custom:hems-why-card"].map((type) => ({ type, grid_options: { columns: "full" } })),
      },
      { type: "grid", cards: [{ type: "custom:hems-flow-card", grid_options: { columns: "full" } }] },
      ...sections,
    ],
  };
}

function sensorsWith(hass: Registries, groups: Group[], matches: (entity: EntityEntry, deviceClass: string | undefined) => boolean): string[] {
  return groups.flatMap(({ entities }) =>
    entities
      .filter((entity) => domainOf(entity.entity_id) === "sensor" && !entity.entity_category)
      .filter((entity) => matches(entity, hass.states[entity.entity_id]?.attributes.device_class))
      .map(({ entity_id }) => entity_id),
  );
}

function history(hass: Registries, groups: Group[], strings: Strings): object {
  const planned = (entity: EntityEntry): boolean => entity.translation_key?.includes("planned") ?? false;
  const power = sensorsWith(hass, groups, (entity, kind) => kind === "power" && !planned(entity));
  const energy = sensorsWith(hass, groups, (_entity, kind) => kind === "energy");
  const states = sensorsWith(hass, groups, (_entity, kind) => kind === "battery" || kind === "temperature");
  const money = sensorsWith(hass, groups, (entity) => ["cost_today", "saving_today"].includes(entity.translation_key ?? ""));
  const graph = (type: string, title: string, entities: string[], more: object): object[] =>
    entities.length === 0 ? [] : [{ type: "grid", cards: [{ type: "heading", heading: title }, { type, entities, grid_options: { columns: "full" }, ...more }] }];
  return {
    title: strings.dashboard.history,
    path: "history",
    icon: "mdi:chart-timeline-variant",
    type: "sections",
    max_columns: 2,
    sections: [
      ...graph("history-graph", strings.dashboard.power_history, power, { hours_to_show: 24 }),
      ...graph("statistics-graph", strings.dashboard.energy_statistics, energy, { stat_types: ["change"], chart_type: "bar", period: "day", days_to_show: 14 }),
      ...graph("history-graph", strings.dashboard.state_history, states, { hours_to_show: 24 }),
      ...graph("history-graph", strings.dashboard.money, money, { hours_to_show: 24 }),
    ],
  };
}

export function generate(hass: Registries): { title: string; views: object[] } {
  const strings = stringsFor(hass.language);
  const groups = groupsOf(hass);
  if (groups.length === 0) {
    return { title: "HEMS", views: [{ title: "HEMS", path: "home", cards: [{ type: "markdown", content: strings.dashboard.none }] }] };
  }
  return { title: "HEMS", views: [overview(hass, groups, strings), history(hass, groups, strings)] };
}
