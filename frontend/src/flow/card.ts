/** `hems-flow-card`: where the power comes from and goes to at this moment. */

import { type TemplateResult, css, html, nothing, svg } from "lit";

import { themeOf } from "../colors";
import { formatPercent, formatPower, formatTemperature, formatTime } from "../format";
import type { Hass } from "../hass";
import { HomeCard, type HomeCardConfig } from "../home-card";
import { stringsFor } from "../strings/index";
import { type Node, flows, shapeFlow } from "./shape";

const ROW_PX = 62;

export class HemsFlowCard extends HomeCard<HomeCardConfig> {
  static getStubConfig(): object {
    return {};
  }

  static getConfigForm(): object {
    const { plan } = stringsFor(document.documentElement.lang);
    return {
      schema: [
        { name: "title", selector: { text: {} } },
        { name: "entry", selector: { config_entry: { integration: "hems" } } },
      ],
      computeLabel: ({ name }: { name: string }) => (name === "title" ? plan.config_title : plan.config_entry),
    };
  }

  getCardSize(): number {
    return 6;
  }

  protected override render(): TemplateResult {
    const { hass, config, strings } = this;
    const { state, connected } = this.update_;
    if (!hass || !config) return html``;
    const nodes = shapeFlow(state, strings, themeOf(this, hass.themes.darkMode));
    return html`<ha-card>
      <div class="head">
        <h2>${config.title ?? strings.flow.title}</h2>
        ${state.live ? html`<span class="quiet">${formatTime(hass, Date.parse(state.live.at))}${state.live.outdoor_c === null ? nothing : ` · ${formatTemperature(hass, state.live.outdoor_c)}`}</span>` : nothing}
      </div>
      ${nodes.length > 0 ? this.picture(hass, nodes) : html`<p class="quiet">${connected ? strings.plan.waiting : strings.plan.no_home}</p>`}
    </ha-card>`;
  }

  private picture(hass: Hass, nodes: Node[]): TemplateResult {
    const left = nodes.filter(({ side }) => side === "left");
    const right = nodes.filter(({ side }) => side === "right");
    const height = Math.max(left.length, right.length) * ROW_PX;
    const strongest = Math.max(1, ...nodes.map(({ power_kw }) => Math.abs(power_kw ?? 0)));
    const y = (index: number, count: number): number => (height * (index + 0.5)) / count;
    return html`<div class="flow" style="height:${height}px">
      <div class="side left">${left.map((node) => this.node(hass, node))}</div>
      <svg viewBox="0 0 100 ${height}" preserveAspectRatio="none" aria-hidden="true">
        ${left.map((node, index) => wire(node, `M0 ${y(index, left.length)}C40 ${y(index, left.length)} 40 ${height / 2} 50 ${height / 2}`, strongest, (node.power_kw ?? 0) > 0))}
        ${right.map((node, index) => wire(node, `M50 ${height / 2}C60 ${height / 2} 60 ${y(index, right.length)} 100 ${y(index, right.length)}`, strongest, (node.power_kw ?? 0) < 0))}
      </svg>
      <div class="hub"><ha-icon icon="mdi:home"></ha-icon></div>
      <div class="side right">${right.map((node) => this.node(hass, node))}</div>
    </div>`;
  }

  private node(hass: Hass, node: Node): TemplateResult {
    const { strings } = this;
    const moving = flows(node.power_kw);
    const power = node.power_kw === null ? "–" : moving ? formatPower(hass, node.power_kw) : node.note === "away" ? strings.flow.away : strings.flow.idle;
    const details = [
      node.note && node.note !== "away" ? strings.flow[node.note] : null,
      node.soc === null ? null : formatPercent(hass, node.soc),
      node.temperature_c === null ? null : formatTemperature(hass, node.temperature_c),
    ].filter((detail) => detail !== null);
    return html`<button class="node ${moving ? "moving" : "still"}" data-node=${node.id} style="--color:${node.color}" ?disabled=${!node.entity} @click=${() => this.open(node)}>
      <div class="disc"><ha-icon icon=${node.icon}></ha-icon></div>
      <div class="words">
        <div class="name">${node.title}</div>
        <div class="power">${power}</div>
        ${details.length > 0 ? html`<div class="detail">${details.join(" · ")}</div>` : nothing}
      </div>
    </button>`;
  }

