import type { Random } from "../random.ts";

/** A version 4 UUID of a seeded generator. */
export function uuidFrom(random: Random): string {
  const hex = Array.from({ length: 4 }, () => random.uint32().toString(16).padStart(8, "0")).join("");
  const variant = "89ab"[random.int(0, 3)] ?? "8";
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20)}`;
}

/** The check digit of an air waybill: its serial of seven digits modulo 7. */
export function awbCheckDigit(serial: string): string {
  return String(Number(serial) % 7);
}
