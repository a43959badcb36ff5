/** What a soak saw, in milliseconds from its start. */
export interface Timeline {
  readonly durationMs: number;
  /** Time left of the set at hand, in seconds. */
  readonly timeLeft: readonly (readonly [at: number, seconds: number])[];
  readonly refreshes: readonly { readonly at: number; readonly outcome: string }[];
  readonly faults: readonly number[];
  /** S3 calls that ended in each second. */
  readonly callsPerSecond: readonly number[];
}

const WIDTH = 960;
const LEFT = 60;
const PLOT = WIDTH - LEFT - 20;

/** At most the last minute of a run, so that single events can be told apart. */
export function timelineSvg(timeline: Timeline, ttlSeconds: number): string {
  const from = Math.max(0, timeline.durationMs - 60_000);
  const span = timeline.durationMs - from;
  const x = (at: number): string => (LEFT + ((at - from) / span) * PLOT).toFixed(1);
  const shown = (at: number): boolean => at >= from;
  const leftY = (seconds: number): string => (150 - (seconds / ttlSeconds) * 110).toFixed(1);
  const path = timeline.timeLeft
    .filter(([at]) => shown(at))
    .map(([at, seconds], index) => `${index === 0 ? "M" : "L"}${x(at)} ${leftY(seconds)}`)
    .join(" ");
  const most = Math.max(1, ...timeline.callsPerSecond);
  const bars = timeline.callsPerSecond.flatMap((calls, second) => {
    if (!shown(second * 1000)) return [];
    const height = (calls / most) * 60;
    const width = Math.max((1000 / span) * PLOT - 1, 1).toFixed(1);
    return `<rect x="${x(second * 1000)}" y="${(290 - height).toFixed(1)}" width="${width}" height="${height.toFixed(1)}" fill="#7aa6c2"/>`;
  });
  const dots = timeline.refreshes
    .filter(({ at }) => shown(at))
    .map(({ at, outcome }) => {
      const colour = outcome === "new" ? "#2a7f3f" : outcome === "failed" ? "#c0392b" : "#999";
      return `<circle cx="${x(at)}" cy="180" r="4" fill="${colour}"><title>${outcome}</title></circle>`;
    });
  const crosses = timeline.faults
    .filter(shown)
    .map((at) => `<text x="${x(at)}" y="209" text-anchor="middle" fill="#c0392b" font-size="14">×</text>`);
  const label = (y: number, text: string) => `<text x="4" y="${y}" font-size="11" fill="#555">${text}</text>`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} 310" font-family="sans-serif" role="img">
<title>A soak's last minute: time left of the credentials, refreshes, faults and S3 calls</title>
<rect width="${WIDTH}" height="310" fill="#fff"/>
${label(24, `seconds left of the set in use (it would live ${ttlSeconds} s); it never reaches 0`)}
<line x1="${LEFT}" y1="150" x2="${WIDTH - 20}" y2="150" stroke="#ccc"/>
${label(154, "0 s")}${label(44, `${ttlSeconds} s`)}
<path d="${path}" fill="none" stroke="#8a5a00" stroke-width="1.5"/>
${label(184, "looks")}${dots.join("")}
${label(209, "faults")}${crosses.join("")}
${label(262, "S3 calls")}${label(276, `≤ ${most}/s`)}
${bars.join("\n")}
</svg>
`;
}
