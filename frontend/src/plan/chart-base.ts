/** Home Assistant's own chart element: theme, dark mode, resizing and hover for nothing, but not a public interface. */

import type { Hass } from "../hass";
import type { Tree } from "./echarts";

export interface ChartBase extends HTMLElement {
  hass: Hass;
  height: string;
  data: Tree[];
  options: Tree;
}

const TAG = "ha-chart-base";
const PATIENCE_MS = 8000;

let loading: Promise<boolean> | undefined;

/** Whether the element can be had; it is defined once a card that uses it has been made. */
export function loadChartBase(): Promise<boolean> {
  loading ??= load();
  return loading;
}

async function load(): Promise<boolean> {
  if (customElements.get(TAG)) return true;
  try {
    const helpers = await window.loadCardHelpers?.();
    await helpers?.createCardElement({ type: "statistics-graph", entities: ["sensor.hems"] });
  } catch {
    return false;
  }
  const timeout = new Promise<boolean>((resolve) => setTimeout(() => resolve(false), PATIENCE_MS));
  return Promise.race([customElements.whenDefined(TAG).then(() => true), timeout]);
}

export function createChartBase(hass: Hass): ChartBase {
  const chart = document.createElement(TAG) as ChartBase;
  chart.hass = hass;
  chart.style.setProperty("--chart-max-height", "none");
  return chart;
}
