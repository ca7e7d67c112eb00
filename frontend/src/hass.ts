/** The parts of Home Assistant's frontend that we use; there is no published package of its types. */

export interface HassEntity {
  entity_id: string;
  state: string;
  attributes: Record<string, unknown> & { friendly_name?: string; device_class?: string };
}

/** An entry of the entity registry in its short form for display. */
export interface EntityEntry {
  entity_id: string;
  device_id?: string;
  platform?: string;
  translation_key?: string;
  entity_category?: "config" | "diagnostic";
  hidden?: boolean;
}

export interface DeviceEntry {
  id: string;
  name: string | null;
  name_by_user?: string | null;
  model?: string | null;
  via_device_id?: string | null;
}

export interface Locale {
  language: string;
  number_format: "language" | "system" | "comma_decimal" | "decimal_comma" | "quote_decimal" | "space_comma" | "none";
  time_format: "language" | "system" | "12" | "24";
  time_zone: "local" | "server";
}

export interface Connection {
  sendMessagePromise<T>(message: { type: string; [key: string]: unknown }): Promise<T>;
  subscribeMessage<T>(callback: (message: T) => void, message: { type: string; [key: string]: unknown }): Promise<() => Promise<void>>;
}

export interface Hass {
  connection: Connection;
  states: Record<string, HassEntity>;
  entities: Record<string, EntityEntry>;
  devices: Record<string, DeviceEntry>;
  language: string;
  locale: Locale;
  config: { time_zone: string; currency: string; unit_system: { temperature: string } };
  themes: { darkMode: boolean };
}

/** A card configuration as it stands in a dashboard. */
export interface CardConfig {
  type: string;
  [key: string]: unknown;
}

/** What a dashboard asks of a card element. */
export interface Card extends HTMLElement {
  hass?: Hass;
  setConfig(config: CardConfig): void;
}

declare global {
  interface Window {
    customCards?: object[];
    customStrategies?: object[];
    loadCardHelpers?(): Promise<{ createCardElement(config: CardConfig): Card | Promise<Card> }>;
  }
}
