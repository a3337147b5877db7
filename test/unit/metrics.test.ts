import { expect, it } from "vitest";
import { MAX_LABELS, Metrics } from "../../device/metrics/metrics.ts";
import { sampleHit } from "../fixtures/sample-hit.ts";
import { snapshotOf } from "../fixtures/snapshot.ts";

const FIGURES = {
  journal: "3f2b8f0e-6c1d-4a57-9d0a-5b7e6c9d1a20",
  sequence: 12,
  scans: { received: 0, decided: 0, analysed: 5 },
  unpublished: 2,
  unreceipted: 4,
  oldestUnpublishedAt: null,
  deadLetters: 1,
  freeBytes: 1e10,
  usedBytes: 1e9,
  care: { level: "reserve", scrubbedBytes: 5, damagedScans: 1 },
} as never;

it("metrics count what happens, show the figures of now with their units, and are bounded", async () => {
  const metrics = new Metrics();
  metrics.scored(sampleHit());
  metrics.scored(sampleHit({ revision: 2, cause: "declaration" }));
  metrics.stage("lane-1", "store", 0.02);
  metrics.connected("hit");
  metrics.declared();
  for (let at = 0; at < MAX_LABELS + 50; at++) metrics.alert({ code: `CODE_${at}`, severity: "warning" });
  const { text, type } = await metrics.text(snapshotOf(FIGURES));
  expect(type).toContain("text/plain");
  for (const line of [
    'lynceus_hits_total{lane="lane-1",decision="ALARM",band="high"} 2',
    'lynceus_scan_to_hit_seconds_sum{lane="lane-1"} 0.5',
    'lynceus_scan_to_hit_seconds_count{lane="lane-1"} 1',
    'lynceus_stage_duration_seconds_count{lane="lane-1",stage="store"} 1',
    'lynceus_broker_connections_total{role="hit"} 1',
    "lynceus_declarations_stored_total 1",
    "lynceus_outbox_depth_rows 2",
    "lynceus_outbox_committed_rows_total 12",
    "lynceus_outbox_freed_rows_total 8",
    "lynceus_spool_used_bytes 1000000000",
    "lynceus_spool_fill_ratio 0.2",
    "lynceus_spool_level 2",
    "lynceus_scrubbed_bytes_total 5",
    "lynceus_damaged_scans 1",
    'lynceus_lane_state{lane="lane-1",state="absent"} 1',
    'lynceus_lane_state{lane="lane-1",state="idle"} 0',
    'lynceus_device_up{lane="lane-1",device="scale",kind="scale"} 1',
    'lynceus_resident_memory_bytes{process="inference"} 400000000',
  ])
    expect(text.split("\n"), line).toContain(line);
  expect(text).toContain(
    'lynceus_model_inference_seconds_sum{model="threat-detector",version="1.0.0"} 0.0315',
  );
  expect(text).not.toMatch(/^lynceus_clock_offset_seconds /m);
  expect(text.match(/^lynceus_alerts_total\{/gm)).toHaveLength(MAX_LABELS + 1);
  expect(text).toContain('lynceus_alerts_total{code="other",severity="warning"} 50');
  // Counts are told even when the figures are not to be had, and a second look counts nothing twice.
  expect((await metrics.text(null)).text).toContain("lynceus_outbox_committed_rows_total 12");
  expect((await metrics.text(snapshotOf(FIGURES))).text).toContain("lynceus_outbox_committed_rows_total 12");
});
