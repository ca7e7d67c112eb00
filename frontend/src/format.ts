/** Numbers, money and times as the user's profile wants them. */

import type { Hass, Locale } from "./hass";

const NUMBER_LOCALES: Partial<Record<Locale["number_format"], string>> = {
  comma_decimal: "en-US",
  decimal_comma: "de",
  quote_decimal: "de-CH",
  space_comma: "fr",
};

export type FormatContext = Pick<Hass, "locale" | "config">;

function numberLocale(locale: Locale): string | undefined {
  return locale.number_format === "system" ? undefined : (NUMBER_LOCALES[locale.number_format] ?? locale.language);
}

export function formatNumber(hass: FormatContext, value: number, digits: number, options: Intl.NumberFormatOptions = {}): string {
  return new Intl.NumberFormat(numberLocale(hass.locale), {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
    useGrouping: hass.locale.number_format !== "none",
    signDisplay: "negative", // no "-0.0"
    ...options,
  }).format(value);
}

/** `2.4 kW`, `850 W` below one kilowatt. */
export function formatPower(hass: FormatContext, kw: number): string {
  const watts = Math.round(Math.abs(kw) * 100) * 10;
  return watts < 1000 ? `${formatNumber(hass, watts, 0)} W` : `${formatNumber(hass, Math.abs(kw), watts < 10000 ? 2 : 1)} kW`;
}

export function formatPercent(hass: FormatContext, fraction: number): string {
  return formatNumber(hass, fraction, 0, { style: "percent" });
}

export function formatMoney(hass: FormatContext, value: number, currency: string): string {
  return formatNumber(hass, value, 2, { style: "currency", currency });
}

export function formatPrice(hass: FormatContext, value: number, currency: string): string {
  return `${formatNumber(hass, value, 3, { style: "currency", currency })}/kWh`;
}

/** `350 g` below one kilogram; without its sign. */
export function formatMass(hass: FormatContext, kg: number): string {
  const grams = Math.round(Math.abs(kg) * 1000);
  return grams < 1000 ? `${formatNumber(hass, grams, 0)} g` : `${formatNumber(hass, Math.abs(kg), 1)} kg`;
}

/** Celsius in the unit of the installation. */
export function temperatureIn(hass: FormatContext, celsius: number): number {
  return hass.config.unit_system.temperature === "°F" ? celsius * 1.8 + 32 : celsius;
}

export function formatTemperature(hass: FormatContext, celsius: number): string {
  return `${formatNumber(hass, temperatureIn(hass, celsius), 1)} ${hass.config.unit_system.temperature}`;
}

function zoneOf(hass: FormatContext): string | undefined {
  return hass.locale.time_zone === "server" ? hass.config.time_zone : undefined;
}

function usesAmPm({ time_format, language }: Locale): boolean {
  if (time_format === "12" || time_format === "24") return time_format === "12";
  const example = new Date(2023, 0, 1, 22).toLocaleTimeString(time_format === "system" ? undefined : language);
  return example.includes("10");
}

export function formatTime(hass: FormatContext, ms: number): string {
  const amPm = usesAmPm(hass.locale);
  return new Intl.DateTimeFormat(hass.locale.language, {
    hour: amPm ? "numeric" : "2-digit",
    minute: "2-digit",
    hourCycle: amPm ? "h12" : "h23",
    timeZone: zoneOf(hass),
  }).format(ms);
}

export function formatDayAndTime(hass: FormatContext, ms: number): string {
  const day = new Intl.DateTimeFormat(hass.locale.language, { weekday: "short", timeZone: zoneOf(hass) }).format(ms);
  return `${day} ${formatTime(hass, ms)}`;
}
