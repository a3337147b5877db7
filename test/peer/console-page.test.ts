import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { consoleOf } from "../../device/console/of-config.ts";
import { SILENT_LOG } from "../../device/log.ts";
import { Metrics } from "../../device/metrics/metrics.ts";
import { CHROMIUM, Page } from "../fixtures/chromium.ts";
import { until } from "../fixtures/processes.ts";
import { sampleHit } from "../fixtures/sample-hit.ts";
import { BARE_ITEM, captureScan } from "../fixtures/scans.ts";
import { snapshotOf } from "../fixtures/snapshot.ts";
import { openTestSpool } from "../fixtures/uplink.ts";

const MINUTE = 60_000;
/** Contrast of text with what is behind it that WCAG 2 asks of usual text. */
const LEAST_CONTRAST = 4.5;

/** In the page: the least contrast of any text with its background, by the formula of WCAG 2. */
const CONTRAST = `(() => {
  const parse = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const behind = (element) => {
    for (let one = element; one !== null; one = one.parentElement) {
      const colour = parse(getComputedStyle(one).backgroundColor);
      if (colour[3] === undefined || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  let worst = { ratio: 99, text: "" };
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const element = walk.currentNode.parentElement;
    if (walk.currentNode.data.trim() === "" || element.closest("script, noscript, dialog, [hidden]")) continue;
    const [a, b] = [light(parse(getComputedStyle(element).color)), light(behind(element))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < worst.ratio) worst = { ratio, text: walk.currentNode.data };
  }
  return worst;
})()`;

it(
  "the console's page shows a hit with its picture and reasons, can be read and used by keyboard, and breaks no rule of its policy",
  async () => {
    if (!Page.there) {
      console.log(`${CHROMIUM} is not installed: the page is not looked at`);
      return;
    }
    const folder = mkdtempSync(join(tmpdir(), "lynceus-page-"));
    const spool = await openTestSpool(join(folder, "spool"));
    const served = consoleOf({
      config: { console: { listen: "127.0.0.1:0" }, gateway: { site: "NLRTM-EX", id: "gw-01" } },
      env: {},
      overview: { now: async () => snapshotOf(await spool.figures()) },
      spool,
      metrics: new Metrics(),
      log: SILENT_LOG,
    })!;
    let page: Page | null = null;
    try {
      served.start();
      await store();
      const port = await until("the console", MINUTE, () => served.port);
      page = await Page.open({ width: 1400, height: 1000 });
      const shown = page;
      await shown.go(`http://127.0.0.1:${port}/`);
      await until("the hit and its picture", 3 * MINUTE, () =>
        shown.ask<boolean>("(document.querySelector('.shot img')?.naturalWidth ?? 0) > 0"),
      );
      const text = await shown.ask<string>("document.body.innerText");
      for (const part of [
        "NLRTM-EX / gw-01",
        "RR473124829GB",
        "ALARM",
        "The image shows what looks like a blade",
        "no scanner: nothing listens at its address",
        "Switch it on; check its address and port in the configuration.",
        "not sent yet",
      ])
        expect(text, part).toContain(part);
      expect(shown.complaints).toEqual([]);

      const spoken = await shown.spoken();
      for (const role of ["heading", "button", "image", "status", "main", "list"])
        expect(
          spoken.map((node) => node.role),
          role,
        ).toContain(role);
      const nameless = spoken.filter(
        (node) => ["button", "image", "link"].includes(node.role) && node.name === "",
      );
      expect(nameless).toEqual([]);
      const worst = await shown.ask<{ ratio: number; text: string }>(CONTRAST);
      expect(worst.ratio, worst.text).toBeGreaterThan(LEAST_CONTRAST);
      expect(await shown.ask("document.documentElement.scrollWidth <= innerWidth")).toBe(true);

      // By keyboard: the picture is enlarged, and closed again.
      await shown.ask("document.querySelector('.shot').focus()");
      await shown.press("Enter");
      await until("the large picture", MINUTE, () =>
        shown.ask<boolean>("document.querySelector('dialog').open"),
      );
      await shown.press("Enter");
      await until("it to close", MINUTE, () => shown.ask<boolean>("!document.querySelector('dialog').open"));

      // A further hit comes by itself, and what was focused stays focused.
      await store();
      await until("a second hit", MINUTE, () =>
        shown.ask<boolean>("document.querySelectorAll('#hits > li').length === 2"),
      );
      expect(await shown.ask("document.activeElement.className")).toBe("shot");
    } finally {
      await page?.close();
      await served.stop();
      await spool.stop();
      rmSync(folder, { recursive: true, force: true });
    }

    async function store(): Promise<void> {
      const seed = Math.round(performance.now());
      const capture = await captureScan(spool, { scanRef: `scan-${seed}`, seed, lines: 60, height: 40 });
      const { scan } = await spool.accept(capture, BARE_ITEM);
      const { scanId } = scan;
      const { journal: _j, sequence: _s, bootId: _b, integrity: _i, ...data } = sampleHit({ scanId });
      await spool.commitHit({ scanId, lane: "lane-1", revision: 1, data, state: "analysed" });
    }
  },
  8 * MINUTE,
);
