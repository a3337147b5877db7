import { afterEach, describe, expect, it } from "vitest";
import { HONEYWELL_TYPE, honeywellReport, MINIMAL_TYPE, NEWLAND_TYPE } from "../fixtures/hid-descriptors.ts";
import { settle, until } from "../fixtures/line-device.ts";
import { hidDevice, Testbed } from "../fixtures/testbed.ts";

const beds: Testbed[] = [];
afterEach(async () => {
  for (const bed of beds.splice(0)) await bed.stop();
});

function testbed(): Testbed {
  const bed = new Testbed();
  beds.push(bed);
  return bed;
}

const PATIENCE_MS = 50_000;
const IDS = { vendor: "0c2e", product: "0b61" } as const;
const READER = { id: "label", kind: "barcode", protocol: "hid-pos", transport: "hid://0c2e:0b61" } as const;
const sent = (afterMs: number, report: Uint8Array) => ({ afterMs, report });
const links = (bed: Testbed) =>
  bed.lines.flatMap(({ link, code }) => (link === undefined ? [] : [`${link} ${code}`]));

describe("a HID POS reader on a described device", () => {
  it("is opened by its ids, read by its descriptor, and joins continued reports", async () => {
    const bed = testbed();
    bed.add(
      hidDevice({
        ...{ number: 0, port: "1-1", serial: "SN1", ...IDS, descriptor: HONEYWELL_TYPE },
        reports: [
          sent(200, honeywellReport("]C0", "RR473124829GB")),
          sent(50, honeywellReport("]C1", "42184048060\u001d10ABCDEFGHIJ", true)),
          sent(20, honeywellReport("]C1", "\u001d00106141412345678908")),
          sent(50, honeywellReport("]Q1", "Mr. Adam Smith, Anytown")),
          sent(50, honeywellReport("]C0", "RB123456785GB")),
        ],
      }),
    );
    bed.read(READER);
    await until(() => bed.values.includes("RB123456785GB"), "the last label", PATIENCE_MS);
    expect(bed.values).toEqual(["RR473124829GB", "106141412345678908", "RB123456785GB"]);
    expect(JSON.stringify(bed.lines)).not.toMatch(/Smith/);
    // By its USB strings it is known as soon as it is plugged in.
    expect(bed.lines).toContainEqual({ names: expect.objectContaining({ serial: "SN1" }) });
  });

  it.each([
    [
      "minimal",
      MINIMAL_TYPE,
      [2, 16, ..."]C0"].map((each) => (typeof each === "string" ? each.charCodeAt(0) : each)),
      62,
    ],
    ["without AIM identifiers", NEWLAND_TYPE, [2, 13], 64],
  ])("of another make has its data elsewhere: %s", async (_, descriptor, head, bytes) => {
    const bed = testbed();
    const report = new Uint8Array(bytes);
    report.set(head);
    report.set(
      Array.from("RR473124829GB", (character) => character.charCodeAt(0)),
      head.length,
    );
    report[1] = 13;
    const device = { number: 0, port: "1-1", serial: "SN1", ...IDS, descriptor };
    bed.add(hidDevice({ ...device, reports: [sent(200, report)] }));
    bed.read(READER);
    await until(() => bed.values.length === 1, "a label", PATIENCE_MS);
    expect(bed.values).toEqual(["RR473124829GB"]);
  });

  it("is told to trigger, and answers with a label", async () => {
    const bed = testbed();
    bed.add(
      hidDevice({
        ...{ number: 0, port: "1-1", serial: "SN1", ...IDS, descriptor: HONEYWELL_TYPE },
        reports: [{ written: Uint8Array.of(4, 0x20) }, sent(20, honeywellReport("]C0", "RR473124829GB"))],
      }),
    );
    bed.read({ ...READER, tell: "trigger" });
    await until(() => bed.values.length === 1, "a label", PATIENCE_MS);
    expect(bed.lines).toContainEqual({ told: true });
  });

  it("is told from its twin by the port, and named by it where the configuration does not say", async () => {
    const twin = (number: number, port: string, label: string) =>
      hidDevice({
        ...{ number, port, serial: "SAME", ...IDS, descriptor: HONEYWELL_TYPE },
        reports: [sent(200, honeywellReport("]C0", label))],
      });
    const bed = testbed();
    bed.add(twin(0, "1-1", "RR473124829GB"));
    bed.add(twin(1, "1-2", "RB123456785GB"));
    bed.read({ ...READER, transport: "hid://0c2e:0b61?port=1-2" });
    await until(() => bed.values.length === 1, "a label", PATIENCE_MS);
    expect(bed.values).toEqual(["RB123456785GB"]);
    const unsaid = testbed();
    unsaid.add(twin(0, "1-1", "RR473124829GB"));
    unsaid.add(twin(1, "1-2", "RB123456785GB"));
    unsaid.read(READER);
    await until(() => links(unsaid).includes("absent LYN_HID_AMBIGUOUS"), "the doubt is said", PATIENCE_MS);
    expect(unsaid.values).toEqual([]);
  });

  it("is absent while it is unplugged, and reads on when it is plugged in again", async () => {
    const bed = testbed();
    const plugged = (number: number, port: string, label: string) =>
      hidDevice({
        ...{ number, port, serial: "SN1", ...IDS, descriptor: HONEYWELL_TYPE },
        reports: [sent(200, honeywellReport("]C0", label))],
      });
    const first = plugged(0, "1-1", "RR473124829GB");
    bed.add(first);
    bed.read(READER);
    await until(() => bed.values.length === 1, "the first label", PATIENCE_MS);
    bed.remove(first.path);
    await until(() => links(bed).some((link) => link.startsWith("absent")), "it is absent", PATIENCE_MS);
    bed.add(plugged(7, "1-4", "RB123456785GB"));
    await until(() => bed.values.length === 2, "the second label", PATIENCE_MS);
    expect(bed.values).toEqual(["RR473124829GB", "RB123456785GB"]);
  });

  it("passes a bounded number of labels of a flood", async () => {
    const bed = testbed();
    const flood = Array.from({ length: 400 }, () => sent(1, honeywellReport("]C0", "RR473124829GB")));
    const device = { number: 0, port: "1-1", serial: "SN1", ...IDS, descriptor: HONEYWELL_TYPE };
    bed.add(
      hidDevice({ ...device, reports: [sent(200, honeywellReport("]C0", "RR473124829GB")), ...flood] }),
    );
    bed.read(READER);
    await until(() => bed.values.length >= 50, "the flood", PATIENCE_MS);
    await settle(1_500);
    expect(bed.values.length).toBeLessThanOrEqual(400);
    expect(links(bed)).toEqual(["connected null"]);
  });
});

