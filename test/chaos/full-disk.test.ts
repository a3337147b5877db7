import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ownMounts } from "../fixtures/chaos/namespaces.ts";
import type { Mark } from "../fixtures/power-cut/mark.ts";
import { lossesOf } from "../fixtures/power-cut/survey.ts";
import { temporaryFolder } from "../fixtures/uplink.ts";

const DISK = "32m";

type Said =
  | Mark
  | { readonly kind: "refused"; readonly code: string }
  | ({ readonly kind: "stage"; readonly name: string } & Readonly<Record<string, unknown>>);

test("P-42 a disk that fills up to the last byte: scans are refused, receipts are taken, and there is room again", () => {
  const isolation = ownMounts();
  if ("why" in isolation) {
    process.stdout.write(`not run here: ${isolation.why}\n`);
    return;
  }
  using folder = temporaryFolder();
  const [disk, copy] = [join(folder.path, "disk"), join(folder.path, "copy")];
  mkdirSync(disk);
  const script = new URL("../fixtures/chaos/full-disk.ts", import.meta.url).pathname;
  const mounted = `mount -t tmpfs -o size=${DISK} lynceus "$1" && exec "$2" "$3" "$1/spool" "$4"`;
  const [program = "", ...args] = [
    ...isolation.command,
    "sh",
    "-c",
    mounted,
    "sh",
    disk,
    process.execPath,
    script,
    copy,
  ];
  const run = spawnSync(program, args, { encoding: "utf8", timeout: 300_000 });
  expect(run.stderr).toBe("");
  expect(run.status).toBe(0);
  const said = run.stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Said);
  const stages = Object.fromEntries(
    said.flatMap((entry) => (entry.kind === "stage" ? [[entry.name, entry]] : [])),
  );
  const refusals = said.flatMap((entry) => (entry.kind === "refused" ? [entry.code] : []));
  // Each step is there before the next, and is said.
  expect(stages["at no-bulk"]).toMatchObject({
    bulk: false,
    admitted: true,
    first: true,
    said: ["SPOOL_FILLING"],
  });
  expect(stages["at reserve"]).toMatchObject({ bulk: false, admitted: true, first: false });
  expect(stages["refused at the source"]).toMatchObject({ scans: expect.any(Number) });
  const alerts = stages["refused at the source"]?.["said"];
  expect([...new Set(alerts as string[])]).toEqual(["SPOOL_FILLING", "BALLAST_RELEASED", "DISK_LOW"]);
  expect(stages["full to the last byte"]).toMatchObject({ free: 0 });
  // Nothing but "full" was ever the answer, and it was the answer.
  expect([...new Set(refusals)]).toEqual(["LYN_SPOOL_FULL"]);
  expect(stages["receipted on a full disk"]).toMatchObject({ ballast: false });
  expect(Number(stages["receipted on a full disk"]?.["freed"])).toBeGreaterThan(10);
  expect(stages["room again"]).toMatchObject({ admitted: true });
  expect(stages["goes on"]).toMatchObject({ taken: true });
  const rows = said.filter((entry): entry is Mark => entry.kind === "row");
  const last = said.filter((entry): entry is Mark => entry.kind === "scan").slice(-1);
  expect(rows.length).toBeGreaterThan(10);
  // Images of receipted scans have made room meanwhile; every row is still there, and the last scan is whole.
  expect(lossesOf(copy, [...rows, ...last])).toEqual([]);
});
