import { DIVISION_KG, type Weighing } from "./weighing.ts";

/** Maximum of the scale, kg; above it the answers say overload. */
export const CAPACITY_KG = 60;
/** `SIR` repeats this often, ms. */
const REPEAT_MS = 100;
/** `S`, `Z` and `T` give up waiting for a stable weight after this, ms. */
const STABLE_TIMEOUT_MS = 3000;
/** Zero may be set within this of zero, kg: 2 % of the capacity, as OIML R 76 allows. */
const ZERO_RANGE_KG = 0.02 * CAPACITY_KG;
/** Smallest change that `SR` reports, kg; the standard's minimum is 30 divisions. */
const CHANGE_KG = 30 * DIVISION_KG;

const COMMANDS = [
  ["0", "I0"],
  ["0", "I1"],
  ["0", "I2"],
  ["0", "I3"],
  ["0", "I4"],
  ["0", "S"],
  ["0", "SI"],
  ["0", "SIR"],
  ["0", "Z"],
  ["0", "ZI"],
  ["0", "@"],
  ["1", "SR"],
  ["1", "SNR"],
  ["1", "T"],
  ["1", "TI"],
  ["1", "TA"],
  ["1", "TAC"],
  ["2", "SU"],
  ["2", "SIU"],
  ["2", "SIRU"],
] as const;

/** A task that the next command ends: a repetition, or waiting for a stable weight. */
type Cancel = () => void;

/**
 * One client's dialogue with the scale in MT-SICS levels 0 and 1 (commands, statuses and units as the vendor's reference
 * manual gives them): `S`, `SI`, `SIR`, `SR`, `SNR` and their display-unit forms, zero, tare, `@` and `I0`…`I4`.
 * Only the dialogue: bytes in lines in, lines out through `send`.
 */
export class ScaleSession {
  readonly #weighing: Weighing;
  readonly #serial: string;
  readonly #repeatMs: number;
  readonly #send: (line: string) => void;
  readonly #handlers: ReadonlyMap<string, (parameters: readonly string[]) => void>;
  #cancel: Cancel = () => {};
  #zeroKg = 0;
  #tareKg = 0;

  constructor(options: {
    readonly weighing: Weighing;
    readonly serial: string;
    readonly pace?: number;
    readonly send: (line: string) => void;
  }) {
    this.#weighing = options.weighing;
    this.#serial = options.serial;
    this.#repeatMs = REPEAT_MS / (options.pace ?? 1);
    this.#send = options.send;
    this.#handlers = this.#table();
  }

  /** Takes one command line, without its end. A new command ends a repetition. */
  command(line: string): void {
    const [name = "", ...parameters] = line.trim().split(/\s+/);
    const handler = this.#handlers.get(name);
    if (handler === undefined) {
      this.#send("ES");
      return;
    }
    this.stop();
    handler(parameters);
  }

  /** Ends a repetition or a wait. */
  stop(): void {
    this.#cancel();
    this.#cancel = () => {};
  }

