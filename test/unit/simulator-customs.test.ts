import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { DeclarationDesk, MAX_PENDING } from "../../simulator/customs/declarations.ts";
import type { ReceivedEvent } from "../../simulator/customs/entry.ts";
import { FileFollower } from "../../simulator/customs/file-follower.ts";
import { Ledger, MAX_WAITING } from "../../simulator/customs/ledger.ts";
import { receiptsFor } from "../../simulator/customs/receipts.ts";
import { MAX_BEYOND, Sequences } from "../../simulator/customs/sequences.ts";
import { MAX_PARCELS, parseTruthLine, TruthBook } from "../../simulator/customs/truth-book.ts";
import { simulateScan } from "../../simulator/scan.ts";
import { type TruthLine, truthLine } from "../../simulator/scanner/truth.ts";
import { until } from "../fixtures/processes.ts";

const JOURNAL = "3f2b8f0e-6c1d-4a57-9d0a-5b7e6c9d1a20";

function eventOf(sequence: number): ReceivedEvent {
  const id = `id-${sequence}`;
  const source = "/NLRTM-EX/gw-01/lane-1";
  const key = `${source} ${id}`;
  return {
    key,
    id,
    source,
    gateway: "gw-01",
    journal: JOURNAL,
    sequence,
    resent: false,
    hit: null,
    alert: null,
    link: { previous: "0".repeat(64), hash: "0".repeat(64), holds: false },
    undeliverable: null,
  };
}

const { truth } = simulateScan({ seed: 1, index: 0 });
function parcel(number: number): TruthLine {
  const identifiers = [{ scheme: "S10", value: `RR${number}`, checkOk: true }];
  const at = new Date(Date.UTC(2026, 2, 1) + 1000 * number).toISOString();
  return { ...truthLine(truth, `ref-${number}`, at), delivery: "on-time", identifiers };
}

describe("sequence numbers", () => {
  it("are contiguous from 1, in whatever order they come", () => {
    const sequences = new Sequences();
    for (const sequence of [2, 4, 3, 2, 7]) sequences.add(sequence);
    expect(sequences.contiguous).toBe(0);
    sequences.add(1);
    expect([sequences.contiguous, sequences.beyond]).toEqual([4, 1]);
  });

  it("are remembered to a bound beyond a gap, which can still close", () => {
    const sequences = new Sequences();
    for (let sequence = 2; sequence < MAX_BEYOND + 100; sequence++) sequences.add(sequence);
    expect(sequences.beyond).toBe(MAX_BEYOND);
    sequences.add(1);
    expect(sequences.contiguous).toBe(MAX_BEYOND + 1);
  });
});

describe("receipts", () => {
  it("name one number where all below is kept, ids beyond a gap, a thousand at a time", () => {
    const events = Array.from({ length: 1502 }, (_, at) => eventOf(at + 1)).filter(
      ({ sequence }) => sequence !== 3,
    );
    const receipts = receiptsFor(events, () => 2);
    expect(receipts.map(({ receipt }) => receipt.upToSequence ?? receipt.ids?.length)).toEqual([
      2, 1000, 499,
    ]);
    expect(receipts.flatMap(({ ids }) => ids)).toHaveLength(1501);
  });
});

