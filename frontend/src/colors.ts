/** One colour per kind of asset, Home Assistant's own where its Energy dashboard has one. */

interface Tone {
  light: string;
  dark: string;
  /** Custom property of the theme that wins over both. */
  property?: string;
}

const TONES: Record<string, Tone> = {
  pv: { light: "#ff9800", dark: "#ffa726", property: "--energy-solar-color" },
  battery: { light: "#26a69a", dark: "#4db6ac", property: "--energy-battery-out-color" },
  grid_import: { light: "#488fc2", dark: "#5b9fd2", property: "--energy-grid-consumption-color" },
  grid_export: { light: "#8353d1", dark: "#9d75de", property: "--energy-grid-return-color" },
  load: { light: "#90a4ae", dark: "#78909c" },
  ev_charger: { light: "#7cb342", dark: "#8bc34a" },
  heat_pump: { light: "#e5544f", dark: "#ef6a65" },
  hot_water: { light: "#d6588f", dark: "#e573a3" },
  appliance: { light: "#a1765f", dark: "#bc8f78" },
  flexible_load: { light: "#b8a11a", dark: "#cdb83c" },
};
const UNKNOWN: Tone = { light: "#757575", dark: "#9e9e9e" };

export interface Theme {
  dark: boolean;
  /** Value of a custom property of the theme, empty where it is not set. */
  property(name: string): string;
}

export function themeOf(element: Element, dark: boolean): Theme {
  const style = getComputedStyle(element);
  return { dark, property: (name) => style.getPropertyValue(name).trim() };
}

/** The colour of a kind; `nth` of several assets of that kind gets a shade of its own. */
export function colorOf(kind: string, theme: Theme, nth = 0): string {
  const tone = TONES[kind] ?? UNKNOWN;
  const themed = tone.property ? theme.property(tone.property) : "";
  const base = /^#[0-9a-f]{6}$/i.test(themed) ? themed : theme.dark ? tone.dark : tone.light;
  return nth === 0 ? base : shade(base, (theme.dark ? -1 : 1) * 0.18 * nth);
}

/** Towards white for a positive amount, towards black for a negative one; both up to 1. */
export function shade(hex: string, amount: number): string {
  const target = amount > 0 ? 255 : 0;
  const share = Math.min(Math.abs(amount), 0.8);
  const channels = [1, 3, 5].map((at) => {
    const value = Number.parseInt(hex.slice(at, at + 2), 16);
    return Math.round(value + (target - value) * share).toString(16).padStart(2, "0");
  });
  return `#${channels.join("")}`;
}
