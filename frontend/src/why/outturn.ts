/** What became of the plans of the last hours. Pure. */

import { type FormatContext, formatMoney, formatNumber } from "../format";
import type { HomeState, Reason } from "../messages";
import { type Strings, fill } from "../strings/index";
import { TINY_KWH } from "./tiny";

/** Money and energy of the home; empty before an hour of it is known. */
export function outturnOf(hass: FormatContext, strings: Strings, state: HomeState): string {
  const total = state.outturn?.total;
  if (!total || Math.round(total.counted_h) < 1) return "";
  const currency = state.plan?.currency ?? state.site?.currency ?? "EUR";
  const energy = (kwh: number): string => formatNumber(hass, kwh, 1);
  return fill(strings.why.outturn, {
    hours: Math.round(total.counted_h),
    realised: formatMoney(hass, total.realised.cost, currency),
    expected: formatMoney(hass, total.expected.cost, currency),
    bought: energy(total.realised.import_kwh),
    bought_expected: energy(total.expected.import_kwh),
    used: energy(total.realised.load_kwh),
    used_expected: energy(total.expected.load_kwh),
  });
}

/** What the device of a reason really moved that way lately, beside what was planned. */
export function becameOf(hass: FormatContext, strings: Strings, state: HomeState, reason: Reason): string[] {
  const hours = state.outturn?.hours.filter(({ realised }) => reason.asset in realised.asset_kwh) ?? [];
  const feeds = reason.action === "discharge" || reason.action === "curtail";
  const moved = (side: "expected" | "realised"): number =>
    hours.reduce((sum, hour) => sum + Math.max(0, (hour[side].asset_kwh[reason.asset] ?? 0) * (feeds ? -1 : 1)), 0);
  const [expected, realised] = [moved("expected"), moved("realised")];
  const counted = Math.round(hours.reduce((sum, hour) => sum + hour.counted_h, 0));
  if (counted < 1 || Math.max(expected, realised) < TINY_KWH) return [];
  return [fill(strings.why.became, { hours: counted, realised: formatNumber(hass, realised, 1), expected: formatNumber(hass, expected, 1) })];
}
