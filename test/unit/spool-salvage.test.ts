import { closeSync, openSync, readdirSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, test } from "vitest";
import { chainRow, verifyChain } from "../../protocols/chain.ts";
import { openTestSpool, storeHit, temporaryFolder } from "../fixtures/uplink.ts";

/** A journal of sixty hits, checkpointed into its file. */
async function filledSpool(path: string) {
  const spool = await openTestSpool(path);
  await spool.setReceiptsExpected(true);
  const hits = [];
  for (let seed = 0; seed < 60; seed += 1) hits.push(await storeHit(spool, seed, 6000));
  await spool.stop();
  return { journal: spool.journal, hits };
}

function corruptFiles(path: string): string[] {
  return readdirSync(path).filter((name) => /^journal\.db\.corrupt-\d+$/.test(name));
}

describe("a damaged journal", () => {
  test("P-13 is set aside, its readable rows saved and still delivered with their bytes, and an alert says so", async () => {
    using folder = temporaryFolder();
    const { journal, hits } = await filledSpool(folder.path);
    const file = join(folder.path, "journal.db");
    const before = new DatabaseSync(file, { readOnly: true });
    const stored = before.prepare("SELECT id, event FROM outbox").all();
    const events = new Map(stored.map(({ id, event }) => [String(id), String(event)]));
    const page = (type: string, number: number) =>
      Number(
        before
          .prepare(
            "SELECT pageno FROM dbstat WHERE name = 'outbox' AND pagetype = ? ORDER BY pageno LIMIT 1 OFFSET ?",
          )
          .get(type, number)?.["pageno"],
      );
    // As a bad disk leaves them: a page that holds rows, and one that holds the rest of a long one.
    const damaged = [page("leaf", 2), page("overflow", 40)];
    expect(damaged.every(Number.isInteger)).toBe(true);
    before.close();
    const descriptor = openSync(file, "r+");
    for (const number of damaged) {
      writeSync(descriptor, new Uint8Array(4096).fill(0xa5), 0, 4096, (number - 1) * 4096);
    }
    closeSync(descriptor);

    const spool = await openTestSpool(folder.path);
    expect(spool.journal).not.toBe(journal);
    expect(corruptFiles(folder.path)).toHaveLength(1);
    const rows = await spool.due({ limit: 256, receipts: true, now: Date.now(), inFlight: new Set() });
    const alert = rows.find(({ kind }) => kind === "alert");
    const saved = rows.filter(({ kind }) => kind === "hit");
    expect(JSON.parse(alert?.event ?? "")).toMatchObject({
      data: { code: "JOURNAL_SALVAGED", sequence: 1, journal: spool.journal },
    });
    expect(saved.length).toBeGreaterThan(hits.length - 12);
    for (const row of saved) expect(row.event === events.get(row.id)).toBe(true);
    // A row that could be found but not read whole is never sent.
    expect((await spool.list(100)).filter(({ state }) => state === "dead").length).toBeGreaterThan(0);
    expect(saved.every(({ sequence }) => sequence < 0)).toBe(true);
    expect(await spool.receiptsExpected()).toBe(true);

    // Central receipts them under the journal that they name; the scans' own hits are known, so none is minted twice.
    const [row] = saved;
    const { sequence } = JSON.parse(row?.event ?? "").data;
    expect(await spool.receipt({ journal, upToSequence: sequence })).toBeGreaterThan(0);
    expect(await spool.receipt({ journal, ids: saved.map(({ id }) => id) })).toBe(
      saved.length - hits.slice(0, sequence).filter(({ id }) => saved.some((one) => one.id === id)).length,
    );
    const next = await storeHit(spool, 1000);
    expect(next.sequence).toBe(2);
    await spool.stop();
    const database = new DatabaseSync(file, { readOnly: true });
    const chain = database.prepare("SELECT event FROM outbox WHERE sequence > 0 ORDER BY sequence").all();
    database.close();
    expect(verifyChain(chain.map(({ event }) => chainRow(JSON.parse(String(event)).data)))).toMatchObject({
      ok: true,
      rows: 2,
    });
  });

  test("too large to be read before it is used is read beside the work, and salvaged at the next start", async () => {
    using folder = temporaryFolder();
    await filledSpool(folder.path);
    const file = join(folder.path, "journal.db");
    const before = new DatabaseSync(file, { readOnly: true });
    const page = before
      .prepare(
        "SELECT pageno FROM dbstat WHERE name = 'outbox' AND pagetype = 'overflow' ORDER BY pageno LIMIT 1 OFFSET 20",
      )
      .get()?.["pageno"];
    const leaf = before
      .prepare(
        "SELECT pageno FROM dbstat WHERE name = 'outbox' AND pagetype = 'leaf' ORDER BY pageno LIMIT 1 OFFSET 2",
      )
      .get()?.["pageno"];
    before.close();
    const descriptor = openSync(file, "r+");
    for (const number of [page, leaf])
      writeSync(descriptor, new Uint8Array(4096).fill(0xa5), 0, 4096, (Number(number) - 1) * 4096);
    closeSync(descriptor);
    const { promise: fatal, resolve } = Promise.withResolvers<string>();
    const large = { checkedBytes: 4096, delayMs: 0, onFatal: ({ message }: Error) => resolve(message) };
    const spool = await openTestSpool(folder.path, large);
    expect(corruptFiles(folder.path)).toEqual([]);
    expect(await fatal).toContain("the journal is damaged");
    await spool.stop();
    const again = await openTestSpool(folder.path, large);
    expect(corruptFiles(folder.path)).toHaveLength(1);
    expect(again.journal).not.toBe(spool.journal);
    await again.stop();
  });

  test("that is no journal at all is set aside, too", async () => {
    using folder = temporaryFolder();
    writeFileSync(
      join(folder.path, "journal.db"),
      "this is a text file, and it has been for some time ".repeat(100),
    );
    const spool = await openTestSpool(folder.path);
    expect(corruptFiles(folder.path)).toHaveLength(1);
    expect((await storeHit(spool, 1)).sequence).toBe(2);
    await spool.stop();
  });

  test("P-14 takes no image with it: folders whose scan it forgot are not swept", async () => {
    using folder = temporaryFolder();
    const spool = await openTestSpool(folder.path);
    const { scanId } = await storeHit(spool, 1);
    const directory = (await spool.scan(scanId))?.scan.directory ?? "";
    await spool.stop();
    writeFileSync(join(folder.path, "journal.db"), new Uint8Array(8192).fill(7));
    for (let start = 0; start < 2; start += 1) {
      const again = await openTestSpool(folder.path);
      expect(await again.scan(scanId)).toBeNull();
      await again.stop();
      expect(readdirSync(directory)).toEqual(["v0-e0.u16", "v0-e1.u16"]);
    }
  });
});
