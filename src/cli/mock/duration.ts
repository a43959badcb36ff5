const UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const;

type Unit = keyof typeof UNITS;

/** The milliseconds of `900`, `90s`, `1.5m`, `2h` or `500ms`; a number alone is in `unit`. NaN for any other text. */
export function durationMs(text: string, unit: Unit): number {
  const [, amount, given] = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text) ?? [];
  return amount === undefined ? Number.NaN : Number(amount) * UNITS[(given as Unit | undefined) ?? unit];
}

/** `6 h`, `15 min`, `90 s` */
export function durationText(seconds: number): string {
  if (seconds % 3600 === 0) return `${seconds / 3600} h`;
  return seconds % 60 === 0 ? `${seconds / 60} min` : `${seconds} s`;
}
