/**
 * RFC 3339 of a DICOM date (DA), time (TM) and time zone (0008,0201); null where the date cannot be read. Without a zone the
 * time is taken as UTC: the zone of the machine is not known here.
 */
export function timestampOf(date: string | null, time: string | null, zone: string | null): string | null {
  const day = /^(\d{4})\.?(\d{2})\.?(\d{2})$/.exec(date ?? "");
  if (day === null) return null;
  const clock = /^(\d{2})(?::?(\d{2}))?(?::?(\d{2}))?(?:\.(\d{1,6}))?$/.exec(time ?? "") ?? [];
  const [, hour = "00", minute = "00", second = "00", fraction = "0"] = clock;
  const offset = /^([+-])(\d{2})(\d{2})$/.exec(zone ?? "");
  const suffix = offset === null ? "Z" : `${offset[1]}${offset[2]}:${offset[3]}`;
  const milliseconds = fraction.padEnd(3, "0").slice(0, 3);
  const text = `${day[1]}-${day[2]}-${day[3]}T${hour}:${minute}:${second}.${milliseconds}${suffix}`;
  const at = Date.parse(text);
  return Number.isNaN(at) ? null : new Date(at).toISOString();
}

/** DA, TM and DT of a time in ms since the epoch, UTC; DT carries `+0000`. */
export function dicomTime(at: number): {
  readonly date: string;
  readonly time: string;
  readonly dateTime: string;
} {
  const iso = new Date(at).toISOString();
  const date = iso.slice(0, 10).replaceAll("-", "");
  const time = `${iso.slice(11, 19).replaceAll(":", "")}.${iso.slice(20, 23)}000`;
  return { date, time, dateTime: `${date}${time}+0000` };
}
