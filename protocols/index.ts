/**
 * Lynceus' protocols as a library: what central systems, scanner vendors and customs IT need to read and write its
 * messages. Pure code: no socket, file, clock or global state.
 */
export * from "./canonical-json.ts";
export * from "./chain.ts";
export * from "./declaration/adapters.ts";
export * from "./declaration.ts";
export * from "./ed25519.ts";
export * from "./errors.ts";
export * from "./hid/descriptor.ts";
export * from "./hid/evdev.ts";
export * from "./hid/pos.ts";
export * from "./identifiers.ts";
export * from "./ids.ts";
export * from "./jws.ts";
export * from "./line-scan/index.ts";
export * from "./merkle.ts";
export * from "./mqtt/index.ts";
export * from "./mt-sics.ts";
export * from "./n42/index.ts";
export * from "./radiation/aspect.ts";
export * from "./radiation/occupancy.ts";
export * from "./radiation/vm250.ts";
export * from "./radiation/vm250-portal.ts";
export * from "./scale/frame.ts";
export * from "./scale/profile.ts";
export * from "./signed-note.ts";
export * from "./vocabulary.ts";
