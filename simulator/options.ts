import { InvalidArgumentError } from "commander";
import { isLynceusError } from "../protocols/errors.ts";
import { isSite, TOPIC_ROOT_PATTERN } from "../protocols/mqtt/index.ts";
import { type Address, parseAddress } from "./peripherals/address.ts";

/** Readers of option values; each throws commander's error, which ends as wrong usage (exit 2). */

export function addressOption(text: string): Address {
  try {
    return parseAddress(text);
  } catch (error) {
    if (isLynceusError(error)) throw new InvalidArgumentError(`${error.message}. ${error.remedy}.`);
    throw error;
  }
}

export function countOption(text: string): number {
  return integer(text, 1, 1_000_000_000);
}

export function seedOption(text: string): number {
  return integer(text, 0, Number.MAX_SAFE_INTEGER);
}

export function rateOption(text: string): number {
  const rate = Number(text);
  if (text.trim() === "" || !(rate >= 0.001 && rate <= 100)) {
    throw new InvalidArgumentError("Give items per second, from 0.001 to 100.");
  }
  return rate;
}

export function brokerOption(text: string): string {
  if (/^(mqtts?|wss?):\/\/[^\s/]+/.test(text)) return text;
  throw new InvalidArgumentError("Give mqtt://HOST:PORT, mqtts://, ws:// or wss://.");
}

export function siteOption(text: string): string {
  if (isSite(text)) return text;
  throw new InvalidArgumentError("Give a UN/LOCODE and a part of it, e.g. NLRTM-EX.");
}

export function rootOption(text: string): string {
  if (TOPIC_ROOT_PATTERN.test(text)) return text;
  throw new InvalidArgumentError("Give one to four levels of letters, digits, _ and -.");
}

function integer(text: string, min: number, max: number): number {
  const value = Number(text);
  if (!/^\d{1,16}$/.test(text) || !Number.isSafeInteger(value) || value < min || value > max) {
    throw new InvalidArgumentError(`Give a whole number from ${min} to ${max}.`);
  }
  return value;
}
