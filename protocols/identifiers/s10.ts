/** UPU S10 postal item identifier: 2 letters, 8 digits, check digit, 2 letters of the country. */
export const S10_PATTERN = /^[A-Z]{2}\d{9}[A-Z]{2}$/;

const WEIGHTS = [8, 6, 4, 2, 3, 5, 9, 7] as const;

/**
 * The check digit of a serial number: weights 8 6 4 2 3 5 9 7, C = 11 − (sum mod 11); 10 becomes 0, 11 becomes 5.
 * @param serial eight digits.
 */
export function s10CheckDigit(serial: string): number {
  const sum = WEIGHTS.reduce((total: number, weight, index) => total + weight * Number(serial[index]), 0);
  const check = 11 - (sum % 11);
  if (check === 10) return 0;
  return check === 11 ? 5 : check;
}

/** Whether a canonical S10 identifier has the right form and check digit. The country is not judged: territories differ. */
export function isValidS10(value: string): boolean {
  return S10_PATTERN.test(value) && s10CheckDigit(value.slice(2, 10)) === Number(value[10]);
}