  private open(node: Node): void {
    this.dispatchEvent(new CustomEvent("hass-more-info", { detail: { entityId: node.entity }, bubbles: true, composed: true }));
  }

  static override styles = css`
    :host { display: block; }
    ha-card { padding: 12px 12px 14px; overflow: hidden; }
    .head { display: flex; align-items: baseline; gap: 10px; padding: 0 4px 6px; justify-content: space-between; }
    h2 { margin: 0; font-size: var(--ha-font-size-l, 16px); font-weight: 500; color: var(--primary-text-color); }
    .quiet { color: var(--secondary-text-color); font-size: 13px; }
    p.quiet { padding: 24px 8px; margin: 0; text-align: center; }
    .flow { position: relative; display: grid; grid-template-columns: minmax(0, 37%) minmax(0, 1fr) minmax(0, 37%); }
    .flow svg { width: 100%; height: 100%; }
    .side { display: flex; flex-direction: column; justify-content: space-around; min-width: 0; }
    .node { display: flex; align-items: center; gap: 10px; min-width: 0; color: var(--primary-text-color); }
    button { font: inherit; background: none; border: 0; padding: 4px 0; text-align: start; cursor: pointer; }
    button:disabled { cursor: default; }
    button:focus-visible { outline: 2px solid var(--primary-color); border-radius: 8px; }
    .left .node { flex-direction: row-reverse; text-align: end; }
    .words { min-width: 0; flex: 1; }
    .name { font-size: 12px; line-height: 15px; color: var(--secondary-text-color); overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
    .power { font-size: 15px; line-height: 18px; font-weight: 500; font-variant-numeric: tabular-nums; white-space: nowrap; }
    .detail { font-size: 11px; line-height: 14px; color: var(--secondary-text-color); white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
    .disc { width: 38px; height: 38px; border-radius: 50%; box-sizing: border-box; flex: none; display: grid; place-items: center;
      color: var(--color); background: color-mix(in srgb, var(--color) 16%, transparent); border: 2px solid var(--color); }
    .disc ha-icon, .hub ha-icon { --mdc-icon-size: 20px; }
    .still .disc { border-color: color-mix(in srgb, var(--color) 35%, transparent); }
    .still .power { font-weight: 400; color: var(--secondary-text-color); font-size: 13px; }
    .hub { position: absolute; left: 50%; top: 50%; width: 34px; height: 34px; margin: -17px; border-radius: 50%; display: grid; place-items: center;
      background: var(--card-background-color); border: 2px solid var(--divider-color); box-sizing: border-box; color: var(--secondary-text-color); }
    path { fill: none; vector-effect: non-scaling-stroke; stroke-linecap: round; }
    path.rest { stroke: var(--divider-color); stroke-width: 1.5px; }
    path.live { stroke-dasharray: 0 14; }
    path.glow { opacity: 0.35; }
    @media (prefers-reduced-motion: no-preference) {
      path.live { animation: run var(--pace) linear infinite; }
      path.live.back { animation-direction: reverse; }
    }
    @keyframes run { from { stroke-dashoffset: 14; } to { stroke-dashoffset: 0; } }
  `;
}

/** A line from left to right; `back` flows the other way. Stronger is wider and faster. */
function wire(node: Node, path: string, strongest: number, back: boolean): TemplateResult {
  if (!flows(node.power_kw)) return svg`<path class="rest" d=${path} />`;
  const share = Math.abs(node.power_kw ?? 0) / strongest;
  const width = 2 + 2.5 * share;
  return svg`
    <path class="glow" d=${path} style="stroke:${node.color};stroke-width:${width}px" />
    <path class="live ${back ? "back" : ""}" d=${path} style="stroke:${node.color};stroke-width:${width + 2}px;--pace:${(1.6 - share).toFixed(2)}s" />`;
}
