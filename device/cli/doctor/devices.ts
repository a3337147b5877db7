import { pause } from "../../backoff.ts";
import { beltMap } from "../../belt/map.ts";
import { PLANT_REQUEST_MS, readEncoder, readInputs } from "../../belt/modbus-plant.ts";
import type { PeripheralConfig } from "../../config/peripherals.ts";
import type { LaneConfig } from "../../config/schema.ts";
import { linkTls } from "../../config/secrets.ts";
import { SILENT_LOG } from "../../log.ts";
import { openPeripheral } from "../../peripheral/open.ts";
import type { Peripheral } from "../../peripheral/port.ts";
import { type ModbusLink, modbusAddress, modbusTransport } from "../../transport/modbus.ts";
import { openTransport } from "../../transport/open.ts";
import { recordedTransport } from "../../transport/recording.ts";
import type { TlsSource } from "../../transport/tls.ts";
import { type Finding, failed, fault, ok, warning } from "./finding.ts";

/** A device that is there answers in this time, ms. */
const CONNECT_MS = 6_000;
/** A device that talks by itself says something in this time, ms: portals send their background every five seconds. */
const TALK_MS = 7_000;
/** A device that is wired wrongly shows it in this time, ms. */
const LOOK_MS = 1_500;
const IN_USE = "Stop the gateway while the doctor looks, or see the device's own state in its health";

/** Readers, scales, portals: each is opened as the gateway does, heard for a while, and closed. */
export async function probePeripheral(what: string, config: PeripheralConfig): Promise<Finding> {
  if (config.kind === "conveyor") return probePlant(what, config);
  if (config.kind === "camera") return probePictures(what, config.transport);
  let heard = 0;
  const transport = recordedTransport(
    openTransport(config.transport, { tls: linkTls("tls" in config ? config.tls : undefined, process.env) }),
    {
      device: config.id,
      since: performance.now(),
      record: ({ event }) => {
        if (event === "in") heard += 1;
      },
    },
  );
  const peripheral = openPeripheral({ ...config, transport, clock: Date.now, log: SILENT_LOG });
  const codes: string[] = [];
  peripheral.onLink(({ code }) => {
    if (code !== null) codes.push(code);
  });
  peripheral.start();
  try {
    return await judge(what, config, peripheral, { heard: () => heard, codes });
  } finally {
    await peripheral.stop();
  }
}

async function judge(
  what: string,
  { kind, protocol, transport }: Exclude<PeripheralConfig, { kind: "conveyor" | "camera" }>,
  peripheral: Peripheral,
  seen: { readonly heard: () => number; readonly codes: readonly string[] },
): Promise<Finding> {
  const never = new AbortController().signal;
  const wait = async (ms: number, until: () => boolean) => {
    for (const end = performance.now() + ms; performance.now() < end && !until(); ) await pause(20, never);
  };
  await wait(CONNECT_MS, () => peripheral.link.state === "connected");
  if (peripheral.link.state !== "connected") {
    const code = seen.codes.at(-1) ?? "LYN_LINK_NOT_OPEN";
    return fault(
      what,
      `${transport} cannot be opened (${code})`,
      `Check power, cable, address and rights. ${IN_USE}`,
    );
  }
  const talks = kind !== "barcode" && protocol !== "aspect" && protocol !== "n42";
  if (talks) await wait(TALK_MS, () => seen.heard() > 0 || peripheral.link.state !== "connected");
  await wait(LOOK_MS, () => peripheral.link.state !== "connected");
  if (peripheral.link.state !== "connected") {
    const code = seen.codes.at(-1) ?? "LYN_LINK_ENDED";
    return fault(
      what,
      `the link does not last (${code})`,
      `Check that the device speaks ${protocol}. ${IN_USE}`,
    );
  }
  const wrong = peripheral.fault ?? null;
  if (wrong !== null)
    return warning(what, wrong, "Have the device looked at; its readings say fault until then");
  if (talks && seen.heard() === 0)
    return warning(
      what,
      "connected, but it says nothing",
      `Check that the device is set to ${protocol} and its speed and parity`,
    );
  return ok(what, `answers on ${transport}`);
}

/** A scanner's link, folder, port or module; a scanner is not spoken to, since it has one gateway only. */
export async function probeScanner(what: string, { scanner }: LaneConfig): Promise<Finding> {
  try {
    switch (scanner.driver) {
      case "folder": {
        const { access, constants } = await import("node:fs/promises");
        await access(scanner.path, constants.R_OK | constants.W_OK | constants.X_OK);
        return ok(what, `${scanner.path} can be read and written`);
      }
      case "module": {
        const { loadDriverModule } = await import("../../scanner/module/load.ts");
        const module = await loadDriverModule(scanner.module, process.cwd());
        return ok(what, `module ${module.name} loads`);
      }
      case "dicom":
        return await probeListening(what, scanner.listen);
      case "line-scan":
        return /^listen\+t(?:cp|ls):/.test(scanner.transport)
          ? await probeListening(what, scanner.transport.replace(/^listen\+t(?:cp|ls):\/\//, ""))
          : await probeAddress(what, scanner.transport, linkTls(scanner.tls, process.env));
    }
  } catch (error) {
    return failed(what, error, "Check that it is there and that this user may use it");
  }
}

/** A plant is one when it answers a read of its map's inputs; nothing is written, so that no belt moves or stops. */
async function probePlant(
  what: string,
  { transport, map }: Extract<PeripheralConfig, { kind: "conveyor" }>,
): Promise<Finding> {
  try {
    const wired = beltMap(map);
    const plant = modbusTransport({
      url: transport,
      ...modbusAddress(transport),
      requestMs: PLANT_REQUEST_MS,
    });
    const link = (await plant.open(AbortSignal.timeout(CONNECT_MS))) as ModbusLink;
    try {
      await readInputs(link, wired);
      if (wired.encoder !== null) await readEncoder(link, wired.encoder);
    } finally {
      await link.close();
    }
    return ok(what, `answers on ${transport}`);
  } catch (error) {
    return failed(what, error, `Check power, address, unit and the lane's map. ${IN_USE}`);
  }
}

/** Opens a link and closes it. */
async function probeAddress(what: string, url: string, tls?: TlsSource): Promise<Finding> {
  try {
    const link = await openTransport(url, { tls }).open(AbortSignal.timeout(CONNECT_MS));
    await link.close();
    return ok(what, `answers on ${url}`);
  } catch (error) {
    return failed(what, error, `Check power, cable and address. ${IN_USE}`);
  }
}

/** Whether the gateway could listen where its scanner connects. */
async function probeListening(what: string, address: string): Promise<Finding> {
  const controller = new AbortController();
  const transport = openTransport(`listen+tcp://${address}`);
  const opening = transport.open(controller.signal).then(
    () => "peer",
    (error: unknown) => error,
  );
  const early = await Promise.race([opening, pause(200, controller.signal).then(() => "listening")]);
  controller.abort();
  await opening;
  return typeof early === "string"
    ? ok(what, `${address} is free to listen on`)
    : failed(what, early, IN_USE);
}

async function probePictures(what: string, url: string): Promise<Finding> {
  try {
    if (url.startsWith("file://")) {
      const { access } = await import("node:fs/promises");
      await access(url.slice("file://".length));
    } else {
      const answer = await fetch(url, { signal: AbortSignal.timeout(CONNECT_MS) });
      await answer.body?.cancel();
      if (!answer.ok)
        return fault(what, `the camera answers ${answer.status}`, "Check the path of the picture");
    }
    return ok(what, `answers on ${url}`);
  } catch (error) {
    return failed(what, error, "Check the camera's power, cable and address");
  }
}
