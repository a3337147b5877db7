import { GIVEN_NAMES, NAMED_GOODS } from "./given-names.ts";

/** What stands where something was taken out. */
export const REMOVED = "[removed]";

/** A text without what looks personal, and how many pieces were taken out. */
export interface Scrubbed {
  readonly text: string;
  readonly removed: number;
}

const NAME = "\\p{Lu}[\\p{L}'’.-]{0,30}";
const WORD = "[\\p{L}'’.-]{2,30}";

/**
 * What is taken out, in this order. Every quantifier is bounded and no two that follow one another can take the same
 * characters without end, so that a hostile text costs no more than its length.
 */
const FORMS: readonly RegExp[] = [
  // E-mail, also as it is written to hide it; names of accounts.
  /[\p{L}\p{N}._%+-]{1,64}\s?(?:@|\(at\)|\[at\])\s?[\p{L}\p{N}-]{1,63}(?:\.[\p{L}\p{N}-]{1,63}){1,4}/giu,
  /(?<![\p{L}\p{N}])@[\p{L}\p{N}_.]{3,30}/gu,
  // Numbers that say what they are.
  /(?<!\p{L})(?:tel(?:efon[eo]?|éfono|ephone)?|t[ée]l|phone|mob(?:ile)?|cell|fax|whats\s?app|wechat|handy|m[óo]vil|telegram|viber)(?:\s?(?:no|nr|number))?[.:#\s]{0,4}[+(]?\d[\d\s()./-]{4,24}/giu,
  /(?<!\p{L})(?:passport|passeport|pasaporte|reisepass|ausweis|dni|nie|ssn|nif|cpf|tax\s?id|id\s?(?:card)?|iban|account|konto|visa|driver'?s?\s?licen[cs]e)(?:\s?(?:no|nr|n°|number|nummer))?[.:#\s]{0,4}(?=[A-Z-]{0,6}\d)[A-Z0-9-]{5,34}/giu,
  /(?<![A-Z0-9])[A-Z]{2}\d{2}(?:\s?[A-Z0-9]{4}){3,7}(?:\s?[A-Z0-9]{1,3})?(?![A-Z0-9])/gu,
  /(?<!\p{L})(?:dob|date of birth|born(?: on)?|geb(?:oren)?(?: am)?|n[ée]e?(?: le)?|nacid[oa](?: el)?|geburtsdatum)[.:\s]{1,3}\d{1,4}[./ -]\d{1,2}[./ -]\d{1,4}/giu,
  // Numbers by their form: international, with an area code in brackets.
  /(?:\+|(?<!\d)00)[1-9][\d\s()./-]{6,22}\d/gu,
  /\(\d{2,5}\)\s?\d[\d\s.-]{4,14}\d/gu,
  // Titles, and words that a person's name follows.
  new RegExp(
    `(?<!\\p{L})(?:M[rR]s?|MRS|Ms|M(?:ME|me)|M(?:lle|LLE)|(?i:monsieur|madame|mademoiselle|herrn?|frau|señora?|srta?|sra|dott|prof))\\.?\\s${NAME}(?:\\s${NAME}){0,3}`,
    "gu",
  ),
  new RegExp(
    `(?<!\\p{L})(?<!(?:product|item|brand|goods|trade|model|style|file|article)\\s)(?:attn|attention|att|c/o|z\\.?\\s?hd|fao|recipient|consignee|addressee|receiver|sender|shipper|full name|name|nombre|nom|nome|vorname|nachname|empf[äa]nger|absender|destinataire|exp[ée]diteur|destinatario|remitente|deliver to|ship to)\\s{0,2}[.:]{1,2}\\s{0,2}${WORD}(?:\\s${WORD}){0,3}`,
    "giu",
  ),
  new RegExp(`(?<!\\p{L})(?:attn|c/o|fao)\\s${WORD}(?:\\s${WORD}){0,2}`, "giu"),
  // Streets, with the number before or behind; boxes.
  /(?<![\p{L}\p{N}])\d{1,5}[a-z]?,?\s(?:[\p{L}'’.-]{1,30}\s){1,3}(?:street|road|avenue|ave|lane|boulevard|blvd|crescent|terrace|close|gardens|drive|st|rd|ln)(?![\p{L}])\.?/giu,
  /(?<!\p{L})[\p{L}-]{2,30}\s?(?:stra(?:ß|ss)e|str\.|weg|gasse|platz|allee|damm|laan|straat|gracht|gatan|vej)\s\d{1,4}\s?[a-z]?(?![\p{L}\p{N}])/giu,
  /(?<!\p{L})(?:rue|avenue|boulevard|all[ée]e|chemin|impasse|calle|avenida|plaza|via|viale|rua|ulica|ul\.|ulitsa)\s(?:[\p{L}'’-]{1,25}\s){0,3}[\p{L}'’-]{1,25},?\s\d{1,5}[a-z]?(?![\p{L}\p{N}])/giu,
  /(?<![\p{L}\p{N}])\d{1,4}(?:\s?bis)?,?\s(?:rue|boulevard|all[ée]e|chemin|impasse|quai)\s(?:[\p{L}'’-]{1,25}\s?){1,4}/giu,
  /(?<!\p{L})(?:p\.?\s?o\.?\s?box|postfach|bo[îi]te postale|apartado)\s\d{1,8}/giu,
];

/** Three and more groups of digits: numbers of persons, cards and telephones from nine digits on. */
const GROUPS = /(?<![\p{L}\p{N}])\d{2,6}(?:[\s./-]\d{2,6}){2,6}(?![\p{L}\p{N}])/gu;
/** A long run of digits, unless it is said to be a tariff code. */
const RUN = /(?<!(?:hs|hts|hsn|tariff|taric|cn|code)(?:\s?(?:code|no))?[.:\s]{0,2})(?<!\d)\d{7,}/giu;
const PAIR =
  /(?<!\p{L})(\p{Lu}[\p{L}'’-]{1,30})(\s(?:\p{Lu}\.\s)?(?:(?:de|da|dos|van|von|der|den|la|el|al|bin|ibn)\s){0,2})(\p{Lu}[\p{L}'’-]{1,30})/gu;

/**
 * Takes out of a free text what may point to a person: e-mail, telephone, numbers of documents and accounts, long runs of
 * digits, dates of birth, names behind titles and words of address, given names with a family name, streets and boxes. A
 * name that stands alone and is in no list stays: the sender is bound not to write any (`customs-aed`, profile `edge_min`).
 *
 * @param text at most a few thousand characters.
 */
export function scrubText(text: string): Scrubbed {
  const { text: named, removed } = withoutForms(text);
  let count = removed;
  const take = () => {
    count += 1;
    return REMOVED;
  };
  const left = named
    .replace(GROUPS, (match) => (match.replaceAll(/\D/g, "").length >= 9 ? take() : match))
    .replace(RUN, take);
  return count === 0 ? { text, removed: 0 } : { text: tidy(left), removed: count };
}

/** Whether a reference or code holds what looks personal; its digits are its own business. */
export function looksPersonal(text: string): boolean {
  return withoutForms(text).removed > 0;
}

function withoutForms(text: string): Scrubbed {
  let removed = 0;
  const take = () => {
    removed += 1;
    return REMOVED;
  };
  let left = text;
  for (const form of FORMS) left = left.replace(form, take);
  left = left.replace(PAIR, (match, given: string, _between: string, family: string) =>
    isPerson(given, family) ? take() : match,
  );
  return { text: left, removed };
}

function isPerson(given: string, family: string): boolean {
  const first = given.toLowerCase();
  if (NAMED_GOODS.has(`${first} ${family.toLowerCase()}`)) return false;
  return GIVEN_NAMES.has(plain(first)) || GIVEN_NAMES.has(first);
}

/** Without accents, as the list is written. */
function plain(text: string): string {
  return text.normalize("NFD").replaceAll(/\p{M}/gu, "");
}

function tidy(text: string): string {
  return text.replaceAll(/(?:\[removed\][\s,;]*){2,}/g, `${REMOVED} `).trim();
}
