import { LynceusError } from "../errors.ts";
import { readXmlDocument, type XmlElement, type XmlLimits } from "../xml.ts";

export type { XmlElement } from "../xml.ts";

/** Bounds of a document: a larger or deeper one is refused before it costs memory. */
export const N42_LIMITS = {
  bytes: 8_000_000,
  depth: 32,
  elements: 200_000,
  attributes: 16,
  text: 4_000_000,
} as const satisfies XmlLimits;

/**
 * Reads a document into elements. Document types are refused: nothing is expanded or fetched.
 * @throws LynceusError `LYN_N42` for what is no XML or beyond {@link N42_LIMITS}.
 */
export function readXml(text: string): XmlElement {
  return readXmlDocument(text, N42_LIMITS, unreadable);
}

export function childOf(element: XmlElement, name: string): XmlElement | undefined {
  return element.children.find((child) => child.name === name);
}

export function childrenOf(element: XmlElement, name: string): readonly XmlElement[] {
  return element.children.filter((child) => child.name === name);
}

/** Text of the child, null where there is none or it is empty. */
export function textOf(element: XmlElement | undefined, name: string): string | null {
  const text = element === undefined ? undefined : childOf(element, name)?.text;
  return text === undefined || text === "" ? null : text;
}

/** All elements of a name below `element`, in document order. */
export function descendants(element: XmlElement, name: string): readonly XmlElement[] {
  return element.children.flatMap((child) => [
    ...(child.name === name ? [child] : []),
    ...descendants(child, name),
  ]);
}

export function unreadable(why: string): LynceusError {
  return new LynceusError("LYN_N42", `Not an N42 document: ${why}`, {
    remedy: "Check that the device writes ANSI N42.42 (2006 or 2012)",
  });
}
