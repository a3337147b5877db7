/** Times to the day: the second of a scan or an examination would name its item to whoever has another list. */
export function dayOf(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 10)}T00:00:00.000Z`;
}
