/** GS1: check digits, SSCC, GTIN and element strings (GS1 General Specifications §3, §7.8, §7.9). */

/** FNC1 as readers send it between elements: ASCII 29. */
export const GS = "\u001d";
/** The longest element string that is read, characters. */
export const MAX_ELEMENT_STRING = 256;

/**
 * GS1 mod 10 check digit: weights 3, 1, 3 … from the right.
 * @param body the digits before the check digit.
 */
export function gs1CheckDigit(body: string): number {
  let sum = 0;
  for (let index = 0; index < body.length; index += 1) {
    sum += Number(body[body.length - 1 - index]) * (index % 2 === 0 ? 3 : 1);
  }
  return (10 - (sum % 10)) % 10;
}

/** Whether the last digit of an all-digit text is its GS1 check digit. */
export function hasGs1CheckDigit(digits: string): boolean {
  return /^\d{2,}$/.test(digits) && gs1CheckDigit(digits.slice(0, -1)) === Number(digits.at(-1));
}

/** Whether the text is an SSCC (18 digits) with the right check digit. */
export function isValidSscc(value: string): boolean {
  return value.length === 18 && hasGs1CheckDigit(value);
}

/** Whether the text is a GTIN (8, 12, 13 or 14 digits) with the right check digit. */
export function isValidGtin(value: string): boolean {
  return [8, 12, 13, 14].includes(value.length) && hasGs1CheckDigit(value);
}

interface AiRule {
  /** What may stand behind the application identifier, anchored. */
  readonly form: RegExp;
  /** Length of the data where no FNC1 is needed behind it. */
  readonly fixed?: number;
  /** Whether the data ends in a GS1 check digit. */
  readonly check?: true;
  /** Personal data of a label: read over, never handed on. */
  readonly personal?: true;
}

/** Characters of a GS1 text element (character set 82). */
const TEXT = "[!\"%&'()*+,\\-./0-9:;<=>?A-Z_a-z]";

function digits(length: number, extra: { check?: true; predefined?: boolean } = {}): AiRule {
  const { check, predefined } = extra;
  return {
    form: new RegExp(`^\\d{${length}}$`),
    ...(predefined === true ? { fixed: length } : {}),
    ...(check === true ? { check } : {}),
  };
}

function upTo(length: number): AiRule {
  return { form: new RegExp(`^${TEXT}{1,${length}}$`) };
}

/** Any text up to the separator: labels are not always true to the character set, and the SSCC behind must be found. */
const PERSONAL: AiRule = { form: /^.{1,90}$/s, personal: true };

/** Application identifiers that are read; the string ends at one that is not known, since its length is not. */
const RULES: ReadonlyMap<string, AiRule> = new Map([
  ["00", digits(18, { check: true, predefined: true })],
  ["01", digits(14, { check: true, predefined: true })],
  ["02", digits(14, { check: true, predefined: true })],
  ["10", upTo(20)],
  ["21", upTo(20)],
  ["37", { form: /^\d{1,8}$/ }],
  ...["90", "91", "92", "93", "94", "95", "96", "97", "98", "99"].map((ai): [string, AiRule] => [
    ai,
    upTo(ai === "90" ? 30 : 90),
  ]),
  ["400", upTo(30)],
  ["401", upTo(30)],
  ["402", digits(17, { check: true })],
  ["403", upTo(30)],
  ["410", digits(13, { check: true, predefined: true })],
  ["420", upTo(20)],
  ["421", { form: new RegExp(`^\\d{3}${TEXT}{1,9}$`) }],
  ["422", digits(3)],
  // 4300–4319: names, addresses and telephone numbers of people.
  ...Array.from({ length: 20 }, (_, index): [string, AiRule] => [String(4300 + index), PERSONAL]),
  ["4321", { form: /^[01]$/ }],
]);

/** One element of a GS1 symbol. */
export interface Gs1Element {
  readonly ai: string;
  readonly value: string;
  /** Whether the check digit is right; null where the element has none. */
  readonly checkOk: boolean | null;
}

export interface Gs1Parse {
  readonly elements: readonly Gs1Element[];
  /** Whether the whole string was read; false where it ends in something unknown or malformed. */
  readonly complete: boolean;
}

function ruleAt(text: string, at: number): { ai: string; rule: AiRule } | null {
  for (const length of [2, 3, 4]) {
    const ai = text.slice(at, at + length);
    const rule = ai.length === length ? RULES.get(ai) : undefined;
    if (rule !== undefined) return { ai, rule };
  }
  return null;
}

/**
 * Reads an element string, without its AIM prefix. Personal data (AI 4300–4319) is read over and never returned.
 * Reading stops at the first unknown or malformed element: what stands before it is returned, nothing is guessed.
 */
export function parseElementString(text: string): Gs1Parse {
  const elements: Gs1Element[] = [];
  if (text.length > MAX_ELEMENT_STRING) return { elements, complete: false };
  let at = text.startsWith(GS) ? 1 : 0;
  while (at < text.length) {
    const found = ruleAt(text, at);
    if (found === null) return { elements, complete: false };
    const start = at + found.ai.length;
    const separator = text.indexOf(GS, start);
    const end =
      found.rule.fixed !== undefined ? start + found.rule.fixed : separator < 0 ? text.length : separator;
    const value = text.slice(start, end);
    if (!found.rule.form.test(value)) return { elements, complete: false };
    if (found.rule.personal !== true) {
      elements.push({
        ai: found.ai,
        value,
        checkOk: found.rule.check === true ? hasGs1CheckDigit(value) : null,
      });
    }
    at = text[end] === GS ? end + 1 : end;
  }
  return { elements, complete: elements.length > 0 || text.length > 0 };
}
