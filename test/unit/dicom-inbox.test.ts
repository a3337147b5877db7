import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readHeadOf } from "../../device/image/dicom/file.ts";
import { SILENT_LOG } from "../../device/log.ts";
import { Inbox } from "../../device/scanner/dicom/inbox.ts";
import { inspected } from "../../device/scanner/dicom/inspect.ts";
import { DICOM_DRIVER_LIMITS } from "../../device/scanner/dicom/options.ts";
import { ObjectReceiver } from "../../device/scanner/dicom/receiver.ts";
import { STATUS } from "../../protocols/dicom/net/command.ts";
import { SOP_CLASS, SYNTAX } from "../../protocols/dicom/uids.ts";
import { encodeDataSet } from "../../protocols/dicom/writer.ts";
import { dxOf, uidOf } from "../fixtures/dicom.ts";

const inspect = async (path: string) => inspected(await readHeadOf(path));

describe("the inbox of a DICOM lane", () => {
  it("forgets instances of days long past while it runs", async () => {
    const folder = await mkdtemp(join(tmpdir(), "lynceus-marks-"));
    let now = Date.UTC(2026, 0, 1, 12);
    const inbox = new Inbox({ folder, clock: () => now });
    await inbox.start();
    const mark = { content: "ab", transferSyntax: "1.2" };
    await inbox.remember("1.2.3", mark);
    expect(await inbox.known("1.2.3")).toEqual(mark);
    for (let day = 0; day < 30; day++) {
      now += 86_400_000;
      await inbox.remember("1.2.4", mark);
    }
    expect(await inbox.known("1.2.3")).toBeNull();
    expect(await readdir(join(folder, "instances"))).toHaveLength(DICOM_DRIVER_LIMITS.rememberDays + 1);
    await rm(folder, { recursive: true });
  });

  it("does not count what was taken against the association", async () => {
    const folder = await mkdtemp(join(tmpdir(), "lynceus-budget-"));
    const inbox = new Inbox({ folder, clock: () => 0 });
    await inbox.start();
    const budget = { left: 10_000 };
    for (let index = 0; index < 20; index++) {
      const scan = `long ${index}`;
      const announced = {
        sopClass: SOP_CLASS.dicosDxProcessing,
        sopInstance: uidOf(`${scan} 0 low instance`),
        transferSyntax: SYNTAX.explicitLittle,
        aeTitle: "TEST",
      };
      const receiver = await ObjectReceiver.open({
        announced,
        inbox,
        maxBytes: 1e6,
        budget,
        log: SILENT_LOG,
        admitted: () => true,
        inspect,
        onObject: () => Promise.resolve(),
        onTooLarge: () => undefined,
      });
      const bytes = encodeDataSet(dxOf(scan, { width: 8, height: 8 }), { explicit: true });
      expect(await receiver.write(bytes)).toBeNull();
      expect((await receiver.end()).status).toBe(STATUS.success);
    }
    expect(budget.left).toBe(10_000);
    await rm(folder, { recursive: true });
  });

  it("leaves nothing of an object that the lane could not take", async () => {
    const folder = await mkdtemp(join(tmpdir(), "lynceus-refused-"));
    const inbox = new Inbox({ folder, clock: () => 0 });
    await inbox.start();
    const announced = {
      sopClass: SOP_CLASS.dicosDxProcessing,
      sopInstance: uidOf("refused 0 low instance"),
      transferSyntax: SYNTAX.explicitLittle,
      aeTitle: "TEST",
    };
    const receiver = await ObjectReceiver.open({
      announced,
      inbox,
      maxBytes: 1e6,
      budget: { left: 1e6 },
      log: SILENT_LOG,
      admitted: () => true,
      inspect,
      onObject: () => Promise.reject(new Error("a test says so")),
      onTooLarge: () => undefined,
    });
    await receiver.write(encodeDataSet(dxOf("refused", { width: 8, height: 8 }), { explicit: true }));
    expect((await receiver.end()).status).toBe(STATUS.outOfResources);
    expect([
      ...(await readdir(join(folder, "objects"))),
      ...(await readdir(join(folder, "incoming"))),
    ]).toEqual([]);
    expect(await inbox.known(announced.sopInstance)).toBeNull();
    await rm(folder, { recursive: true });
  });
});
