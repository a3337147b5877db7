import { Listeners } from "../listeners.ts";
import type { OutboxRow, RaisedAlert } from "./port.ts";

/** Alerts remembered until somebody listens: the spool raises some while it starts. */
const MAX_EARLY = 100;

/** Tells of rows that were committed, and of each alert among them, whoever raised it. */
export class Announcements {
  readonly #rows = new Listeners<OutboxRow | null>();
  readonly #alerts = new Listeners<RaisedAlert>();
  #early: RaisedAlert[] | null = [];

  /** A hit that was added; null: anything else. */
  row(row: OutboxRow | null): void {
    this.#rows.tell(row);
  }

  alert({ event }: OutboxRow): void {
    const { code, severity } = (JSON.parse(event) as { readonly data: RaisedAlert }).data;
    if (this.#early === null) this.#alerts.tell({ code, severity });
    else if (this.#early.length < MAX_EARLY) this.#early.push({ code, severity });
    this.#rows.tell(null);
  }

  onRow(listener: (row: OutboxRow | null) => void): () => void {
    return this.#rows.add(listener);
  }

  /** The first listener hears of those before it too. */
  onAlert(listener: (alert: RaisedAlert) => void): () => void {
    for (const alert of this.#early ?? []) listener(alert);
    this.#early = null;
    return this.#alerts.add(listener);
  }
}
