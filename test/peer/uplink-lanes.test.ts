import { connectAsync } from "mqtt";
import { expect, test } from "vitest";
import { startMosquitto } from "../fixtures/mosquitto.ts";
import { until } from "../fixtures/processes.ts";
import {
  createTestUplink,
  openCentral,
  openTestSpool,
  storeHit,
  temporaryFolder,
} from "../fixtures/uplink.ts";

/** Topics that a broker holds retained under a lane's name. */
async function retainedStates(url: string): Promise<readonly string[]> {
  const client = await connectAsync(url, { protocolVersion: 5 });
  const topics: string[] = [];
  client.on("message", (topic, payload) => {
    if (payload.length > 0) topics.push(topic);
  });
  await client.subscribeAsync("nii/v1/+/+/+/state", { qos: 1 });
  // Retained messages come before the answer to what is asked after them.
  await client.subscribeAsync("nii/v1/none", { qos: 1 });
  await client.publishAsync("nii/v1/none", "", { qos: 1 });
  await client.endAsync();
  return topics.sort();
}

const STATE = { state: "idle", code: null, since: "2026-11-22T09:00:00.000Z" } as const;

test("a lane that is renamed keeps nothing back: its hits go out where they were made, its state is cleared", async () => {
  using folder = temporaryFolder();
  await using broker = await startMosquitto();
  const central = await openCentral(broker.url);
  const before = await openTestSpool(folder.path);
  const first = createTestUplink(before, broker.url, { lanes: ["lane-1", "lane-2"] }).uplink;
  for (const lane of ["lane-1", "lane-2"]) first.publishState("laneState", { lane }, STATE);
  await first.start();
  await until("both states", 20_000, async () => (await retainedStates(broker.url)).length === 2);
  await first.stop();
  // Made while no broker was there, by a lane that has another name when there is one.
  const hit = await storeHit(before, 1);
  await before.stop();

  const after = await openTestSpool(folder.path);
  const second = createTestUplink(after, broker.url, { lanes: ["lane-2", "lane-3"] }).uplink;
  for (const lane of ["lane-2", "lane-3"]) second.publishState("laneState", { lane }, STATE);
  await second.start();
  const states = ["nii/v1/NLRTM-EX/gw-01/lane-2/state", "nii/v1/NLRTM-EX/gw-01/lane-3/state"];
  await until("the cleared state", 20_000, async () => {
    return JSON.stringify(await retainedStates(broker.url)) === JSON.stringify(states);
  });
  await until("the hit", 20_000, () => central.rows().length === 1);
  expect(central.rows()[0]).toMatchObject({
    topic: "nii/v1/NLRTM-EX/gw-01/lane-1/hit",
    event: { id: hit.id },
  });
  expect((await after.scan(hit.scanId))?.scan.lane).toBe("lane-1");
  expect(await after.announce(["nii/v1/NLRTM-EX/gw-01/lane-2/state"])).toEqual([states[1]]);
  await second.stop();
  await after.stop();
  await central.close();
});
