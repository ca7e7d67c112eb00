/** What all cards are: an element that follows one home while it is on the page. */

import { LitElement, type PropertyValues } from "lit";

import type { CardConfig, Hass } from "./hass";
import { EMPTY } from "./messages";
import { type Update, subscribeHome } from "./store";
import { type Strings, stringsFor } from "./strings/index";

export interface HomeCardConfig extends CardConfig {
  title?: string;
  /** Config entry of the home, where there are several. */
  entry?: string;
}

export abstract class HomeCard<Config extends HomeCardConfig> extends LitElement {
  static override properties = { hass: { attribute: false }, config: { state: true }, update_: { state: true } };

  declare hass: Hass | undefined;
  protected declare config: Config | undefined;
  protected declare update_: Update;
  private unsubscribe: (() => void) | undefined;
  private subscribedTo: string | undefined;

  constructor() {
    super();
    this.update_ = { state: EMPTY, connected: false };
  }

  setConfig(config: Config): void {
    this.config = config;
  }

  getGridOptions(): object {
    return { columns: 12, min_columns: 6 };
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.leave();
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.follow();
  }

  protected override willUpdate(_changed: PropertyValues): void {
    this.follow();
  }

  /** Most changes of `hass` are about other entities. */
  protected override shouldUpdate(changed: PropertyValues): boolean {
    if (!changed.has("hass") || changed.size > 1) return true;
    const before = changed.get("hass") as Hass | undefined;
    const now = this.hass;
    return !before || !now || before.locale !== now.locale || before.language !== now.language || before.themes !== now.themes;
  }

  protected get strings(): Strings {
    return stringsFor(this.hass?.language);
  }

  private follow(): void {
    if (!this.hass || !this.config || !this.isConnected) return;
    const wanted = this.config.entry ?? "";
    if (this.unsubscribe && this.subscribedTo === wanted) return;
    this.leave();
    this.subscribedTo = wanted;
    this.unsubscribe = subscribeHome(this.hass, this.config.entry, (update) => {
      this.update_ = update;
    });
  }

  private leave(): void {
    this.unsubscribe?.();
    this.unsubscribe = undefined;
  }
}
