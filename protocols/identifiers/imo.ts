/** Whether a ship number's check digit is right (IMO resolution A.1117(30)). Real data holds wrong ones: warn, never refuse. */
export function isValidImo(value: string): boolean {
  if (!/^\d{7}$/.test(value)) return false;
  const sum = [...value.slice(0, 6)].reduce((total, digit, place) => total + Number(digit) * (7 - place), 0);
  return sum % 10 === Number(value[6]);
}