describe("the ledger", () => {
  let folder = "";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "lynceus-ledger-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("says what is on disk only once it is, in order, a burst in one go", async () => {
    const path = join(folder, "out.ndjson");
    const batches: number[][] = [];
    const ledger = new Ledger({
      path,
      onDurable: (events) => {
        const last = events.at(-1)?.sequence ?? 0;
        expect(readFileSync(path, "utf8")).toContain(`"n":${last}`);
        batches.push(events.map(({ sequence }) => sequence));
      },
    });
    await ledger.start(() => {});
    for (let n = 1; n <= MAX_WAITING; n++) expect(ledger.offer(eventOf(n), `{"n":${n}}`)).toBe("new");
    expect(ledger.offer(eventOf(5), "again")).toBe("duplicate");
    await ledger.room();
    expect(batches.flat()).toEqual(Array.from({ length: MAX_WAITING }, (_, at) => at + 1));
    expect(ledger.contiguous(JOURNAL)).toBe(MAX_WAITING);
    await ledger.stop();
  });

  it("takes no more than its bound", async () => {
    const ledger = new Ledger({ path: null, onDurable: () => {}, maxEvents: 3 });
    await ledger.start(() => {});
    const offered = [1, 2, 3, 4, 3].map((n) => ledger.offer(eventOf(n), "{}"));
    expect(offered).toEqual(["new", "new", "new", "full", "duplicate"]);
    await ledger.stop();
  });

  it("receipts nothing more once the disk fails", async () => {
    const durable: number[] = [];
    const ledger = new Ledger({ path: "/dev/full", onDurable: (events) => durable.push(events.length) });
    await ledger.start(() => {});
    ledger.offer(eventOf(1), "{}");
    await until("the failure", 5000, () => ledger.failure);
    expect(ledger.failure).toMatchObject({ code: "LYN_LEDGER" });
    ledger.afterWrites(() => durable.push(-1));
    expect(ledger.offer(eventOf(2), "{}")).toBe("full");
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(durable).toEqual([]);
    await ledger.stop();
  });
});

describe("the truth book", () => {
  it("forgets the oldest parcels beyond its bound", () => {
    const book = new TruthBook();
    for (let number = 0; number <= MAX_PARCELS; number++) book.add(parcel(number));
    expect(book.find([{ scheme: "S10", value: "RR0" }])).toBeNull();
    expect(book.find([{ scheme: "S10", value: "RR1" }])?.scanRef).toBe("ref-1");
    expect(book.since(parcel(MAX_PARCELS - 1).at)).toHaveLength(2);
  });

  it("reads what the scanner writes and nothing else", () => {
    const line = truthLine(truth, "ref", "2026-03-01T00:00:00.000Z");
    expect(parseTruthLine(JSON.stringify(line))).toMatchObject({ scanRef: "ref", index: 0 });
    for (const text of ["", "{", "[]", "null", '{"scanRef":1}']) expect(parseTruthLine(text)).toBeNull();
  });
});

describe("a followed file", () => {
  it("gives its lines as they are completed, from the start, and skips those that are too long", async () => {
    const folder = mkdtempSync(join(tmpdir(), "lynceus-follow-"));
    const path = join(folder, "file");
    const lines: string[] = [];
    const stop = new AbortController();
    const follower = new FileFollower({
      path,
      maxLine: 1000,
      onLine: async (line) => {
        lines.push(line);
      },
    });
    const running = follower.run(stop.signal);
    writeFileSync(path, "first\nsec");
    await until("the first line", 5000, () => lines.length === 1);
    appendFileSync(path, `ond\n${"x".repeat(300_000)}`);
    await until("the second", 5000, () => lines.length === 2);
    appendFileSync(path, `${"x".repeat(300_000)}\nthird\n`);
    await until("the third", 5000, () => lines.length === 3);
    stop.abort();
    await running;
    expect(lines).toEqual(["first", "second", "third"]);
    rmSync(folder, { recursive: true });
  });
});

describe("the declaration desk", () => {
  it("reads no further while so many declarations wait for the broker", async () => {
    const stop = new AbortController();
    let open = false;
    const published: string[] = [];
    const desk = new DeclarationDesk({
      publish: async () => open,
      onPublished: (line) => published.push(line.scanRef),
    });
    let announced = 0;
    const announcing = (async () => {
      for (; announced < MAX_PENDING + 5; announced++)
        await desk.announce(parcel(announced), false, stop.signal);
    })();
    const running = desk.run(stop.signal);
    await until("the desk to be full", 5000, () => announced === MAX_PENDING);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(announced).toBe(MAX_PENDING);
    open = true;
    await announcing;
    await until("all to be published", 10_000, () => published.length === MAX_PENDING + 5);
    expect(published.slice(0, 3)).toEqual(["ref-0", "ref-1", "ref-2"]);
    stop.abort();
    await running;
  });
});