  #table(): ReadonlyMap<string, (parameters: readonly string[]) => void> {
    return new Map<string, (parameters: readonly string[]) => void>([
      ["S", () => this.#sendStable("S")],
      ["SU", () => this.#sendStable("S")],
      ["SI", () => this.#sendNow()],
      ["SIU", () => this.#sendNow()],
      ["SIR", () => this.#repeat()],
      ["SIRU", () => this.#repeat()],
      ["SR", (parameters) => this.#onChange({ dynamic: true, parameters })],
      ["SNR", (parameters) => this.#onChange({ dynamic: false, parameters })],
      ["Z", () => this.#whenStable("Z", () => this.#zero("Z A"))],
      ["ZI", () => this.#zero(this.#now().stable ? "ZI S" : "ZI D")],
      ["T", () => this.#whenStable("T", () => this.#tare("T S"))],
      ["TI", () => this.#tare(this.#now().stable ? "TI S" : "TI D")],
      ["TA", (parameters) => this.#tareValue(parameters)],
      ["TAC", () => this.#clearTare()],
      ["@", () => this.#reset()],
      ["I0", () => this.#list()],
      ["I1", () => this.#send('I1 A "01" "2.30" "2.20" "" ""')],
      ["I2", () => this.#send(`I2 A "LYNCEUS-SIM ${CAPACITY_KG.toFixed(3)} kg"`)],
      ["I3", () => this.#send('I3 A "1.00 0.0.0.1"')],
      ["I4", () => this.#send(`I4 A "${this.#serial}"`)],
    ]);
  }

  #now(): { gross: number; net: number; stable: boolean } {
    const weight = this.#weighing.at(performance.now());
    const gross = weight.kg - this.#zeroKg;
    return { gross, net: gross - this.#tareKg, stable: weight.stable };
  }

  /** One weight line: overload, underload, stable or dynamic. */
  #weightLine(): string {
    const { gross, net, stable } = this.#now();
    if (gross > CAPACITY_KG) return "S +";
    if (gross < -ZERO_RANGE_KG) return "S -";
    return `S ${stable ? "S" : "D"} ${formatWeight(net)}`;
  }

  #sendNow(): void {
    this.#send(this.#weightLine());
  }

  #sendStable(name: string): void {
    this.#whenStable(name, () => this.#sendNow());
  }

  #repeat(): void {
    this.#sendNow();
    const timer = setInterval(() => this.#sendNow(), this.#repeatMs);
    this.#cancel = () => clearInterval(timer);
  }

  /** Runs `then` at once or as soon as the weight is stable; answers `NAME I` when it does not become so in time. */
  #whenStable(name: string, then: () => void): void {
    const started = performance.now();
    const attempt = () => {
      if (this.#now().stable) {
        then();
        return;
      }
      const now = performance.now();
      if (now - started > STABLE_TIMEOUT_MS) {
        this.#send(`${name} I`);
        return;
      }
      const timer = setTimeout(attempt, Math.max(1, this.#weighing.stableAt - now));
      this.#cancel = () => clearTimeout(timer);
    };
    attempt();
  }

  /** `SR` and `SNR`: the stable weight, then again on each change, `SR` with the dynamic weight before it. */
  #onChange(options: { dynamic: boolean; parameters: readonly string[] }): void {
    const name = options.dynamic ? "SR" : "SNR";
    const preset = parseWeight(options.parameters);
    if (preset === "wrong") {
      this.#send(`${name} L`);
      return;
    }
    const step = Math.max(preset ?? CHANGE_KG, DIVISION_KG);
    let last = this.#now().net;
    let timer: NodeJS.Timeout | undefined;
    const whenSettled = (action: () => void) => {
      clearTimeout(timer);
      timer = setTimeout(action, Math.max(1, this.#weighing.stableAt - performance.now()));
    };
    const report = () => {
      if (!this.#now().stable) {
        whenSettled(report);
        return;
      }
      const net = this.#now().net;
      if (Math.abs(net - last) >= step) {
        last = net;
        this.#sendNow();
      }
    };
    const first = () => {
      last = this.#now().net;
      this.#sendNow();
    };
    const off = this.#weighing.onChange(() => {
      if (options.dynamic) this.#sendNow();
      whenSettled(report);
    });
    this.#cancel = () => {
      off();
      clearTimeout(timer);
    };
    if (this.#now().stable) first();
    else whenSettled(first);
  }

  #zero(answer: string): void {
    const { gross } = this.#now();
    const name = answer.slice(0, answer.indexOf(" "));
    if (gross + this.#zeroKg > ZERO_RANGE_KG) this.#send(`${name} +`);
    else {
      this.#zeroKg += gross;
      this.#tareKg = 0;
      this.#send(answer);
    }
  }

  #tare(answer: string): void {
    this.#tareKg = Math.max(0, this.#now().gross);
    this.#send(`${answer} ${formatWeight(this.#tareKg)}`);
  }

  #tareValue(parameters: readonly string[]): void {
    const preset = parseWeight(parameters);
    if (preset === "wrong") {
      this.#send("TA L");
      return;
    }
    if (preset !== null) this.#tareKg = preset;
    this.#send(`TA A ${formatWeight(this.#tareKg)}`);
  }

  #clearTare(): void {
    this.#tareKg = 0;
    this.#send("TAC A");
  }

  /** Resets the dialogue, not the zero point, and tells the serial number. */
  #reset(): void {
    this.#tareKg = 0;
    this.#send(`I4 A "${this.#serial}"`);
  }

  #list(): void {
    COMMANDS.forEach(([level, name], index) => {
      this.#send(`I0 ${index === COMMANDS.length - 1 ? "A" : "B"} ${level} "${name}"`);
    });
  }
}

/** Value right-aligned in 10 characters, one space, the unit. */
function formatWeight(kg: number): string {
  return `${kg.toFixed(3).padStart(10)} kg`;
}

/** `VALUE UNIT` in kg; null when absent, `"wrong"` when it cannot be read. */
function parseWeight(parameters: readonly string[]): number | null | "wrong" {
  const [value, unit, ...rest] = parameters;
  if (value === undefined) return null;
  const factor = unit === "kg" ? 1 : unit === "g" ? 0.001 : Number.NaN;
  const kg = Number(value) * factor;
  return rest.length > 0 || !Number.isFinite(kg) || kg < 0 || kg > CAPACITY_KG ? "wrong" : kg;
}
