import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { META, writeMeta } from "../../device/spool/operations/context.ts";
import { OPERATIONS } from "../../device/spool/operations/index.ts";
import { openTestJournal, type TestJournal } from "../fixtures/journal.ts";

/** Runs of random histories; each ends with the world healed and everything delivered. */
const RUNS = 300;
const WINDOW = 4;

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "lynceus-model-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The world around the outbox: a broker that may lose everything, a central that applies each id once. */
class World {
  journal: TestJournal;
  now = 0;
  /** Committed rows by sequence. */
  readonly committed = new Map<number, string>();
  /** What the broker holds for central. */
  broker: { sequence: number; id: string; event: string }[] = [];
  /** What central has on disk: bytes by id, and how often an id took effect. */
  readonly central = new Map<string, { sequence: number; event: string }>();
  readonly #path: string;
  since = 0;

  constructor(path: string) {
    this.#path = path;
    this.journal = openTestJournal(path);
    writeMeta(this.journal.database, META.receipts, "true");
  }

  accept(): void {
    const sequence = this.journal.hit({ now: this.now });
    const row = this.journal.database.get("SELECT id FROM outbox WHERE sequence = ?", sequence);
    this.committed.set(sequence, String(row?.["id"]));
  }

  /** One window to the broker. `acknowledged`: the PUBACKs come back and are stored. */
  pump(acknowledged: boolean): number {
    const { context } = this.journal;
    const options = {
      now: this.now,
      limit: WINDOW,
      receipts: true,
      inFlight: [],
      since: this.since,
      freshFrom: null,
      backlog: true,
    };
    const rows = OPERATIONS.dueRows(context, options);
    for (const { sequence, id, event } of rows) this.broker.push({ sequence, id, event });
    if (acknowledged)
      OPERATIONS.markPublished(context, {
        sequences: rows.map(({ sequence }) => sequence),
        at: this.now,
        life: this.now,
      });
    return rows.length;
  }

  deliver(count: number): void {
    for (const { sequence, id, event } of this.broker.splice(0, count)) {
      const known = this.central.get(id);
      // The same id always carries the same bytes.
      if (known !== undefined) expect(event).toBe(known.event);
      else this.central.set(id, { sequence, event });
    }
  }

  receipt(all: boolean): void {
    const { context } = this.journal;
    const having = new Set([...this.central.values()].map(({ sequence }) => sequence));
    let upToSequence = 0;
    while (having.has(upToSequence + 1)) upToSequence += 1;
    const ids = all ? [...this.central.keys()] : null;
    OPERATIONS.receiptRows(context, {
      journal: context.journal,
      ids,
      upToSequence,
      now: this.now,
      life: this.now,
    });
  }

  crash(): void {
    this.journal.close();
    this.journal = openTestJournal(this.#path);
    this.reconnect();
  }

  reconnect(): void {
    this.now += 1;
    this.since = this.now;
  }

  check(): void {
    // What was freed is at central; what is not at central is still to be sent.
    const freed = this.journal.database
      .all("SELECT id FROM outbox WHERE open = 0")
      .map(({ id }) => String(id));
    for (const id of freed) expect(this.central.has(id)).toBe(true);
    const numbers = this.journal.database
      .all("SELECT sequence FROM outbox ORDER BY sequence")
      .map(({ sequence }) => Number(sequence));
    expect(numbers).toEqual([...this.committed.keys()]);
  }
}

const step = fc.oneof(
  fc.constant((world: World) => world.accept()),
  fc.boolean().map((acknowledged) => (world: World) => void world.pump(acknowledged)),
  fc.integer({ min: 1, max: 5 }).map((count) => (world: World) => world.deliver(count)),
  fc.boolean().map((all) => (world: World) => world.receipt(all)),
  fc.constant((world: World) => {
    world.broker = [];
    world.reconnect();
  }),
  fc.constant((world: World) => world.crash()),
  fc.integer({ min: 1, max: 100_000 }).map((ms) => (world: World) => {
    world.now += ms;
  }),
);

test("P-07 whatever is lost on the way, every committed row reaches central and none is freed before", () => {
  let run = 0;
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      run += 1;
      const path = join(folder, String(run));
      // A folder of its own each time: nothing is left over from the history before.
      const world = openWorld(path);
      try {
        for (const apply of steps) {
          apply(world);
          world.check();
        }
        // The world heals: everything gets through.
        world.reconnect();
        for (
          let round = 0;
          round < 100 && world.journal.database.get("SELECT 1 FROM outbox WHERE open = 1") !== null;
          round += 1
        ) {
          world.pump(true);
          world.deliver(1000);
          world.receipt(true);
          world.now += 1000;
        }
        world.check();
        expect([...world.central.keys()].sort()).toEqual([...world.committed.values()].sort());
        expect(world.journal.database.get("SELECT 1 FROM outbox WHERE open = 1")).toBeNull();
      } finally {
        world.journal.close();
        rmSync(path, { recursive: true });
      }
    }),
    { numRuns: RUNS, seed: 7 },
  );
});

function openWorld(path: string): World {
  mkdirSync(path);
  return new World(path);
}
