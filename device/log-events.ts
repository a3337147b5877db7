/** `code` of log lines that tell of a scan's way, beside the codes of alerts and errors; LOGS.md lists them. */
export const LOG_EVENTS = {
  SCAN_STORED: "A scan is durable and its scanner was told so: lane, scanId, outcome, bytes",
  SCAN_ANALYSED: "The models have looked at a scan: lane, scanId, seconds, detections",
  SCAN_NOT_ANALYSED: "A scan could not be analysed: lane, scanId, problems",
  HIT_COMMITTED: "A hit is in the journal: lane, scanId, revision, cause, decision, sequence",
  COMMAND_DONE: "A command of central was done: command, id",
  COMMAND_REFUSED: "A command of central was not done: command, id, why",
  LANE_PAUSED: "Central paused a lane, or had when the gateway started: lane",
  LANE_RESUMED: "Central resumed a lane: lane",
} as const;
export type LogEvent = keyof typeof LOG_EVENTS;
