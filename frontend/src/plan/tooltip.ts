/** The hover box of the plan. Built as elements, so that a title of the user's is never read as HTML. */

import { type FormatContext, formatDayAndTime } from "../format";
import { type PlanChart, valueAt } from "./shape";
import { formatValue } from "./units";

export function tooltip(hass: FormatContext, chart: PlanChart, hidden: ReadonlySet<string>, currency: string, ms: number): HTMLElement {
  const box = document.createElement("div");
  const head = box.appendChild(document.createElement("div"));
  head.textContent = formatDayAndTime(hass, ms);
  head.style.cssText = "font-weight:500;margin-bottom:4px";
  for (const panel of chart.panels) {
    const lines = panel.series
      .filter((series) => !hidden.has(series.group))
      .map((series) => ({ series, value: valueAt(series, ms) }))
      .filter(({ value }) => value !== null && (panel.unit !== "kW" || Math.abs(value) >= 0.005));
    lines.forEach(({ series, value }, index) => {
      const arrow = panel.unit === "kW" ? ((value ?? 0) > 0 ? "↑ " : "↓ ") : "";
      box.append(row(series.color, arrow + series.name, formatValue(hass, panel.unit, value ?? 0, currency), index === 0));
    });
  }
  return box;
}

function row(color: string, name: string, value: string, first: boolean): HTMLElement {
  const line = document.createElement("div");
  line.style.cssText = `display:flex;align-items:center;gap:6px;line-height:1.5;${first ? "margin-top:4px" : ""}`;
  const dot = line.appendChild(document.createElement("span"));
  dot.style.cssText = `width:9px;height:9px;border-radius:50%;flex:none;background:${color}`;
  const label = line.appendChild(document.createElement("span"));
  label.textContent = name;
  label.style.cssText = "flex:1;padding-inline-end:12px";
  const figure = line.appendChild(document.createElement("span"));
  figure.textContent = value;
  figure.style.cssText = "font-variant-numeric:tabular-nums;font-weight:500";
  return line;
}
