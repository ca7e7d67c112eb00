/** `hems-why-card`: what each device will do, why, and what it would cost otherwise. */

import { type TemplateResult, css, html, nothing } from "lit";

import { colorOf, themeOf } from "../colors";
import { iconOf } from "../flow/shape";
import { formatMoney } from "../format";
import type { Hass } from "../hass";
import { HomeCard, type HomeCardConfig } from "../home-card";
import type { HomeState, Reason, WhatIf } from "../messages";
import { fill, stringsFor } from "../strings/index";
import { othersOf } from "./effects";
import { type Line, limitsOf, linesOf, savingOf } from "./lines";
import { outturnOf } from "./outturn";

export interface WhyCardConfig extends HomeCardConfig {
  rows?: number;
}

const DEFAULT_ROWS = 6;

type Answer = { asking: true } | { text: string };

export class HemsWhyCard extends HomeCard<WhyCardConfig> {
  static override properties = {
    ...HomeCard.properties,
    open_: { state: true },
    all_: { state: true },
    answers_: { state: true },
  };

  /** Which line is unfolded. */
  protected declare open_: string | undefined;
  protected declare all_: boolean;
  protected declare answers_: ReadonlyMap<string, Answer>;

  constructor() {
    super();
    this.all_ = false;
    this.answers_ = new Map();
  }

  static getStubConfig(): object {
    return {};
  }

  static getConfigForm(): object {
    const { plan, why } = stringsFor(document.documentElement.lang);
    const labels: Record<string, string> = { title: plan.config_title, entry: plan.config_entry, rows: why.config_rows };
    return {
      schema: [
        { name: "title", selector: { text: {} } },
        { name: "entry", selector: { config_entry: { integration: "hems" } } },
        { name: "rows", selector: { number: { min: 3, max: 20, step: 1, mode: "slider" } } },
      ],
      computeLabel: ({ name }: { name: string }) => labels[name] ?? name,
    };
  }

  getCardSize(): number {
    return 5;
  }

  protected override render(): TemplateResult {
    const { hass, config, strings } = this;
    if (!hass || !config) return html``;
    const { state } = this.update_;
    const lines = linesOf(hass, strings, state);
    const rows = config.rows ?? DEFAULT_ROWS;
    const told = [savingOf(hass, strings, state), outturnOf(hass, strings, state)].filter((sentence) => sentence);
    return html`<ha-card>
      <h2>${config.title ?? strings.why.title}</h2>
      ${told.map((sentence) => html`<p class="quiet">${sentence}</p>`)}
      ${lines.length === 0 ? html`<p class="quiet">${state.plan ? strings.why.none : strings.plan.waiting}</p>` : nothing}
      <ul>${(this.all_ ? lines : lines.slice(0, rows)).map((line) => this.line(hass, state, line))}</ul>
      ${lines.length > rows ? html`<button class="more" @click=${() => (this.all_ = !this.all_)}>${this.all_ ? strings.why.less : fill(strings.why.more, { count: lines.length - rows })}</button>` : nothing}
    </ha-card>`;
  }

  private line(hass: Hass, state: HomeState, line: Line): TemplateResult {
    const key = keyOf(line.reason);
    const open = this.open_ === key;
    const color = colorOf(line.kind, themeOf(this, hass.themes.darkMode));
    return html`<li style="--tone:${color}">
      <button class="line" aria-expanded=${open} @click=${() => (this.open_ = open ? undefined : key)}>
        <ha-icon icon=${iconOf(line.kind)}></ha-icon>
        <span class="words"><span class="what">${line.what}</span><span class="quiet">${line.time}${line.why ? ` · ${line.why}` : nothing}</span></span>
        ${line.gain ? html`<span class="gain">+${line.gain}</span>` : nothing}
        <ha-icon class="fold" icon=${open ? "mdi:chevron-up" : "mdi:chevron-down"}></ha-icon>
      </button>
      ${open ? this.details(hass, state, line, key) : nothing}
    </li>`;
  }

