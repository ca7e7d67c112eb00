import assert from "node:assert/strict";
import { test } from "node:test";

import type { Reason } from "../src/messages";
import { stringsFor } from "../src/strings/index";
import { limitsOf, linesOf, savingOf } from "../src/why/lines";
import { aLive, aPlan, aState, aUser, anAsset } from "./builders";

const USER = aUser({ time_format: "24" });
const EN = stringsFor("en");

function aReason(changes: Partial<Reason> = {}): Reason {
  return {
    asset: "b", action: "charge", start: "2026-11-21T11:00:00Z", end: "2026-11-21T13:00:00Z", energy_kwh: 4,
    why: "cheap_energy", price_per_kwh: 0.1, worth_per_kwh: 0.3, gain: 0.8, counterpart: null, alternative: null,
    alternative_cost: null, limits: [], ...changes,
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
