/** The plan for Home Assistant's own chart element, `ha-chart-base`, which speaks ECharts. */

import { AREA_OPACITY, LEFT, RIGHT, type Row, rowsOf } from "./layout";
import { type Band, type Panel, type PlanChart, type Series, outline, stack } from "./shape";

/** A series or an option tree of ECharts. */
export type Tree = Record<string, unknown>;

export interface EchartsTexts {
  now: string;
  tick(panel: Panel, value: number): string;
  title(panel: Panel): string;
  tooltip(ms: number): HTMLElement;
}

export interface EchartsInk {
  text: string;
  faint: string;
  paper: string;
}

export function echartsData(chart: PlanChart, hidden: ReadonlySet<string>, texts: EchartsTexts, ink: EchartsInk): Tree[] {
  return chart.panels.flatMap((panel, index) => {
    const shown = panel.series.filter((series) => !hidden.has(series.group));
    const drawn = panel.id === "power" ? stack(shown).map((band) => area(band, index)) : shown.map((series) => line(series, panel, index));
    return [...drawn, nowLine(chart, panel, index, texts, ink)];
  });
}

function common(series: Series, index: number): Tree {
  return { id: series.id, name: series.name, color: series.color, xAxisIndex: index, yAxisIndex: index, data: series.points, silent: true };
}

/** ECharts' own stacked step lines leave out corners lower than a pixel, which turns small steps into slopes. */
function area(band: Band, index: number): Tree {
  const renderItem = ({ dataIndex }: { dataIndex: number }, api: CustomApi): Tree | undefined => {
    if (dataIndex > 0) return undefined; // the first item draws the whole band
    return { type: "polygon", shape: { points: outline(band).map((corner) => api.coord(corner)) }, style: { fill: band.series.color, opacity: AREA_OPACITY } };
  };
  return { ...common(band.series, index), type: "custom", clip: true, renderItem };
}

function line(series: Series, panel: Panel, index: number): Tree {
  return {
    ...common(series, index),
    type: "line",
    showSymbol: false,
    emphasis: { disabled: true },
    ...(series.shape === "step" ? { step: "end" } : {}),
    lineStyle: { width: panel.id === "price" ? 1.5 : 2, type: series.dashed ? "dashed" : "solid", color: series.color },
    ...(series.id === "import_price" ? { areaStyle: { color: series.color, opacity: 0.12 } } : {}),
  };
}

interface CustomApi {
  coord(point: [number, number]): [number, number];
}

function nowLine(chart: PlanChart, panel: Panel, index: number, texts: EchartsTexts, ink: EchartsInk): Tree {
  const renderItem = (_params: unknown, api: CustomApi): Tree => {
    const [x, top] = api.coord([chart.now, panel.scale.max]);
    const [, bottom] = api.coord([chart.now, panel.scale.min]);
    const line = { type: "line", shape: { x1: x, x2: x, y1: top, y2: bottom }, style: { stroke: ink.text, lineWidth: 1.5, lineDash: [4, 3] } };
    const label = { type: "text", style: { text: texts.now, x: x + 5, y: top + 3, fill: ink.text, fontSize: 11, stroke: ink.paper, lineWidth: 3 } };
    return { type: "group", silent: true, children: index === 0 ? [line, label] : [line] };
  };
  return {
    id: `now.${panel.id}`,
    name: texts.now,
    type: "custom",
    color: ink.text,
    xAxisIndex: index,
    yAxisIndex: index,
    data: [[chart.now, panel.scale.max]],
    renderItem,
    silent: true,
    tooltip: { show: false },
    z: 5,
  };
}

export function echartsOptions(chart: PlanChart, texts: EchartsTexts, ink: EchartsInk): Tree {
  const { rows } = rowsOf(chart);
  const last = rows.length - 1;
  return {
    animation: false,
    grid: rows.map(({ top, height }) => ({ top, height, left: LEFT, right: RIGHT, outerBoundsMode: "none" })),
    xAxis: rows.map((_row, index) => ({
      type: "time",
      gridIndex: index,
      min: new Date(chart.start),
      max: new Date(chart.end),
      axisTick: { show: false },
      axisLabel: { show: index === last, margin: 8 },
      axisLine: { show: false },
      splitLine: { show: true, lineStyle: { color: ink.faint } },
    })),
    yAxis: rows.map((row, index) => yAxis(row, index, texts, ink)),
    axisPointer: { link: [{ xAxisIndex: "all" }], label: { show: false } },
    tooltip: {
      trigger: "axis",
      confine: true,
      axisPointer: { type: "line" },
      formatter: (items: { axisValue: number }[] | { axisValue: number }) => {
        const item = Array.isArray(items) ? items[0] : items;
        return item ? texts.tooltip(Number(item.axisValue)) : "";
      },
    },
    dataZoom: [], // the range buttons choose what is shown
    toolbox: { show: false },
  };
}

function yAxis({ panel }: Row, index: number, texts: EchartsTexts, ink: EchartsInk): Tree {
  return {
    type: "value",
    gridIndex: index,
    name: texts.title(panel),
    nameLocation: "end",
    nameGap: 11,
    nameTextStyle: { align: "left", padding: [0, 0, 0, -(LEFT - 6)], color: ink.text, fontSize: 12 },
    min: panel.scale.min,
    max: panel.scale.max,
    interval: panel.scale.step,
    axisLine: { show: false },
    axisTick: { show: false },
    axisLabel: { formatter: (value: number) => texts.tick(panel, value), fontSize: 11 },
    splitLine: { show: true, lineStyle: { color: ink.faint } },
  };
}

