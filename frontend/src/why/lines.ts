/** From the reasons of a plan to sentences with money in them. Pure. */

import { type FormatContext, formatDayAndTime, formatMoney, formatNumber, formatPrice, formatTime } from "../format";
import { type HomeState, type OtherTime, type Reason, assetOf, titleOf } from "../messages";
import { comfortOf, emissionOf } from "./effects";
import { becameOf } from "./outturn";
import { TINY_KWH, TINY_MONEY } from "./tiny";
import { type Strings, fill, word } from "../strings/index";

export interface Line {
  reason: Reason;
  kind: string;
  time: string;
  /** What is done, with the energy. */
  what: string;
  /** Why, in a word; empty where no single cause can be named. */
  why: string;
  /** What it gains, empty where comfort or a deadline is the reason. */
  gain: string;
  details: string[];
}

const A_DAY_MS = 86_400_000;

export function linesOf(hass: FormatContext, strings: Strings, state: HomeState): Line[] {
  const currency = state.plan?.currency ?? state.site?.currency ?? "EUR";
  const now = state.live ? Date.parse(state.live.at) : Number.NEGATIVE_INFINITY;
  return state.reasons
    .filter((reason) => Date.parse(reason.end) > now && reason.energy_kwh >= TINY_KWH)
    .map((reason) => ({
      reason,
      kind: assetOf(state, reason.asset)?.kind ?? "",
      time: spanOf(hass, reason.start, reason.end),
      what: fill(strings.why.moves, {
        asset: titleOf(state, reason.asset),
        action: word(strings.action, reason.action),
        energy: formatNumber(hass, reason.energy_kwh, 1),
      }),
      why: reason.why === null ? "" : word(strings.reason, reason.why),
      gain: reason.gain === null || reason.gain < TINY_MONEY ? "" : formatMoney(hass, reason.gain, currency),
      details: [...detailsOf(hass, strings, reason, currency), ...becameOf(hass, strings, state, reason)],
    }));
}

function detailsOf(hass: FormatContext, strings: Strings, reason: Reason, currency: string): string[] {
  const price = (value: number): string => formatPrice(hass, value, currency);
  const details = [fill(strings.why.price, { price: price(reason.price_per_kwh) })];
  const { counterpart, worth_per_kwh: worth } = reason;
  if (worth !== null) {
    const gives = reason.action === "discharge";
    const told = counterpart
      ? { template: gives ? strings.why.cost_before : strings.why.worth_later, time: timeOf(hass, counterpart) }
      : { template: gives ? strings.why.cost_stored : strings.why.worth_kept, time: "" };
    details.push(fill(told.template, { worth: price(worth), time: told.time }));
  }
  if (reason.alternative && reason.alternative_cost !== null) {
    const template = reason.alternative_cost < TINY_MONEY ? strings.why.next_best_same : strings.why.next_best;
    details.push(fill(template, { time: timeOf(hass, reason.alternative), cost: formatMoney(hass, reason.alternative_cost, currency) }));
  }
  details.push(...comfortOf(hass, strings, reason.comfort, currency), ...emissionOf(hass, strings, reason.co2_kg));
  const limits = limitsOf(strings, reason.limits);
  if (limits.length > 0) details.push(fill(strings.why.held_by, { limits: limits.join(", ") }));
  return details;
}

/** Those limits that have a word for people. */
export function limitsOf(strings: Strings, names: string[]): string[] {
  const table: Record<string, string> = strings.limit;
  return [...new Set(names.flatMap((name) => table[name.split(".").at(-1) ?? ""] ?? []))];
}

function timeOf(hass: FormatContext, other: OtherTime): string {
  return spanOf(hass, other.start, other.end);
}

function spanOf(hass: FormatContext, start: string, end: string): string {
  const [from, until] = [Date.parse(start), Date.parse(end)];
  return `${formatDayAndTime(hass, from)} – ${until - from < A_DAY_MS ? formatTime(hass, until) : formatDayAndTime(hass, until)}`;
}

/** What the plan saves beside other ways to run the home; empty where nobody worked it out. */
export function savingOf(hass: FormatContext, strings: Strings, state: HomeState): string {
  const { plan } = state;
  if (!plan) return "";
  const saved = (kind: string): number | undefined => {
    const baseline = plan.baselines?.find((other) => other.kind === kind);
    return baseline ? total(baseline.cost) - total(plan.cost) : undefined;
  };
  const [unmanaged, rules] = [saved("unmanaged"), saved("self_consumption")];
  if (unmanaged === undefined || rules === undefined) return "";
  const hours = Math.round(plan.horizon.steps_s.reduce((sum, step) => sum + step, 0) / 3600);
  return fill(strings.why.saves, {
    hours,
    unmanaged: formatMoney(hass, unmanaged, plan.currency),
    rules: formatMoney(hass, rules, plan.currency),
  });
}

function total(cost: Record<string, number>): number {
  return Object.values(cost).reduce((sum, part) => sum + part, 0);
}
