import type { ModbusLink } from "../transport/modbus.ts";
import { type BeltMap, type EncoderSignal, spanOf } from "./map.ts";

/** A plant that does not answer a request within this is lost, ms. */
export const PLANT_REQUEST_MS = 500;

/** The bits of the map by their names. */
export async function readInputs(
  { client }: ModbusLink,
  map: BeltMap,
): Promise<ReadonlyMap<string, boolean>> {
  const bits = new Map<string, boolean>();
  for (const table of ["input", "coil"] as const) {
    const span = spanOf(map, table);
    if (span === null) continue;
    const read = table === "input" ? client.readDiscreteInputs : client.readCoils;
    const { data } = await read.call(client, span.from, span.count);
    for (const [name, signal] of [
      ["running", map.running],
      ["estop", map.estop],
      ["reset", map.reset],
      ...map.eyes,
    ] as const) {
      if (signal?.table === table) bits.set(name, data[signal.address - span.from] !== signal.inverted);
    }
  }
  return bits;
}

/** The registers of the encoder. */
export async function readEncoder(
  { client }: ModbusLink,
  { table, address, bits }: EncoderSignal,
): Promise<readonly number[]> {
  const read = table === "holding" ? client.readHoldingRegisters : client.readInputRegisters;
  return (await read.call(client, address, bits / 16)).data;
}
