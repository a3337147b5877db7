/** A container number: owner, category (U freight container, J equipment, Z trailer, R as met in use), serial, check digit. */
export const CONTAINER_PATTERN = /^[A-Z]{3}[UJZR]\d{7}$/;

/** Letters count from 10 on, leaving out the multiples of 11 (ISO 6346:2022, annex A). */
function letterValue(character: string): number {
  const code = character.charCodeAt(0);
  if (code < 65) return code - 48;
  const plain = code - 65 + 10;
  return plain + Math.floor((plain - 1) / 10);
}

/** Whether the check digit is right: values weighted by 1, 2, 4 … 512, modulo 11, 10 standing as 0. `value` canonical. */
export function isValidContainer(value: string): boolean {
  if (!CONTAINER_PATTERN.test(value)) return false;
  const sum = [...value.slice(0, 10)].reduce(
    (total, each, place) => total + letterValue(each) * 2 ** place,
    0,
  );
  return (sum % 11) % 10 === Number(value[10]);
}
