import assert from "node:assert/strict";
import { test } from "node:test";

import type { Outturn, Reason, Tally, WhatIf } from "../src/messages";
import { stringsFor } from "../src/strings/index";
import { othersOf } from "../src/why/effects";
import { limitsOf, linesOf, savingOf } from "../src/why/lines";
import { outturnOf } from "../src/why/outturn";
import { aLive, aPlan, aState, aUser, anAsset } from "./builders";

const USER = aUser({ time_format: "24" });
const EN = stringsFor("en");

function aReason(changes: Partial<Reason> = {}): Reason {
  return {
    asset: "b", action: "charge", start: "2026-11-21T11:00:00Z", end: "2026-11-21T13:00:00Z", energy_kwh: 4,
    why: "cheap_energy", price_per_kwh: 0.1, worth_per_kwh: 0.3, gain: 0.8, counterpart: null, alternative: null,
    alternative_cost: null, limits: [], co2_kg: null, comfort: null, ...changes,
  };
}

function aTold(...reasons: Reason[]) {
  return aState({ plan: aPlan(), assets: [anAsset("b", "battery", { title: "Home battery" })], reasons, live: aLive() });
}

test("a reason is told with its energy, its time, a word and what it gains", () => {
  const [line] = linesOf(USER, EN, aTold(aReason()));
  assert.equal(line?.what, "Home battery charges, 4.0 kWh");
  assert.equal(line?.time, "Sat 12:00 – 14:00");
  assert.equal(line?.why, "energy is cheap then");
  assert.equal(line?.gain, "€0.80");
});

test("a trickle is not worth a line", () => {
  assert.deepEqual(linesOf(USER, EN, aTold(aReason({ energy_kwh: 0.02 }))), []);
});

test("what is over is not told any more", () => {
  const over = aReason({ start: "2026-11-21T08:00:00Z", end: "2026-11-21T10:00:00Z" });
  assert.equal(linesOf(USER, EN, aTold(over, aReason())).length, 1);
});

test("details say what the energy is for, and when", () => {
  const evening = { start: "2026-11-21T17:00:00Z", end: "2026-11-21T20:00:00Z", price_per_kwh: 0.4 };
  const [line] = linesOf(USER, EN, aTold(aReason({ counterpart: evening })));
  assert.deepEqual(line?.details, ["A kWh is worth €0.100/kWh then.", "It spares €0.300/kWh, used Sat 18:00 – 21:00."]);
});

test("a discharge tells what its energy has cost", () => {
  const night = { start: "2026-11-21T01:00:00Z", end: "2026-11-21T04:00:00Z", price_per_kwh: 0.1 };
  const [line] = linesOf(USER, EN, aTold(aReason({ action: "discharge", worth_per_kwh: 0.13, counterpart: night })));
  assert.equal(line?.details[1], "It has cost €0.130/kWh, charged Sat 02:00 – 05:00.");
});

test("the next best time is told with its price", () => {
  const later = { start: "2026-11-22T01:00:00Z", end: "2026-11-22T04:00:00Z", price_per_kwh: 0.15 };
  const [line] = linesOf(USER, EN, aTold(aReason({ worth_per_kwh: null, alternative: later, alternative_cost: 0.2 })));
  assert.deepEqual(line?.details.slice(1), ["Next best: Sun 02:00 – 05:00, about €0.20 dearer."]);
  const [same] = linesOf(USER, EN, aTold(aReason({ worth_per_kwh: null, alternative: later, alternative_cost: 0 })));
  assert.deepEqual(same?.details.slice(1), ["As good: Sun 02:00 – 05:00."]);
});

test("comfort has no gain in money", () => {
  const [line] = linesOf(USER, EN, aTold(aReason({ why: "comfort", worth_per_kwh: null, gain: null })));
  assert.equal(line?.gain, "");
});

test("only limits with a word for people are named, each once", () => {
  assert.deepEqual(limitsOf(EN, ["b.max_charge", "c.max_charge", "b.one_way.shared", "grid.max_import"]), ["the charging power", "the import limit"]);
});

test("the saving is told beside both other ways to run the home, or not at all", () => {
  const cost = aPlan().cost;
  const baselines = [{ kind: "unmanaged", cost: { ...cost, energy: 3.5 } }, { kind: "self_consumption", cost: { ...cost, energy: 2 } }];
  assert.equal(savingOf(USER, EN, aState({ plan: aPlan({ baselines }) })), "Planned for the next 2 h: €2.50 less than if nobody managed the home, €1.00 less than with simple rules.");
  assert.equal(savingOf(USER, EN, aState({ plan: aPlan() })), "");
});

