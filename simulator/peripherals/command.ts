import { createInterface } from "node:readline";
import { type Command, Option } from "commander";
import { addressOption, seedOption } from "../options.ts";
import { listenForStop } from "../stop-signals.ts";
import { type Address, formatAddress } from "./address.ts";
import { type ToldDevice, toldDevice } from "./told.ts";

/** Devices that run alone. */
const KINDS = ["reader", "scale", "portal", "aspect-portal", "n42-portal", "conveyor", "camera"] as const;
type Kind = (typeof KINDS)[number];
/** Labels of a flood, at most. */
const MAX_FLOOD = 100_000;
const FORMATS = ["mt-sics", "and-standard", "sma", "toledo-continuous"] as const;

interface Options {
  readonly listen: Address;
  readonly seed: number;
  readonly format: (typeof FORMATS)[number];
}

/** `simulate device`: one peripheral alone, for trying a lane out; lines on stdin are what happens to it. */
export function registerDevice(simulate: Command): void {
  simulate
    .command("device")
    .description(
      "One reader, scale, portal, conveyor or camera alone. Lines on stdin say what happens to it; `help` lists them.",
    )
    .argument("<kind>", `one of ${KINDS.join(", ")}`)
    .requiredOption("--listen <host:port>", "listen here (port 0: a free one)", addressOption)
    .option("--seed <s>", "the same seed gives the same noise", seedOption, 1)
    .addOption(new Option("--format <name>", "what a scale speaks").choices([...FORMATS]).default("mt-sics"))
    .addHelpText("after", HELP)
    .action(async (kind: string, options: Options, command: Command) => {
      if (!(KINDS as readonly string[]).includes(kind))
        command.error(`error: ${kind} is not one of ${KINDS.join(", ")}`);
      await run(await deviceOf(kind as Kind, options));
    });
}

/** What each kind understands is told by itself; what it is for, here. */
const HELP = `
It prints "listening HOST:PORT". For example:
  lynceus simulate device scale --listen 127.0.0.1:7003
  put 3.2            an item of 3.2 kg comes to lie
  trouble over       it says overload from now on
  cut                its cable is pulled
Readers read and flood, scales weigh and fail, portals alarm and fail, a conveyor carries items, is stopped and goes away, a
camera shows labels, hangs or sends no picture.`;

async function run(device: ToldDevice): Promise<void> {
  const signals = listenForStop();
  process.stdout.write(`listening ${formatAddress(await device.start())}\n`);
  const lines = createInterface({ input: process.stdin });
  lines.on("line", (line) => {
    const words = line.trim().split(/\s+/);
    if (words[0] === "help") process.stderr.write(`${device.help}\n`);
    else
      void Promise.resolve(device.told(words)).then(
        (done) => done || process.stderr.write(`not understood: ${line}\n`),
      );
  });
  await new Promise<void>((resolve) =>
    signals.stop.addEventListener("abort", () => resolve(), { once: true }),
  );
  lines.close();
  process.stdin.destroy();
  await device.stop();
  if (signals.received() === "SIGINT") process.exitCode = 130;
  signals.release();
}

async function deviceOf(kind: Kind, options: Options): Promise<ToldDevice> {
  const { listen: address, seed, format } = options;
  switch (kind) {
    case "reader": {
      const { BarcodeReader } = await import("./barcode-reader.ts");
      const reader = new BarcodeReader({ address });
      return toldDevice(
        reader,
        "read LABEL: a label passes, e.g. read ]C0RR473124829GB; flood N LABEL: so many times at once; cut",
        (words) => {
          if (words[0] === "cut") reader.cut();
          return words[0] === "cut" || readAloud(reader, words);
        },
      );
    }
    case "scale":
      return format === "mt-sics" ? mtSics(options) : profileScale(options);
    case "portal": {
      const { Portal } = await import("./portal.ts");
      const portal = new Portal({ address, seed });
      const help =
        "pass [gamma] [neutron]: an item passes, alarming on what is named; trouble none|gamma-high|gamma-low|neutron-high|tamper|silent|garbage|no-end; cut";
      return toldDevice(portal, help, async ([word, ...rest]) => {
        const state = (channel: string) => (rest.includes(channel) ? "alarm" : "normal");
        if (word === "pass")
          await portal.pass({ gamma: state("gamma"), neutron: state("neutron"), slices: 8 });
        else if (word === "trouble")
          portal.trouble((rest[0] ?? "none") as Parameters<typeof portal.trouble>[0]);
        else if (word === "cut") portal.cut();
        else return false;
        return true;
      });
    }
    case "aspect-portal": {
      const { AspectDevice } = await import("./aspect-portal.ts");
      const portal = new AspectDevice({ address });
      return toldDevice(
        portal,
        "set NAME VALUE: occupied, gammaAlarm, neutronAlarm true|false; inputs, gammaStatus, gammaCount, objects N",
        ([word, name, value]) => {
          if (word !== "set" || name === undefined || value === undefined) return false;
          portal.set({ [name]: value === "true" ? true : value === "false" ? false : Number(value) });
          return true;
        },
      );
    }
    case "n42-portal":
      return n42Alone(options);
    case "camera":
      return cameraAlone(address);
    case "conveyor": {
      const { plantAlone } = await import("../plant/alone.ts");
      const say = (line: string) => process.stdout.write(`${line}\n`);
      return plantAlone({ address, now: () => performance.now(), say });
    }
  }
}