describe("a keyboard wedge on a described device", () => {
  const device = [
    "P: /devices/pci0000:00/0000:00:14.0/usb1/1-3/1-3:1.0/input/input5/event5",
    "N: input/event5",
    "E: DEVNAME=/dev/input/event5",
    "E: SUBSYSTEM=input",
    "A: dev=13:69",
    "",
    "P: /devices/pci0000:00/0000:00:14.0/usb1/1-3/1-3:1.0/input/input5",
    "E: SUBSYSTEM=input",
    'E: NAME="Wedge"',
    "",
  ].join("\n");

  /** Keys as evemu writes them: seconds, type, code, value. */
  function events(text: string, startS: number): string {
    const codes = "  1234567890-=  qwertyuiop[]  asdfghjkl;'` \\zxcvbnm,./";
    let at = startS;
    return [...text]
      .flatMap((character) => {
        at += 0.004;
        const code = character === "\n" ? 28 : codes.indexOf(character.toLowerCase());
        const line = (key: number, value: number) =>
          `E: ${at.toFixed(6)} 0001 ${key.toString(16).padStart(4, "0")} ${value}\nE: ${at.toFixed(6)} 0000 0000 0`;
        const pressed = [line(code, 1), line(code, 0)];
        return character === character.toLowerCase() ? pressed : [line(42, 1), ...pressed, line(42, 0)];
      })
      .join("\n");
  }

  it("is grabbed, and types labels; what a person types is none", async () => {
    const bed = testbed();
    const typed = [
      events("]C0RR473124829GB\n", 1),
      events("hello\n", 2),
      events("]C0RB123456785GB\n", 3),
    ].join("\n");
    bed.add({ device, node: "/dev/input/event5", events: `${typed}\n` });
    bed.read({
      ...{ id: "wedge", kind: "barcode", protocol: "wedge", transport: "evdev:///dev/input/event5" },
      ...{ prefix: "]", suffix: "enter", maxGapMs: 50 },
    });
    await until(() => bed.values.length === 2, "two labels", PATIENCE_MS);
    expect(bed.values).toEqual(["RR473124829GB", "RB123456785GB"]);
  });
});
