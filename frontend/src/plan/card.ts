/** `hems-plan-card`: what HEMS intends, as a chart, with the next change in words. */

import { type PropertyValues, type TemplateResult, css, html, nothing } from "lit";

import { themeOf } from "../colors";
import { formatDayAndTime, formatMoney, formatNumber, formatPower, formatTime } from "../format";
import type { Hass } from "../hass";
import { HomeCard, type HomeCardConfig } from "../home-card";
import { type HomeState, type NextAction, type Plan, type Violation, inWords, scheduledActions, titleOf } from "../messages";
import { fill, stringsFor, word } from "../strings/index";
import { type ChartBase, createChartBase, loadChartBase } from "./chart-base";
import { type EchartsTexts, echartsData, echartsOptions } from "./echarts";
import { rowsOf } from "./layout";
import { type Panel, type PlanChart, legendOf, shapePlan } from "./shape";
import { svgChart } from "./svg";
import { tooltip } from "./tooltip";
import { formatTick, unitName } from "./units";

export interface PlanCardConfig extends HomeCardConfig {
  hours?: number;
  show_price?: boolean;
  show_state?: boolean;
  show_temperature?: boolean;
}

const RANGES = [12, 24, 48];
const DEFAULT_HOURS = 24;
const MOST_VIOLATIONS = 3;
const MOST_SCHEDULED = 3;
const A_DAY_MS = 86_400_000;

export class HemsPlanCard extends HomeCard<PlanCardConfig> {
  static override properties = {
    ...HomeCard.properties,
    hours: { state: true },
    hidden_: { state: true },
    width_: { state: true },
    chartBase: { state: true },
  };

  protected declare hours: number | undefined;
  protected declare hidden_: ReadonlySet<string>;
  protected declare width_: number;
  protected declare chartBase: ChartBase | undefined;
  private chart: PlanChart | undefined;
  private readonly resize = new ResizeObserver(([entry]) => {
    this.width_ = Math.round(entry?.contentRect.width ?? 0);
  });

  constructor() {
    super();
    this.hidden_ = new Set();
    this.width_ = 0;
    this.chartBase = undefined;
  }

  static getStubConfig(): object {
    return {};
  }

  static getConfigForm(): object {
    const { plan } = stringsFor(document.documentElement.lang);
    const labels: Record<string, string> = {
      title: plan.config_title, hours: plan.config_hours, entry: plan.config_entry,
      show_price: plan.show_price, show_state: plan.show_state, show_temperature: plan.show_temperature,
    };
    return {
      schema: [
        { name: "title", selector: { text: {} } },
        { name: "entry", selector: { config_entry: { integration: "hems" } } },
        { name: "hours", selector: { number: { min: 6, max: 48, step: 6, mode: "slider", unit_of_measurement: "h" } } },
        ...["show_price", "show_state", "show_temperature"].map((name) => ({ name, default: true, selector: { boolean: {} } })),
      ],
      computeLabel: ({ name }: { name: string }) => labels[name] ?? name,
    };
  }

  getCardSize(): number {
    return 9;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.resize.observe(this);
    void loadChartBase().then((available) => {
      if (available && this.hass && !this.chartBase) this.chartBase = createChartBase(this.hass);
    });
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.resize.disconnect();
  }

  protected override willUpdate(changed: PropertyValues): void {
    super.willUpdate(changed);
    const { state } = this.update_;
    const before = (changed.get("update_") as { state: HomeState } | undefined)?.state;
    const onlyLive = changed.size === 1 && before !== undefined && before.plan === state.plan && before.assets === state.assets;
    if (!this.hass || !this.config || !state.plan || (onlyLive && this.chart && !this.moved(state))) return;
    this.chart = this.shaped(this.hass, this.config, state, state.plan);
    if (this.chartBase) this.feed(this.hass, this.chartBase, this.chart, state.plan);
  }

  /** Whether the marker of now would move by more than a pixel or so. */
  private moved(state: HomeState): boolean {
    if (!this.chart || !state.live) return false;
    return Math.abs(Date.parse(state.live.at) - this.chart.now) > (this.chart.end - this.chart.start) / 400;
  }

  private shaped(hass: Hass, config: PlanCardConfig, state: HomeState, plan: Plan): PlanChart {
    const panels = new Set<Panel["id"]>(["power"]);
    if (config.show_price !== false) panels.add("price");
    if (config.show_state !== false) panels.add("state");
    if (config.show_temperature !== false) panels.add("indoor").add("tank");
    const options = { hours: this.hours ?? config.hours ?? DEFAULT_HOURS, panels, hidden: this.hidden_ };
    return shapePlan(state, plan, this.strings, themeOf(this, hass.themes.darkMode), options);
  }

