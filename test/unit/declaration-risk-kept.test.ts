import { describe, expect, test } from "vitest";
import { DeclarationFile } from "../../device/declarations/file.ts";
import { riskOfRow } from "../../device/declarations/kept-risk.ts";
import { keepRisk } from "../../device/declarations/risks.ts";
import { find, put } from "../../device/declarations/store.ts";
import type { Declaration } from "../../protocols/declaration.ts";
import { temporaryFolder } from "../fixtures/uplink.ts";

const NOW = Date.parse("2026-03-02T00:00:00Z");
const S10 = { scheme: "S10", value: "RR473124829NL" } as const;

function opened(path: string): DeclarationFile {
  const file = new DeclarationFile({ path, clock: () => NOW });
  file.open();
  return file;
}

function numbered(n: number, change: Partial<Declaration> = {}): Declaration {
  return {
    schema: "customs-aed/1.0",
    aedId: `11111111-1111-4111-8111-${String(n).padStart(12, "0")}`,
    revision: 1,
    function: "original",
    receivedAt: "2026-03-01T08:00:00Z",
    identifiers: [S10],
    ...change,
  };
}

const putIn = (file: DeclarationFile, declaration: Declaration) =>
  file.write((database) => put(database, declaration, [], NOW));

describe("what a model said of a declaration's risk", () => {
  const RISK = { p: 0.4, prevalence: 0.217, model: "declaration-risk@0.1.0" };
  const { aedId } = numbered(1);
  const keep = (file: DeclarationFile, revision: number, risk = RISK) =>
    file.write((database) => keepRisk(database, { aedId, revision, risk }));
  const riskIn = (file: DeclarationFile) =>
    file.read((database) => find(database, [S10], NOW, riskOfRow).map(({ risk }) => risk));

  test("is found with it, also after a restart, and goes with the revision that it is of", () => {
    using folder = temporaryFolder();
    let file = opened(folder.path);
    putIn(file, numbered(1));
    putIn(file, numbered(2));
    expect([keep(file, 2), keep(file, 1, { ...RISK, p: 0.1 }), keep(file, 1)]).toEqual([false, true, true]);
    file.commit();
    file.close();
    file = opened(folder.path);
    expect(riskIn(file)).toEqual([RISK, undefined]);
    putIn(file, numbered(1, { revision: 2, function: "amend" }));
    expect([keep(file, 1), riskIn(file)]).toEqual([false, [undefined, undefined]]);
    file.close();
  });

  test("is not there in the store of an earlier version, which is taken over as it is", () => {
    using folder = temporaryFolder();
    const before = opened(folder.path);
    putIn(before, numbered(1));
    before.commit();
    before.read((database) =>
      database.exec(`ALTER TABLE records DROP COLUMN risk; ALTER TABLE records DROP COLUMN risk_model;
        DROP TABLE risk_models; PRAGMA user_version = 1`),
    );
    before.close();
    const file = opened(folder.path);
    expect(riskIn(file)).toEqual([undefined]);
    expect([keep(file, 1), riskIn(file)]).toEqual([true, [RISK]]);
    file.close();
  });
});
