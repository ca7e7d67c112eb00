import assert from "node:assert/strict";
import { test } from "node:test";

import { colorOf, shade } from "../src/colors";
import { shapeFlow } from "../src/flow/shape";
import { formatDayAndTime, formatMoney, formatPercent, formatPower, formatPrice, formatTemperature, formatTime } from "../src/format";
import type { Connection } from "../src/hass";
import { EMPTY, type Message, apply, inWords, scheduledActions } from "../src/messages";
import { type Update, subscribeHome } from "../src/store";
import { generate, groupsOf } from "../src/strategy";
import { fill, stringsFor, word } from "../src/strings/index";
import { LIGHT, aHass, aLive, aPlan, aReading, aState, aUser, anAsset, anEntity } from "./builders";

const NOON = Date.parse("2026-11-21T11:05:00Z");

test("messages add up: what a message does not carry stays", () => {
  const plan = aPlan();
  const planned = apply(EMPTY, { type: "plan", plan, next_action: null });
  const live = apply(planned, { type: "live", live: aLive() });
  assert.equal(live.plan, plan);
  assert.equal(live.live?.load_kw, 0.4);
  assert.equal(apply(live, { type: "plan", plan: null }).plan, null);
});

test("what was asked for later is told in its order and in one word", () => {
  const word = (asset: string, power_kw: number, start: string) => ({ asset, power_kw, start, until: "2026-11-22T06:00:00Z" });
  const assets = ["pv", "battery", "ev_charger", "hot_water", "appliance"].map((kind) => anAsset(kind, kind));
  const scheduled = {
    battery: [word("battery", -2, "2026-11-21T20:00:00Z"), word("battery", 0, "2026-11-21T23:00:00Z")],
    ev_charger: [word("ev_charger", 7, "2026-11-21T19:00:00Z")],
    hot_water: [word("hot_water", 2, "2026-11-21T21:00:00Z")],
    appliance: [word("appliance", 1, "2026-11-21T22:00:00Z")],
    pv: [word("pv", 0, "2026-11-22T00:00:00Z")],
  };
  const state = apply(aState({ assets }), { type: "settings", scheduled });
  assert.deepEqual(scheduledActions(state).map(({ action }) => action), ["charge", "discharge", "heat", "run", "stop", "curtail"]);
  assert.deepEqual(apply(state, { type: "live", live: aLive() }).scheduled, scheduled);
  assert.deepEqual(apply(state, { type: "settings", scheduled: {} }).scheduled, {});
});

test("people read the titles of assets, not their ids", () => {
  const state = aState({ assets: [anAsset("01K3", "battery", { title: "Home battery" })] });
  assert.equal(inWords(state, "01K3: min_soc must be between 0 and 1"), "Home battery: min_soc must be between 0 and 1");
});

test("cards of one page share one subscription, and the last one ends it", async () => {
  let opened = 0;
  let closed = 0;
  let send: (message: Message) => void = () => undefined;
  const connection = {
    subscribeMessage: async (callback: (message: Message) => void) => {
      opened += 1;
      send = callback;
      return async () => void (closed += 1);
    },
  } as unknown as Connection;
  const seen: Update[][] = [[], []];
  const stops = seen.map((updates) => subscribeHome({ connection }, undefined, (update) => updates.push(update)));
  await new Promise((resolve) => setTimeout(resolve));
  send({ type: "live", live: aLive() });
  assert.equal(opened, 1);
  assert.ok(seen.every((updates) => updates.at(-1)?.connected && updates.at(-1)?.state.live?.load_kw === 0.4));
  stops[0]?.();
  assert.equal(closed, 0);
  stops[1]?.();
  assert.equal(closed, 1);
});

test("a home that does not answer is said to be not connected", async () => {
  const connection = { subscribeMessage: () => Promise.reject({ code: "unknown_command" }) } as unknown as Connection;
  const seen: Update[] = [];
  const stop = subscribeHome({ connection }, undefined, (update) => seen.push(update));
  await new Promise((resolve) => setTimeout(resolve));
  stop();
  assert.deepEqual(seen.map(({ connected }) => connected), [false]);
});

test("the flow has the sun, the grid and the battery on the left and the users on the right", () => {
  const assets = [anAsset("car", "ev_charger"), anAsset("store", "battery"), anAsset("sun", "pv")];
  const nodes = shapeFlow(aState({ assets, live: aLive() }), stringsFor("en"), LIGHT);
  assert.deepEqual(nodes.filter(({ side }) => side === "left").map(({ id }) => id), ["sun", "grid", "store"]);
  assert.deepEqual(nodes.filter(({ side }) => side === "right").map(({ id }) => id), ["load", "car"]);
});

for (const [grid_kw, note, power] of [[2, "importing", -2], [-2, "exporting", 2], [0, null, -0], [null, null, null]] as const) {
  test(`a grid of ${grid_kw} kW is shown as ${note}`, () => {
    const grid = shapeFlow(aState({ live: aLive({ grid_kw }) }), stringsFor("en"), LIGHT).find(({ id }) => id === "grid");
    assert.equal(grid?.note, note);
    assert.equal(grid?.power_kw, power);
  });
}

test("a car that is away shows neither power nor charge", () => {
  const state = aState({ assets: [anAsset("car", "ev_charger")], live: aLive({ assets: { car: aReading({ connected: false, soc: 0.4 }) } }) });
  const car = shapeFlow(state, stringsFor("en"), LIGHT).find(({ id }) => id === "car");
  assert.equal(car?.note, "away");
  assert.equal(car?.soc, null);
});

