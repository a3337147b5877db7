/** A master air waybill number: airline prefix, serial and check digit (IATA; Cargo-IMP 1.4 `AWB`). */
export const AWB_PATTERN = /^\d{11}$/;

/** Whether the last digit is the serial modulo 7; the airline's prefix takes no part. `value`: 11 digits, canonical. */
export function isValidAwb(value: string): boolean {
  return AWB_PATTERN.test(value) && Number(value.slice(3, 10)) % 7 === Number(value[10]);
}
