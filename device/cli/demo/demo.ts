import { setTimeout as delay } from "node:timers/promises";
import { hitJson, summaryJson } from "./as-json.ts";
import { type CentralFile, readCentralFile } from "./central-file.ts";
import { Part } from "./part.ts";
import { logError, logMessage, parseReport, type Report } from "./reports.ts";
import { Screen } from "./screen.ts";
import { createSite, type DemoSite, SITE, writeConfiguration } from "./site.ts";
import { Tally } from "./tally.ts";
import { TruthFile } from "./truth-file.ts";
import { alertLine, headings, hitLine, progressLine, summaryLines } from "./wording.ts";

/** Scans of a demo that is not told how many; it ends by itself after them. */
const MAX_SCANS = 100_000;
/** A part has to be up by then, ms. */
const START_MS = 60_000;
/** Once the scanner is done: without progress for this long the rest counts as lost, ms. */
const STALLED_MS = 60_000;
/** Revisions that follow a late declaration are waited for at most this long, ms. */
const REVISIONS_MS = 5000;
/** How long a part may take to end (`cli.md`: the gateway 10 s), ms. */
const STOP_MS = 12_000;
const POLL_MS = 50;

export interface DemoOptions {
  /** null: until interrupted. */
  readonly scans: number | null;
  readonly seed: number;
  /** Items per second. */
  readonly rate: number;
  /** Port of the gateway's console; null: none is served. */
  readonly console: number | null;
  /** Results as JSON, one object a line. */
  readonly json: boolean;
}

/** Runs the demo; returns its exit code: 0 done, 1 a scan was lost or a part failed, 130 interrupted. */
export async function demo(options: DemoOptions): Promise<number> {
  const colour = (process.env["NO_COLOR"] ?? "") === "";
  const screen = new Screen({ out: process.stdout, talk: process.stderr, colour });
  const site = createSite();
  const run = new DemoRun(options, screen, site);
  const interrupt = () => run.interrupt();
  // Whoever read the hits is gone: there is nobody left to show them to.
  process.stdout.on("error", () => run.leave());
  process.stderr.on("error", () => run.leave());
  process.on("SIGINT", interrupt);
  process.on("SIGTERM", interrupt);
  process.on("SIGHUP", interrupt);
  try {
    const code = await run.run();
    if (code === 1) screen.say(`logs, spool and central's file are kept in ${site.folder}`);
    else site.remove();
    return code;
  } finally {
    process.off("SIGINT", interrupt);
    process.off("SIGTERM", interrupt);
    process.off("SIGHUP", interrupt);
  }
}

/** A part did not come up or ended too soon; its last words say why. */
class PartFailed extends Error {}

class DemoRun {
  readonly #options: DemoOptions;
  readonly #screen: Screen;
  readonly #site: DemoSite;
  readonly #tally: Tally;
  readonly #interrupted = new AbortController();
  readonly #parts: Part[] = [];
  readonly #starting = new Set<string>();
  readonly #startedAt = performance.now();
  #progressAt = performance.now();
  #stopping = false;
  /** The last thing that a part logged as an error. */
  #lastError: string | null = null;

  constructor(options: DemoOptions, screen: Screen, site: DemoSite) {
    this.#options = options;
    this.#screen = screen;
    this.#site = site;
    const truth = new TruthFile(site.truth);
    this.#tally = new Tally((scanRef) => truth.of(scanRef));
  }

  /** Ends the demo in order. */
  leave(): void {
    this.#interrupted.abort();
  }