  private feed(hass: Hass, base: ChartBase, chart: PlanChart, plan: Plan): void {
    const theme = themeOf(this, hass.themes.darkMode);
    const ink = { text: theme.property("--secondary-text-color") || "#727272", faint: theme.property("--divider-color") || "#8884", paper: theme.property("--card-background-color") || "#fff" };
    const texts = this.texts(hass, chart, plan);
    base.hass = hass;
    base.height = `${rowsOf(chart).height}px`;
    base.options = echartsOptions(chart, texts, ink);
    base.data = echartsData(chart, this.hidden_, texts, ink);
  }

  private texts(hass: Hass, chart: PlanChart, plan: Plan): EchartsTexts & { time(ms: number): string } {
    const { strings } = this;
    return {
      now: strings.plan.now,
      tick: (panel, value) => formatTick(hass, panel.unit, value, panel.scale.step),
      title: (panel) => `${panel.title} (${unitName(hass, panel.unit, plan.currency)})${panel.id === "power" ? ` · ${strings.plan.sources}` : ""}`,
      tooltip: (ms) => tooltip(hass, chart, this.hidden_, plan.currency, ms),
      time: (ms) => formatTime(hass, ms),
    };
  }

  protected override render(): TemplateResult {
    const { strings, hass, config } = this;
    const { state, connected } = this.update_;
    if (!hass || !config) return html``;
    const { plan } = state;
    return html`<ha-card>
      <div class="head">
        <h2>${config.title ?? strings.plan.title}</h2>
        ${plan ? html`<span class="chip ${plan.outcome.kind}" title=${inWords(state, plan.outcome.reason ?? "")}>${word(strings.outcome, plan.outcome.kind)}</span>` : nothing}
        <span class="spacer"></span>
        ${plan ? this.ranges() : nothing}
      </div>
      ${connected || plan ? nothing : html`<p class="quiet">${strings.plan.no_home}</p>`}
      ${!connected && plan ? html`<ha-alert alert-type="warning">${strings.plan.lost}</ha-alert>` : nothing}
      ${plan && this.chart ? this.body(hass, state, plan, this.chart) : connected ? html`<p class="quiet">${strings.plan.waiting}</p>` : nothing}
    </ha-card>`;
  }

  private ranges(): TemplateResult {
    const chosen = this.hours ?? this.config?.hours ?? DEFAULT_HOURS;
    return html`<div class="ranges" role="group">
      ${RANGES.map((hours) => html`<button aria-pressed=${hours === chosen} @click=${() => (this.hours = hours)}>${fill(this.strings.plan.hours, { hours })}</button>`)}
    </div>`;
  }

  private body(hass: Hass, state: HomeState, plan: Plan, chart: PlanChart): TemplateResult {
    const { strings } = this;
    const hours = Math.round(plan.horizon.steps_s.reduce((sum, step) => sum + step, 0) / 3600);
    const bill = plan.cost.energy + plan.cost.export + plan.cost.fixed + plan.cost.capacity;
    return html`
      <div class="summary">
        <div class="next">${this.nextLine(hass, state)}</div>
        <div class="quiet">
          ${fill(strings.plan.cost, { cost: formatMoney(hass, bill, plan.currency), hours })} · ${fill(strings.plan.made, { time: formatTime(hass, Date.parse(plan.made_at)) })}
        </div>
        ${scheduledActions(state).slice(0, MOST_SCHEDULED).map((action) => html`<div class="next asked"><ha-icon icon="mdi:calendar-clock"></ha-icon><span>${this.asked(hass, state, action)}, <span class="why">${strings.reason.override}</span></span></div>`)}
      </div>
      ${plan.violations.slice(0, MOST_VIOLATIONS).map((violation) => html`<div class="broken"><ha-icon icon="mdi:alert-outline"></ha-icon>${this.broken(hass, state, violation)}</div>`)}
      <div class="chart" style="height:${rowsOf(chart).height}px">
        ${this.chartBase ?? (this.width_ > 0 ? svgChart(chart, this.hidden_, this.width_ - 16, this.texts(hass, chart, plan)) : nothing)}
      </div>
      ${this.legend(chart)}`;
  }

  private nextLine(hass: Hass, state: HomeState): TemplateResult {
    const { strings } = this;
    const next = state.next_action;
    if (!next) return html`<span class="quiet">${strings.next.nothing}</span>`;
    const reason = next.reason === null ? "" : word(strings.reason, next.reason);
    return html`<ha-icon icon="mdi:arrow-right-circle-outline"></ha-icon><span><b>${this.sentence(hass, state, next)}</b>${reason ? html`, <span class="why">${reason}</span>` : nothing}</span>`;
  }

  private asked(hass: Hass, state: HomeState, action: NextAction & { until: string }): string {
    const [start, until] = [Date.parse(action.at), Date.parse(action.until)];
    const end = until - start < A_DAY_MS ? formatTime(hass, until) : formatDayAndTime(hass, until);
    return this.sentence(hass, state, action, `${formatDayAndTime(hass, start)} – ${end}`);
  }