test("nothing is drawn before the first measurement", () => {
  assert.deepEqual(shapeFlow(EMPTY, stringsFor("en"), LIGHT), []);
});

for (const [kw, text] of [[0.4321, "430 W"], [2.345, "2.35 kW"], [-2.345, "2.35 kW"], [11.04, "11.0 kW"], [0.9999, "1.00 kW"], [-0.0001, "0 W"]] as const) {
  test(`${kw} kW reads ${text}`, () => assert.equal(formatPower(aUser(), kw), text));
}

test("numbers follow the profile of the user", () => {
  assert.equal(formatMoney(aUser(), 1234.5, "EUR"), "€1,234.50");
  assert.equal(formatMoney(aUser({ number_format: "decimal_comma" }), 1234.5, "EUR").replace(/\s/g, " "), "1.234,50 €");
  assert.equal(formatPrice(aUser(), 0.2954, "EUR"), "€0.295/kWh");
  assert.equal(formatPercent(aUser(), 0.406), "41%");
  assert.equal(formatTemperature(aUser({}, "°F"), 20), "68.0 °F");
});

test("times follow the profile of the user and the zone of the server", () => {
  assert.equal(formatTime(aUser({ language: "de" }), NOON), "12:05");
  assert.equal(formatTime(aUser({ time_format: "12" }), NOON).replace(/\s/g, " "), "12:05 PM");
  assert.equal(formatTime(aUser({ time_format: "24" }), NOON - 4 * 3_600_000), "08:05");
  assert.equal(formatDayAndTime(aUser({ language: "de" }), NOON), "Sa 12:05");
});

test("an unknown language is English, an unknown key is readable", () => {
  assert.equal(stringsFor("fi").outcome.optimal, "Optimal");
  assert.equal(stringsFor("de-CH").flow.title, "Jetzt");
  assert.equal(word({}, "some_new_reason"), "some new reason");
  assert.equal(fill("{a} of {b}", { a: 1 }), "1 of {b}");
});

test("every word exists in every language, with the same placeholders", () => {
  const flat = (table: object, path = ""): [string, string][] =>
    Object.entries(table).flatMap(([key, value]): [string, string][] => (typeof value === "string" ? [[path + key, value]] : flat(value as object, `${path}${key}.`)));
  const holes = (text: string): string => (text.match(/\{\w+\}/g) ?? []).sort().join();
  const shape = (language: string): [string, string][] => flat(stringsFor(language)).map(([key, text]): [string, string] => [key, holes(text)]).sort();
  assert.deepEqual(shape("de"), shape("en"));
});

test("a theme's colour wins, and a second asset of a kind gets another shade", () => {
  const themed = { dark: false, property: (name: string) => (name === "--energy-solar-color" ? "#123456" : "") };
  assert.equal(colorOf("pv", themed), "#123456");
  assert.notEqual(colorOf("pv", LIGHT, 1), colorOf("pv", LIGHT));
  assert.equal(shade("#000000", 0.5), "#808080");
  assert.match(colorOf("something new", LIGHT, 9), /^#[0-9a-f]{6}$/);
});

const DEVICES = [{ id: "home", name: "Thing" }, { id: "car", name: "Car", model: "EV charger" }, { id: "sun", name: "Roof", model: "PV array" }];

test("the dashboard groups by device: the home, then the assets by kind", () => {
  const hass = aHass([anEntity("switch.car", { device_id: "car" }), anEntity("switch.sun", { device_id: "sun" }), anEntity("select.mode")], DEVICES);
  assert.deepEqual(groupsOf(hass).map(({ device, kind }) => [device.id, kind]), [["home", null], ["sun", "pv"], ["car", "ev_charger"]]);
});

test("entities of others, hidden ones and ones without a state are left out", () => {
  const hass = aHass([anEntity("switch.other", { platform: "other" }), anEntity("switch.hidden", { hidden: true })], DEVICES);
  hass.entities["switch.disabled"] = anEntity("switch.disabled");
  assert.deepEqual(groupsOf(hass), []);
});

test("the dashboard has our cards, the controls, and no holes in its rows", () => {
  const entities = [
    anEntity("switch.automatic", { device_id: "car" }),
    anEntity("button.back", { device_id: "car", translation_key: "back_to_plan" }),
    anEntity("number.target", { device_id: "car" }),
    anEntity("sensor.run", { device_id: "car", translation_key: "run_deadline" }),
    anEntity("sensor.soc", { device_id: "car", translation_key: "soc" }),
    anEntity("sensor.state", { device_id: "car", translation_key: "state" }),
  ];
  const { views } = generate(aHass(entities, DEVICES)) as { views: { sections: { cards: Record<string, unknown>[] }[] }[] };
  const [plan, flow, car] = views[0]?.sections ?? [];
  assert.deepEqual(plan?.cards.map(({ type }) => type), ["custom:hems-plan-card", "custom:hems-why-card"]);
  assert.equal(flow?.cards[0]?.type, "custom:hems-flow-card");
  assert.deepEqual(car?.cards.map(({ entity, grid_options }) => [entity, grid_options ? "wide" : "half"]), [
    [undefined, "half"], ["switch.automatic", "half"], ["sensor.soc", "half"], ["sensor.state", "wide"], ["number.target", "wide"], ["sensor.run", "wide"], ["button.back", "wide"],
  ]);
  assert.ok(car?.cards.at(-1)?.visibility);
});

test("without HEMS the dashboard says what to do", () => {
  assert.match(JSON.stringify(generate(aHass([], []))), /Add the integration/);
});
