export * from "./document.ts";
export { N42Framing } from "./framing.ts";
export { occupancyOfN42 } from "./occupancy.ts";
export { readN42 } from "./read.ts";
export { channelsOf, countedZeroes } from "./values.ts";
export { type N42Writing, writeN42 } from "./write.ts";
export { N42_LIMITS } from "./xml.ts";