  private details(hass: Hass, state: HomeState, line: Line, key: string): TemplateResult {
    const { strings } = this;
    const answer = this.answers_.get(key);
    return html`<div class="details">
      ${line.details.map((detail) => html`<div>${detail}</div>`)}
      ${line.kind === "pv" ? nothing : answer ? html`<div class="answer">${"text" in answer ? answer.text : strings.why.asking}</div>` : html`<button class="ask" @click=${() => void this.ask(hass, state, line.reason, key)}>${strings.why.ask}</button>`}
    </div>`;
  }

  /** Have the plan made once more with the device at rest in that time. */
  private async ask(hass: Hass, state: HomeState, reason: Reason, key: string): Promise<void> {
    this.remember(key, { asking: true });
    const now = state.live?.at ?? reason.start;
    const start = Date.parse(reason.start) < Date.parse(now) ? now : reason.start;
    try {
      const answer = await hass.connection.sendMessagePromise<WhatIf>({
        type: "hems/what_if", ...(this.config?.entry ? { entry_id: this.config.entry } : {}),
        asset: reason.asset, power_kw: 0, start, until: reason.end,
      });
      this.remember(key, { text: this.told(hass, state, answer) });
    } catch (error) {
      this.remember(key, { text: fill(this.strings.why.no_answer, { reason: (error as { message?: string }).message ?? "" }) });
    }
  }

  private told(hass: Hass, state: HomeState, answer: WhatIf): string {
    const { why } = this.strings;
    const broken = limitsOf(this.strings, answer.broken.map(({ limit }) => limit));
    const cost = formatMoney(hass, Math.max(answer.extra_cost, 0), answer.currency);
    const first = fill(broken.length > 0 ? why.answer_breaks : why.answer, { cost, limits: broken.join(", ") });
    return [first, ...othersOf(hass, this.strings, state, answer)].join(" ");
  }

  private remember(key: string, answer: Answer): void {
    this.answers_ = new Map(this.answers_).set(key, answer);
  }

  static override styles = css`
    :host { display: block; }
    ha-card { padding: 12px 8px 10px; overflow: hidden; }
    h2 { margin: 0; padding: 0 8px; font-size: var(--ha-font-size-l, 16px); font-weight: 500; color: var(--primary-text-color); }
    p { margin: 4px 8px 0; }
    .quiet { color: var(--secondary-text-color); font-size: 13px; }
    ul { list-style: none; margin: 8px 0 0; padding: 0; columns: 340px 2; }
    li { break-inside: avoid; }
    button { font: inherit; color: inherit; background: none; border: 0; cursor: pointer; }
    button:focus-visible { outline: 2px solid var(--primary-color); outline-offset: -2px; }
    .line { display: flex; align-items: center; gap: 10px; width: 100%; padding: 7px 8px; text-align: start; color: var(--primary-text-color); border-radius: 8px; }
    .line:hover { background: var(--secondary-background-color); }
    .line ha-icon { --mdc-icon-size: 20px; color: var(--tone); flex: none; }
    .line ha-icon.fold { color: var(--secondary-text-color); --mdc-icon-size: 18px; }
    .words { flex: 1; display: flex; flex-direction: column; min-width: 0; font-size: 14px; line-height: 1.35; }
    .gain { font-weight: 500; font-size: 14px; color: var(--success-color, #43a047); white-space: nowrap; font-variant-numeric: tabular-nums; }
    .details { padding: 0 8px 8px 38px; font-size: 13px; line-height: 1.5; color: var(--secondary-text-color); }
    .answer { color: var(--primary-text-color); font-weight: 500; }
    .ask, .more { color: var(--primary-color); font-weight: 500; font-size: 13px; padding: 6px 0; }
    .more { display: block; padding: 6px 8px; }
  `;
}

function keyOf(reason: Reason): string {
  return `${reason.asset} ${reason.action} ${reason.end}`;
}
