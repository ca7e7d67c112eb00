/** Where the panels of the plan stand, in pixels; the same for both renderers. */

import type { Panel, PlanChart } from "./shape";

const HEIGHTS: Record<Panel["id"], number> = { power: 200, price: 64, state: 52, indoor: 44, tank: 44 };
/** Room above a panel for its title. */
export const HEADROOM = 30;
export const BOTTOM = 26;
export const LEFT = 46;
export const RIGHT = 20;
export const AREA_OPACITY = 0.78;

export interface Row {
  panel: Panel;
  top: number;
  height: number;
}

export function rowsOf(chart: PlanChart): { rows: Row[]; height: number } {
  let top = 0;
  const rows = chart.panels.map((panel) => {
    top += HEADROOM;
    const row = { panel, top, height: HEIGHTS[panel.id] };
    top += row.height;
    return row;
  });
  return { rows, height: top + BOTTOM };
}
