/** What the browser loads: defines the cards and the dashboard strategy, and announces them. */

import { HemsFlowCard } from "./flow/card";
import type { Hass } from "./hass";
import { HemsPlanCard } from "./plan/card";
import { generate } from "./strategy";
import { stringsFor } from "./strings/index";
import { HemsWhyCard } from "./why/card";

// The frontend replaces `customElements` while it starts: an element defined before that is lost.
await Promise.any(["home-assistant", "hc-main"].map((root) => customElements.whenDefined(root)));

class HemsDashboardStrategy extends HTMLElement {
  static async generate(_config: unknown, hass: Hass): Promise<object> {
    return generate(hass);
  }
}

function define(name: string, element: CustomElementConstructor): void {
  // A second copy of this module, after an update of HEMS, must not fail.
  if (!customElements.get(name)) customElements.define(name, element);
}

define("hems-plan-card", HemsPlanCard);
define("hems-flow-card", HemsFlowCard);
define("hems-why-card", HemsWhyCard);
define("ll-strategy-dashboard-hems", HemsDashboardStrategy);

const { plan, flow, why } = stringsFor(document.documentElement.lang);
window.customCards = [
  ...(window.customCards ?? []),
  { type: "hems-plan-card", name: "HEMS Plan", description: plan.description, preview: false },
  { type: "hems-flow-card", name: "HEMS Flow", description: flow.description, preview: false },
  { type: "hems-why-card", name: "HEMS Why", description: why.description, preview: false },
];
window.customStrategies = [...(window.customStrategies ?? []), { type: "hems", strategyType: "dashboard", name: "HEMS" }];