  /** Ends the demo in order; the second time at once. */
  interrupt(): void {
    if (this.#interrupted.signal.aborted) for (const part of this.#parts) part.kill();
    this.leave();
  }

  async run(): Promise<number> {
    let failure: PartFailed | null = null;
    try {
      const scanner = await this.#start();
      await this.#follow(scanner);
    } catch (error) {
      if (error instanceof PartFailed) failure = error;
      else if (!this.#interrupted.signal.aborted) throw error;
    } finally {
      await this.#stop();
    }
    return this.#conclude(failure);
  }

  /** Brings up broker and scanner, then what connects to them: customs and gateway. Returns the scanner. */
  async #start(): Promise<Part> {
    const { seed, rate, scans } = this.#options;
    const site = this.#site;
    this.#screen.say(
      this.#screen.paint(
        "bold",
        "Lynceus demo: a simulated scanner lane, a gateway, a broker and central customs",
      ),
    );
    const ports = ["--listen", "127.0.0.1:0", "--barcode", "127.0.0.1:0", "--scale", "127.0.0.1:0"];
    const run = ["--scans", String(scans ?? MAX_SCANS), "--rate", String(rate), "--seed", String(seed)];
    const [broker, scanner] = await Promise.all([
      this.#bringUp("broker", ["simulate", "broker", "--listen", "127.0.0.1:0"], {
        until: (report) => (report.event === "listening" ? (report.url ?? null) : null),
      }),
      this.#bringUp("scanner", ["simulate", "scanner", ...ports, ...run, "--truth", site.truth, "--json"], {
        until: (report) => (report.event === "listening" ? report : null),
      }),
    ]);
    const { scanner: link, barcode, scale } = scanner.value;
    this.#ready("broker", `MQTT 5 at ${broker.value}`);
    this.#ready("scanner", `line-scan at ${link}, barcode reader at ${barcode}, scale at ${scale}`);
    writeConfiguration(site, {
      broker: broker.value,
      scanner: link ?? "",
      barcode: barcode ?? "",
      scale: scale ?? "",
      console: this.#options.console === null ? null : `127.0.0.1:${this.#options.console}`,
    });
    const files = ["--truth", site.truth, "--receipts", "--out", site.central];
    const central = ["--broker", broker.value, "--site", SITE, ...files];
    await Promise.all([
      this.#bringUp("customs", ["simulate", "customs", ...central, "--json"], {
        until: (report) => (report.event === "connected" ? true : null),
      }).then(() => this.#ready("customs", "publishes declarations, receipts hits, sends outcomes")),
      this.#bringUp("gateway", ["run", "--config", site.config], {
        untilLog: (message) => (message === "ready" ? true : null),
      }).then(() => this.#ready("gateway", `spool and logs in ${site.folder}`)),
    ]);
    if (this.#options.console !== null)
      this.#ready("console", `http://127.0.0.1:${this.#options.console}, metrics at /metrics`);
    this.#screen.say("");
    if (!this.#options.json) this.#screen.say(headings(this.#screen));
    return scanner.part;
  }

  #ready(name: string, text: string): void {
    const seconds = ((performance.now() - this.#startedAt) / 1000).toFixed(1);
    this.#screen.say(
      `  ${this.#screen.paint("green", "ready")}  ${name.padEnd(8)}  ${text}${this.#screen.paint("dim", `  ${seconds} s`)}`,
    );
  }

  /** Starts a part and waits until it says what `until` or `untilLog` looks for. */
  async #bringUp<T>(
    name: string,
    args: readonly string[],
    look: { until?: (report: Report) => T | null; untilLog?: (message: string) => T | null },
  ): Promise<{ part: Part; value: T }> {
    this.#starting.add(name);
    this.#sayStarting();
    const up = Promise.withResolvers<T>();
    const found = (value: T | null | undefined) => {
      if (value !== null && value !== undefined) up.resolve(value);
    };
    const part = new Part({
      name,
      args,
      log: this.#site.log(name),
      onOutput: (line) => {
        const report = parseReport(line);
        if (report === null) return;
        found(look.until?.(report));
        this.#take(report);
      },
      onLog: (line) => {
        found(look.untilLog?.(logMessage(line)));
        this.#lastError = logError(line) ?? this.#lastError;
      },
    });
    this.#parts.push(part);
    const value = await Promise.race([
      up.promise,
      this.#failed(part),
      this.#tooLate(part),
      this.#untilInterrupted(),
    ]);
    this.#starting.delete(name);
    this.#sayStarting();
    return { part, value };
  }

  #sayStarting(): void {
    const names = [...this.#starting].join(" and ");
    this.#screen.status(names === "" ? "" : `starting ${names} …`);
  }

  async #failed(part: Part): Promise<never> {
    const code = await part.exited;
    throw new PartFailed(
      [
        `the ${part.name} ended with ${code === null ? "a signal" : `exit code ${code}`}`,
        ...part.lastWords,
      ].join("\n  "),
    );
  }

  async #tooLate(part: Part): Promise<never> {
    await delay(START_MS, undefined, { ref: false });
    throw new PartFailed(
      [`the ${part.name} did not come up within ${START_MS / 1000} s`, ...part.lastWords].join("\n  "),
    );
  }

  #untilInterrupted(): Promise<never> {
    const { signal } = this.#interrupted;
    return new Promise((_, reject) => {
      const stop = () => reject(signal.reason as Error);
      if (signal.aborted) stop();
      else signal.addEventListener("abort", stop, { once: true });
    });
  }

  #take(report: Report): void {
    this.#tally.take(report);
    this.#progressAt = performance.now();
    if (report.event === "hit") {
      const truth = this.#tally.truthOf(report.scanId);
      this.#screen.line(this.#options.json ? hitJson(report, truth) : hitLine(report, truth, this.#screen));
    } else if (report.event === "alert") this.#screen.say(alertLine(report, this.#screen));
    if (!this.#stopping && this.#tally.acknowledged > 0) {
      this.#screen.status(progressLine(this.#tally, this.#options.scans));
    }
  }

  /** Waits until the scanner is done and central has everything, or nothing comes any more. */
  async #follow(scanner: Part): Promise<void> {
    const others = this.#parts.filter((part) => part !== scanner);
    const stopped = Promise.race([this.#untilInterrupted(), ...others.map((part) => this.#failed(part))]);
    stopped.catch(() => {});
    const code = await Promise.race([scanner.exited, stopped]);
    if (code !== 0)
      this.#screen.say(`the scanner ended with ${code === null ? "a signal" : `exit code ${code}`}`);
    const everything = () => this.#tally.endToEnd >= this.#tally.acknowledged;
    await Promise.race([this.#until(everything, () => this.#progressAt + STALLED_MS), stopped]);
    const giveUpAt = performance.now() + REVISIONS_MS;
    await Promise.race([
      this.#until(
        () => this.#tally.revisionsToCome === 0,
        () => giveUpAt,
      ),
      stopped,
    ]);
  }

  async #until(check: () => boolean, deadline: () => number): Promise<void> {
    while (!check() && performance.now() < deadline() && !this.#interrupted.signal.aborted)
      await delay(POLL_MS);
  }

  /** Ends the parts, the scanner first and the broker last, so that nothing under way is cut off. */
  async #stop(): Promise<void> {
    this.#stopping = true;
    this.#screen.status("");
    this.#screen.status("stopping …");
    for (const name of ["scanner", "gateway", "customs", "broker"]) {
      await this.#parts.find((part) => part.name === name)?.stop(STOP_MS);
    }
    this.#screen.status("");
  }

  async #conclude(failure: PartFailed | null): Promise<number> {
    const interrupted = this.#interrupted.signal.aborted;
    if (failure !== null && !interrupted)
      this.#screen.say(`${this.#screen.paint("red", "failed")}: ${failure.message}`);
    if (this.#tally.acknowledged === 0) return interrupted ? 130 : 1;
    const central: CentralFile = await readCentralFile(this.#site.central);
    const lost = this.#tally.scanIds.filter((scanId) => !central.scanIds.has(scanId)).length;
    const figures = this.#tally.figures();
    const seconds = (performance.now() - this.#startedAt) / 1000;
    const about = { seconds, lost, scans: this.#options.scans };
    const lines = this.#options.json
      ? [summaryJson(figures, central, about)]
      : summaryLines(figures, central, about, this.#screen);
    for (const line of lines) this.#screen.line(line);
    if (interrupted) return 130;
    const short =
      figures.acknowledged < (this.#options.scans ?? 0) || figures.endToEnd < figures.acknowledged;
    if (failure === null && lost === 0 && central.duplicated === 0 && !short) return 0;
    if (this.#lastError !== null) this.#screen.say(`the last error logged: ${this.#lastError}`);
    return 1;
  }
}