test("heat is told with how cold it would become and what that comfort is worth", () => {
  const cold = { unit: "degC" as const, planned: 20.04, without: 18.46, worth: 2.5 };
  const [line] = linesOf(USER, EN, aTold(aReason({ worth_per_kwh: null, comfort: cold })));
  assert.equal(line?.details[1], "Without it, the coldest would be 18.5 °C instead of 20.0 °C. By your settings that comfort is worth €2.50.");
  const [fine] = linesOf(USER, EN, aTold(aReason({ worth_per_kwh: null, comfort: { ...cold, worth: 0 } })));
  assert.equal(fine?.details[1], "Without it, the coldest would be 18.5 °C instead of 20.0 °C. That would still be comfortable.");
  const [same] = linesOf(USER, EN, aTold(aReason({ worth_per_kwh: null, comfort: { ...cold, without: 20.02 } })));
  assert.equal(same?.details.length, 1);
});

test("a car is told with the energy that would be missing", () => {
  const late = { unit: "kWh" as const, planned: 0.5, without: 4.5, worth: 4 };
  const [line] = linesOf(USER, EN, aTold(aReason({ worth_per_kwh: null, comfort: late })));
  assert.equal(line?.details[1], "Without it, 4.0 kWh would be missing. By your settings that comfort is worth €4.00.");
});

test("emissions are told where they are known and more than a trace", () => {
  const told = (co2_kg: number | null) => linesOf(USER, EN, aTold(aReason({ worth_per_kwh: null, co2_kg })))[0]?.details[1];
  assert.equal(told(1.26), "What is imported for it emits 1.3 kg CO₂.");
  assert.equal(told(-0.4), "Imports that it spares would emit 400 g CO₂.");
  assert.equal(told(0.001), undefined);
  assert.equal(told(null), undefined);
});

test("an answer says who becomes colder and what it emits", () => {
  const answer: WhatIf = { extra_cost: 1, extra_bill: 1, currency: "EUR", extra_comfort: 0, extra_co2_kg: -0.5, warmth: [{ asset: "b", planned_c: 20, other_c: 18.2 }], broken: [] };
  assert.deepEqual(othersOf(USER, EN, aTold(), answer), ["Home battery: 18.2 °C at the coldest instead of 20.0 °C.", "It emits 500 g CO₂ less."]);
  assert.deepEqual(othersOf(USER, EN, aTold(), { ...answer, warmth: [], extra_co2_kg: null }), []);
});

function aTally(changes: Partial<Tally> = {}): Tally {
  return { cost: 0, import_kwh: 0, export_kwh: 0, load_kwh: 0, asset_kwh: {}, ...changes };
}

function anOutturn(expected: Partial<Tally>, realised: Partial<Tally>, counted_h = 1): Outturn {
  return { start: "2026-11-21T08:00:00Z", end: "2026-11-21T09:00:00Z", counted_h, expected: aTally(expected), realised: aTally(realised) };
}

test("the last hours are told with what was expected of them", () => {
  const total = anOutturn({ cost: 1.2, import_kwh: 4, load_kwh: 8 }, { cost: 1.5, import_kwh: 5.04, load_kwh: 9 }, 23.6);
  const state = { ...aTold(), outturn: { total, hours: [total] } };
  assert.equal(outturnOf(USER, EN, state), "The last 24 h cost €1.50, expected were €1.20. Bought: 5.0 kWh, expected 4.0. The household used 9.0 kWh, expected 8.0.");
  assert.equal(outturnOf(USER, EN, aTold()), "");
  assert.equal(outturnOf(USER, EN, { ...state, outturn: { total: { ...total, counted_h: 0.3 }, hours: [] } }), "");
});

test("what a device did lately is told each way for itself", () => {
  const hours = [
    anOutturn({ asset_kwh: { b: 2 } }, { asset_kwh: { b: 1.5 } }),
    anOutturn({ asset_kwh: { b: -3 } }, { asset_kwh: { b: -2.5 } }),
  ];
  const state = { ...aTold(aReason({ worth_per_kwh: null }), aReason({ worth_per_kwh: null, action: "discharge" })), outturn: { total: anOutturn({}, {}, 2), hours } };
  const [charge, discharge] = linesOf(USER, EN, state);
  assert.equal(charge?.details.at(-1), "In the last 2 h it came to 1.5 kWh, planned were 2.0 kWh.");
  assert.equal(discharge?.details.at(-1), "In the last 2 h it came to 2.5 kWh, planned were 3.0 kWh.");
});
