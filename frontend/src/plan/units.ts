/** Values of the panels in words. */

import { type FormatContext, formatNumber, formatPercent, formatPower, formatPrice, formatTemperature, temperatureIn } from "../format";
import type { Panel } from "./shape";

/** A value in full, as the hover box shows it. */
export function formatValue(hass: FormatContext, unit: Panel["unit"], value: number, currency: string): string {
  switch (unit) {
    case "kW":
      return formatPower(hass, value);
    case "price":
      return formatPrice(hass, value, currency);
    case "percent":
      return formatPercent(hass, value);
    case "celsius":
      return formatTemperature(hass, value);
  }
}

/** A tick of an axis: bare, its unit stands in the title. */
export function formatTick(hass: FormatContext, unit: Panel["unit"], value: number, step: number): string {
  switch (unit) {
    case "kW":
      return formatNumber(hass, Math.abs(value), decimals(step));
    case "price":
      return formatNumber(hass, value, Math.max(decimals(step), 2));
    case "percent":
      return formatNumber(hass, value * 100, 0);
    case "celsius":
      return formatNumber(hass, temperatureIn(hass, value), decimals(step));
  }
}

function decimals(step: number): number {
  return step >= 1 && Number.isInteger(step) ? 0 : step >= 0.1 && Number.isInteger(Math.round(step * 1e6) / 1e5) ? 1 : 2;
}

export function unitName(hass: FormatContext, unit: Panel["unit"], currency: string): string {
  switch (unit) {
    case "kW":
      return "kW";
    case "price":
      return `${currencySymbol(hass, currency)}/kWh`;
    case "percent":
      return "%";
    case "celsius":
      return hass.config.unit_system.temperature;
  }
}

function currencySymbol(hass: FormatContext, currency: string): string {
  const parts = new Intl.NumberFormat(hass.locale.language, { style: "currency", currency, currencyDisplay: "narrowSymbol" }).formatToParts(0);
  return parts.find((part) => part.type === "currency")?.value ?? currency;
}
