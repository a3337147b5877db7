/** The vocabularies of the contract in one import: terms (`labels.md`, `mqtt.md`) and reason codes. */
export * from "./vocabulary/codes.ts";
export * from "./vocabulary/reasons.ts";
export * from "./vocabulary/terms.ts";
