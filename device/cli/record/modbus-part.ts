import { ModbusConveyor } from "../../belt/conveyor.ts";
import { beltMap } from "../../belt/map.ts";
import type { PeripheralConfig } from "../../config/peripherals.ts";
import type { Log } from "../../log.ts";
import { aspectPortal } from "../../peripheral/radiation/aspect.ts";
import { modbusAddress } from "../../transport/modbus.ts";
import { openTransport } from "../../transport/open.ts";
import type { Transport } from "../../transport/port.ts";
import { type Bridge, bridgeTo } from "./bridge.ts";

type ModbusPeripheral = Extract<PeripheralConfig, { kind: "conveyor" } | { protocol: "aspect" }>;

interface Part {
  start(): unknown;
  stop(): Promise<unknown>;
}

/**
 * A plant or portal that is polled over Modbus, its bytes written down as they go by. Nothing is written to a plant, not even the
 * heartbeat: a belt whose watchdog waits for it stands while nobody looks at what it carries.
 */
export function modbusPart(
  each: ModbusPeripheral,
  { log, wrap }: { readonly log: Log; readonly wrap: (transport: Transport) => Transport },
): Part {
  let bridge: Bridge | null = null;
  let part: Part | null = null;
  return {
    start: async () => {
      bridge = await bridgeTo(wrap(openTransport(bytesUrl(each.transport))));
      part = polled(each, bridge.port, log);
      part.start();
    },
    stop: async () => {
      await part?.stop();
      await bridge?.close();
    },
  };
}

function polled(each: ModbusPeripheral, port: number, log: Log): Part {
  const url = `tcp://127.0.0.1:${port}`;
  const common = { id: each.id, url, clock: Date.now, log };
  if (each.kind === "radiation") return aspectPortal({ ...common, unit: each.unit });
  const { address, unit } = modbusAddress(each.transport);
  const over = address.over === "rtu" ? "rtu-tcp" : "tcp";
  return new ModbusConveyor({
    ...common,
    unit,
    address: { over, host: "127.0.0.1", port },
    map: { ...beltMap(each.map), heartbeat: null },
    pollMs: each.pollMs,
    heartbeatMs: each.heartbeatMs,
  });
}

/** The URL of the bytes below Modbus. */
function bytesUrl(transport: string): string {
  const { address } = modbusAddress(transport);
  if (address.over === "rtu") return `serial://${address.path}?baud=${address.baud}`;
  return transport.replace(/\?.*$/, "");
}