  private sentence(hass: Hass, state: HomeState, next: NextAction, time = formatTime(hass, Date.parse(next.at))): string {
    const { strings } = this;
    const asset = titleOf(state, next.asset);
    const line = fill(strings.next.line, { time, asset, action: word(strings.action, next.action) });
    return Math.abs(next.power_kw) < 0.005 ? line : fill(strings.next.with_power, { line, power: formatPower(hass, next.power_kw) });
  }

  private broken(hass: Hass, state: HomeState, violation: Violation): string {
    return fill(this.strings.plan.limit_broken, {
      asset: violation.asset === null ? this.strings.series.grid : titleOf(state, violation.asset),
      limit: word(this.strings.limit, violation.limit.split(".").at(-1) ?? violation.limit),
      amount: formatNumber(hass, violation.amount, violation.unit === "kW" ? 2 : 1),
      unit: violation.unit,
      time: formatDayAndTime(hass, Date.parse(violation.start)),
    });
  }

  private legend(chart: PlanChart): TemplateResult {
    return html`<div class="legend">
      ${legendOf(chart).map(({ group, name, color, shape, dashed }) => html`<button aria-pressed=${!this.hidden_.has(group)} @click=${() => this.toggle(group)}>
        <i class="${shape} ${dashed ? "dashed" : ""}" style="--color:${color}"></i>${name}
      </button>`)}
    </div>`;
  }

  private toggle(group: string): void {
    const hidden = new Set(this.hidden_);
    if (!hidden.delete(group)) hidden.add(group);
    this.hidden_ = hidden;
  }

  static override styles = css`
    :host { display: block; }
    ha-card { padding: 12px 8px 10px; overflow: hidden; }
    .head { display: flex; align-items: center; gap: 10px; padding: 0 8px; flex-wrap: wrap; }
    h2 { margin: 0; font-size: var(--ha-font-size-l, 16px); font-weight: 500; color: var(--primary-text-color); }
    .spacer { flex: 1; }
    .chip { font-size: 12px; font-weight: 500; line-height: 22px; padding: 0 10px; border-radius: 11px; white-space: nowrap;
      --tone: var(--warning-color, #ffa600); color: var(--tone); background: color-mix(in srgb, var(--tone) 16%, transparent); }
    .chip.optimal, .chip.feasible { --tone: var(--success-color, #43a047); }
    .chip.infeasible { --tone: var(--error-color, #db4437); }
    button { font: inherit; color: inherit; background: none; border: 0; cursor: pointer; }
    button:focus-visible { outline: 2px solid var(--primary-color); outline-offset: 1px; }
    .ranges { display: flex; border-radius: 14px; background: var(--secondary-background-color); padding: 2px; }
    .ranges button { font-size: 12px; line-height: 24px; padding: 0 10px; border-radius: 12px; color: var(--secondary-text-color); }
    .ranges button[aria-pressed="true"] { background: var(--card-background-color); color: var(--primary-text-color); box-shadow: 0 1px 2px #0003; }
    .summary { display: flex; flex-wrap: wrap; gap: 2px 16px; justify-content: space-between; align-items: center; padding: 8px 8px 2px; font-size: 14px; color: var(--primary-text-color); }
    .next { display: flex; align-items: center; gap: 6px; }
    .asked { flex-basis: 100%; }
    .next b { font-weight: 500; }
    .next ha-icon { --mdc-icon-size: 20px; color: var(--primary-color); flex: none; }
    .quiet, .why { color: var(--secondary-text-color); }
    .quiet { font-size: 13px; }
    p.quiet { padding: 24px 8px; margin: 0; text-align: center; }
    .broken { display: flex; align-items: center; gap: 6px; padding: 1px 8px; font-size: 13px; color: var(--secondary-text-color); }
    .broken ha-icon { --mdc-icon-size: 18px; padding: 0 1px; color: var(--warning-color); flex: none; }
    ha-alert { display: block; margin: 4px 8px; }
    .chart { position: relative; margin-top: 2px; }
    .legend { display: flex; flex-wrap: wrap; gap: 2px; justify-content: center; padding: 6px 0 0; }
    .legend button { display: inline-flex; align-items: center; gap: 5px; font-size: 12px; line-height: 22px; padding: 0 5px; color: var(--primary-text-color); }
    .legend i { width: 11px; height: 11px; border-radius: 3px; background: var(--color); box-sizing: border-box; }
    .legend i.step { width: 14px; height: 0; border-radius: 0; border-top: 2px solid var(--color); background: none; }
    .legend i.dashed { border-top-style: dashed; }
    .legend button[aria-pressed="false"] { color: var(--disabled-text-color, #9e9e9e); text-decoration: line-through; }
    .legend button[aria-pressed="false"] i { filter: grayscale(1); opacity: 0.4; }
    svg.plan { display: block; margin: 0 auto; }
    svg text { fill: var(--secondary-text-color); font-size: 11px; }
    svg text.title { font-size: 12px; }
    svg .grid { stroke: var(--divider-color); stroke-width: 1; }
    svg .now { stroke: var(--secondary-text-color); stroke-width: 1.5; stroke-dasharray: 4 3; }
  `;
}
