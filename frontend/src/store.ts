/** One subscription per home and connection, shared by every card on the page. */

import type { Connection, Hass } from "./hass";
import { EMPTY, type HomeState, type Message, apply } from "./messages";

export interface Update {
  state: HomeState;
  /** False while HEMS does not answer: not set up, restarting, or the connection is lost. */
  connected: boolean;
}

export type Listener = (update: Update) => void;

const RETRY_MS = 5000;

class HomeSubscription {
  private update: Update = { state: EMPTY, connected: false };
  private readonly listeners = new Set<Listener>();
  private stop: (() => Promise<void>) | undefined;
  private opening = false;
  private retry: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly connection: Connection,
    private readonly entry: string | undefined,
  ) {}

  add(listener: Listener): () => void {
    this.listeners.add(listener);
    if (this.update.connected) listener(this.update);
    void this.open();
    return () => {
      this.listeners.delete(listener);
      if (this.listeners.size === 0) this.close();
    };
  }

  private async open(): Promise<void> {
    if (this.stop || this.opening) return;
    this.opening = true;
    clearTimeout(this.retry);
    try {
      this.stop = await this.connection.subscribeMessage<Message>((message) => this.receive(message), {
        type: "hems/subscribe",
        ...(this.entry ? { entry_id: this.entry } : {}),
      });
    } catch {
      this.publish({ state: this.update.state, connected: false });
      if (this.listeners.size > 0) this.retry = setTimeout(() => void this.open(), RETRY_MS);
    } finally {
      this.opening = false;
    }
    if (this.listeners.size === 0) this.close();
  }

  private close(): void {
    clearTimeout(this.retry);
    void this.stop?.().catch(() => undefined); // the connection may be gone already
    this.stop = undefined;
    this.update = { ...this.update, connected: false };
  }

  private receive(message: Message): void {
    this.publish({ state: apply(this.update.state, message), connected: true });
  }

  private publish(update: Update): void {
    this.update = update;
    for (const listener of this.listeners) listener(update);
  }
}

const subscriptions = new WeakMap<Connection, Map<string, HomeSubscription>>();

/** Calls `listener` with every new state until the returned function is called. */
export function subscribeHome(hass: Pick<Hass, "connection">, entry: string | undefined, listener: Listener): () => void {
  const ofConnection = subscriptions.get(hass.connection) ?? new Map<string, HomeSubscription>();
  subscriptions.set(hass.connection, ofConnection);
  const key = entry ?? "";
  const subscription = ofConnection.get(key) ?? new HomeSubscription(hass.connection, entry);
  ofConnection.set(key, subscription);
  return subscription.add(listener);
}
