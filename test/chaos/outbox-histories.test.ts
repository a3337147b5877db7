import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { OutboxWorld } from "../fixtures/chaos/outbox-world.ts";

/** `npm run campaign` sets more, and another seed each time. */
const HISTORIES = Number(process.env["LYNCEUS_HISTORIES"] ?? 20_000);
const SEED = Number(process.env["LYNCEUS_SEED"] ?? 7);
const YEAR_MS = 365 * 86_400_000;

type Step = (world: OutboxWorld) => void;
const small = (max: number) => fc.integer({ min: 1, max });

/** A step that a counterexample prints as what it is. */
function named(text: string, step: Step): Step {
  return Object.assign(step, { [fc.toStringMethod]: () => text });
}

const always = (text: string, step: Step) => fc.constant(named(text, step));
const FORMS = ["ids", "up-to", "both", "foreign"] as const;

const step: fc.Arbitrary<Step> = fc.oneof(
  { arbitrary: always("accept", (world) => world.accept()), weight: 4 },
  {
    arbitrary: fc.boolean().map((stored) => named(`pump ${stored}`, (world) => void world.pump(stored))),
    weight: 4,
  },
  {
    arbitrary: fc
      .tuple(small(5), fc.boolean())
      .map(([count, twice]) => named(`deliver ${count} ${twice}`, (world) => world.deliver(count, twice))),
    weight: 4,
  },
  {
    arbitrary: fc
      .constantFrom(...FORMS)
      .map((form) => named(`receipt ${form}`, (world) => world.receipt(form))),
    weight: 3,
  },
  always("lose the broker", (world) => world.loseBroker()),
  always("reconnect", (world) => world.reconnect()),
  small(100_000).map((ms) => named(`pass ${ms}`, (world) => world.pass(ms))),
  fc.constantFrom(-YEAR_MS, YEAR_MS).map((ms) => named(`jump ${ms}`, (world) => world.jump(ms))),
  fc.nat(9).map((place) => named(`give up ${place}`, (world) => world.giveUp(place))),
  always("retry", (world) => world.retry()),
  fc
    .tuple(small(6), small(6))
    .map(([from, more]) =>
      named(`resend ${from} ${from + more}`, (world) => world.resend(from, from + more)),
    ),
  always("evict", (world) => world.evict()),
  small(1000).map((keep) => named(`erase ${keep}`, (world) => world.erase(keep))),
);

test(
  `P-47 in ${HISTORIES} random histories no row is freed, erased or left without its images before central has it, and each gets there`,
  () => {
    const folder = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "lynceus-histories-"));
    const world = new OutboxWorld(folder);
    let runs = 0;
    try {
      fc.assert(
        fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
          runs += 1;
          world.history(steps);
        }),
        { numRuns: HISTORIES, seed: SEED },
      );
      expect(runs).toBeGreaterThanOrEqual(HISTORIES);
    } finally {
      world.close();
      rmSync(folder, { recursive: true, force: true });
    }
  },
  600_000 + HISTORIES * 30,
);
