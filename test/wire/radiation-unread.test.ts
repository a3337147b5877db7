import { createServer } from "node:net";
import { expect, test } from "vitest";
import { SILENT_LOG } from "../../device/log.ts";
import type { Reading } from "../../device/peripheral/port.ts";
import { n42Portal } from "../../device/peripheral/radiation/n42-stream.ts";
import { openTransport } from "../../device/transport/open.ts";
import { until } from "../fixtures/processes.ts";

test("a document that cannot be read is a fault of the item that passed, and told", async () => {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.write("\u0002<RadInstrumentData>torn\u0003");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const transport = openTransport(`tcp://127.0.0.1:${port}`);
  const portal = n42Portal({ id: "rpm", transport, clock: Date.now, log: SILENT_LOG });
  const readings: Reading[] = [];
  const codes: string[] = [];
  portal.onReading((reading) => readings.push(reading));
  portal.onEvent?.(({ code }) => codes.push(code));
  portal.start();
  await until("the reading", 5_000, () => readings.length === 1);
  expect(readings[0]).toMatchObject({ kind: "radiation", gamma: "fault", neutron: "fault", sigma: null });
  expect(codes).toEqual(["RADIATION_FAULT"]);
  expect(portal.fault).toMatch(/could not be read/);
  await portal.stop();
  server.close();
});
