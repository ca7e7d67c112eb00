/** What a stretch, or doing without it, means for comfort and emissions. Pure. */

import { type FormatContext, formatMass, formatMoney, formatNumber, formatTemperature } from "../format";
import { type Comfort, type HomeState, type WhatIf, titleOf } from "../messages";
import { type Strings, fill } from "../strings/index";
import { TINY_K, TINY_KG, TINY_KWH, TINY_MONEY } from "./tiny";

export function comfortOf(hass: FormatContext, strings: Strings, comfort: Comfort | null, currency: string): string[] {
  if (!comfort) return [];
  const { why } = strings;
  const worth = comfort.worth < TINY_MONEY ? why.comfort_free : fill(why.comfort_worth, { cost: formatMoney(hass, comfort.worth, currency) });
  if (comfort.unit === "degC") {
    if (comfort.planned - comfort.without < TINY_K) return [];
    const [planned, without] = [comfort.planned, comfort.without].map((celsius) => formatTemperature(hass, celsius));
    return [`${fill(why.comfort_degrees, { planned: planned ?? "", without: without ?? "" })} ${worth}`];
  }
  const missing = comfort.without - comfort.planned;
  return missing < TINY_KWH ? [] : [`${fill(why.comfort_energy, { energy: formatNumber(hass, missing, 1) })} ${worth}`];
}

export function emissionOf(hass: FormatContext, strings: Strings, kg: number | null): string[] {
  if (kg === null || Math.abs(kg) < TINY_KG) return [];
  return [fill(kg > 0 ? strings.why.emits : strings.why.spares_emissions, { mass: formatMass(hass, kg) })];
}

/** What the other plan of an answer means beside its cost, a sentence each. */
export function othersOf(hass: FormatContext, strings: Strings, state: HomeState, answer: WhatIf): string[] {
  const { why } = strings;
  const colder = answer.warmth.map(({ asset, planned_c, other_c }) =>
    fill(why.answer_warmth, { asset: titleOf(state, asset), planned: formatTemperature(hass, planned_c), other: formatTemperature(hass, other_c) }),
  );
  const kg = answer.extra_co2_kg;
  if (kg === null || Math.abs(kg) < TINY_KG) return colder;
  return [...colder, fill(kg > 0 ? why.answer_emits : why.answer_spares, { mass: formatMass(hass, kg) })];
}
