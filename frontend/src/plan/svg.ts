/** The plan as plain SVG: drawn at once, and for good where Home Assistant's chart element is not to be had. */

import { type TemplateResult, nothing, svg } from "lit";

import { AREA_OPACITY, BOTTOM, LEFT, RIGHT, type Row, rowsOf } from "./layout";
import { ticksOf } from "./scale";
import { type Panel, type PlanChart, type Series, outline, stack } from "./shape";

export interface SvgTexts {
  now: string;
  tick(panel: Panel, value: number): string;
  title(panel: Panel): string;
  time(ms: number): string;
}

interface Frame {
  x(ms: number): number;
  y(value: number): number;
  left: number;
  right: number;
  top: number;
  bottom: number;
}

export function svgChart(chart: PlanChart, hidden: ReadonlySet<string>, width: number, texts: SvgTexts): TemplateResult {
  const { rows, height } = rowsOf(chart);
  return svg`<svg class="plan" part="plan" width=${width} height=${height} viewBox="0 0 ${width} ${height}" role="img">
    <clipPath id="plot"><rect x=${LEFT} y="0" width=${Math.max(width - LEFT - RIGHT, 0)} height=${height} /></clipPath>
    ${rows.map((row, index) => panelOf(row, chart, hidden, width, texts, index === 0))}
    ${timeTicks(chart, width).map((ms) => svg`<text class="tick" text-anchor="middle" x=${xOf(chart, width)(ms)} y=${height - BOTTOM + 18}>${texts.time(ms)}</text>`)}
  </svg>`;
}

function xOf(chart: PlanChart, width: number): (ms: number) => number {
  const span = Math.max(chart.end - chart.start, 1);
  return (ms) => LEFT + ((ms - chart.start) / span) * (width - LEFT - RIGHT);
}

/** Whole hours, as many as find room. */
export function timeTicks(chart: PlanChart, width: number): number[] {
  const hour = 3_600_000;
  const hours = (chart.end - chart.start) / hour;
  const room = Math.max(Math.floor((width - LEFT - RIGHT) / 56), 1);
  const step = ([1, 2, 3, 4, 6, 12].find((count) => hours / count <= room) ?? 24) * hour;
  const midnight = new Date(chart.start).setHours(0, 0, 0, 0);
  const ticks: number[] = [];
  for (let ms = midnight; ms <= chart.end; ms += step) if (ms >= chart.start) ticks.push(ms);
  return ticks;
}

function panelOf({ panel, top, height }: Row, chart: PlanChart, hidden: ReadonlySet<string>, width: number, texts: SvgTexts, first: boolean): TemplateResult {
  const span = panel.scale.max - panel.scale.min;
  const frame: Frame = {
    x: xOf(chart, width),
    y: (value) => top + ((panel.scale.max - value) / span) * height,
    left: LEFT, right: width - RIGHT, top, bottom: top + height,
  };
  const shown = panel.series.filter((series) => !hidden.has(series.group));
  const now = frame.x(chart.now);
  return svg`<g class=${panel.id}>
    <text class="title" x="6" y=${top - 12}>${texts.title(panel)}</text>
    ${ticksOf(panel.scale).map((value) => svg`
      <line class="grid" x1=${frame.left} x2=${frame.right} y1=${frame.y(value)} y2=${frame.y(value)} />
      <text class="tick" text-anchor="end" x=${LEFT - 8} y=${frame.y(value) + 4}>${texts.tick(panel, value)}</text>`)}
    <g clip-path="url(#plot)">${panel.id === "power" ? areas(shown, frame) : shown.map((series) => line(series, frame))}</g>
    <line class="now" x1=${now} x2=${now} y1=${frame.top} y2=${frame.bottom} />
    ${first ? svg`<text class="tick" x=${now + 4} y=${frame.top + 4}>${texts.now}</text>` : nothing}
  </g>`;
}

function areas(series: Series[], frame: Frame): TemplateResult[] {
  return stack(series).map((band) => {
    const corners = outline(band).map(([ms, kw]) => `${frame.x(ms).toFixed(1)} ${frame.y(kw).toFixed(1)}`);
    return svg`<path data-series=${band.series.id} fill=${band.series.color} fill-opacity=${AREA_OPACITY} d=${`M${corners.join("L")}Z`} />`;
  });
}

function line({ id, color, shape, dashed, points }: Series, frame: Frame): TemplateResult {
  const parts: string[] = [];
  let previous: number | null = null;
  for (const [ms, value] of points) {
    if (value !== null) {
      const x = frame.x(ms).toFixed(1);
      if (previous === null) parts.push(`M${x} ${frame.y(value).toFixed(1)}`);
      else parts.push(`${shape === "step" ? `L${x} ${frame.y(previous).toFixed(1)}` : ""}L${x} ${frame.y(value).toFixed(1)}`);
    }
    previous = value;
  }
  return svg`<path data-series=${id} fill="none" stroke=${color} stroke-width="2" stroke-dasharray=${dashed ? "5 4" : "none"} d=${parts.join("")} />`;
}
