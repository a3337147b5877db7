/** Identifiers on labels and in declarations: S10, SSCC, GTIN, GS1 element strings, AIM prefixes, canonical forms. */
export * from "./identifiers/aim.ts";
export * from "./identifiers/canonical.ts";
export * from "./identifiers/gs1.ts";
export * from "./identifiers/identify.ts";
export * from "./identifiers/s10.ts";