/** A reader reads a label, or the same again and again as a broken one does. */
function readAloud(reader: { read(label: string): void }, words: readonly string[]): boolean {
  const flood = words[0] === "flood";
  const [label, times] = flood ? [words[2], Number(words[1])] : [words[1], 1];
  if ((words[0] !== "read" && !flood) || label === undefined || !(times >= 1 && times <= MAX_FLOOD))
    return false;
  for (let n = 0; n < times; n++) reader.read(label);
  return true;
}

async function cameraAlone(address: Address): Promise<ToldDevice> {
  const { SimulatedCamera, labelPicture } = await import("./camera.ts");
  const camera = new SimulatedCamera({ address });
  const help =
    "show TEXT…: a label with these words, one a line; /snapshot.jpg and /stream; trouble none|hang|garbage";
  return toldDevice(camera, help, async ([word, ...rest]) => {
    if (word === "show") camera.show(await labelPicture(rest));
    else if (word === "trouble") camera.trouble((rest[0] ?? "none") as Parameters<typeof camera.trouble>[0]);
    else return false;
    return true;
  });
}

async function n42Alone({ listen: address, seed }: Options): Promise<ToldDevice> {
  const { N42PortalDevice } = await import("./n42-portal.ts");
  const portal = new N42PortalDevice({ address, seed, now: Date.now });
  const help = "pass [gamma] [neutron] [fault]: an item passes, alarming on what is named; garbage; cut";
  return toldDevice(portal, help, ([word, ...rest]) => {
    const state = (channel: string) =>
      rest.includes(channel) ? "alarm" : rest.includes("fault") ? "fault" : "normal";
    if (word === "pass") portal.pass({ gamma: state("gamma"), neutron: state("neutron") });
    else if (word === "garbage") portal.garbage();
    else if (word === "cut") portal.cut();
    else return false;
    return true;
  });
}

async function mtSics({ listen, seed }: Options): Promise<ToldDevice> {
  const { SCALE_TROUBLES, Scale } = await import("./scale.ts");
  const scale = new Scale({ address: listen, seed, serial: `SIM-${seed}` });
  const help = `put KG: an item comes to lie; 0 takes it off; trouble ${SCALE_TROUBLES.join("|")}; reset: switched off and on; cut`;
  return toldDevice(scale, help, ([word, value = "none"]) => {
    const trouble = SCALE_TROUBLES.find((each) => each === value);
    if (word === "trouble" && trouble !== undefined) scale.trouble(trouble);
    else if (word === "reset") scale.reset();
    else if (word === "cut") scale.cut();
    else return putOn(scale, word, value);
    return true;
  });
}

async function profileScale({ listen, seed, format }: Options): Promise<ToldDevice> {
  const { ProfileScale } = await import("./profile-scale.ts");
  const scale = new ProfileScale({
    address: listen,
    seed,
    format: format as Exclude<Options["format"], "mt-sics">,
  });
  const help = "put KG: an item comes to lie; 0 takes it off; trouble none|silent|garbage|fault; cut";
  return toldDevice(scale, help, ([word, value]) => {
    if (word === "trouble") scale.trouble((value ?? "none") as Parameters<typeof scale.trouble>[0]);
    else if (word === "cut") scale.cut();
    else return putOn(scale, word, value);
    return true;
  });
}

function putOn(scale: { put(kg: number): void }, word: string | undefined, kg: string | undefined): boolean {
  if (word !== "put" || !(Number(kg) >= 0)) return false;
  scale.put(Number(kg));
  return true;
}
