/** One line or one row of bars, with its name. */
export interface Series {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

export type Panel =
  | {
      readonly kind: "bars";
      readonly title: string;
      readonly bars: readonly (readonly [string, number])[];
      readonly unit: string;
    }
  | {
      readonly kind: "lines";
      readonly title: string;
      readonly x: string;
      readonly y: string;
      readonly scale: "logarithmic" | "linear";
      readonly series: readonly Series[];
    };

const WIDTH = 500;
/** Of a panel whose legend has one line. */
const HEIGHT = 270;
const COLUMNS = 2;
const COLOURS = ["#0b6e4f", "#c1440e", "#33658a", "#8f5ea2", "#7a6c00", "#555555", "#b0256b", "#0093b8"];
const FRAME = { left: 58, right: 24, top: 40, bottom: 62 };
const MARGIN = 12;
const LEGEND = { mark: 13, gap: 14, line: 14 };

const escaped = (text: string): string => text.replace(/&/g, "&amp;").replace(/</g, "&lt;");
const place = (value: number): string => value.toFixed(1);

/** No narrower than a browser draws it, in the widest of the usual fonts. */
const widthOf = (text: string): number => text.length * 7;
const widest = (texts: readonly string[]): number => Math.max(0, ...texts.map(widthOf));

type Anchor = "start" | "middle" | "end";
const label = (x: number, y: number, text: string, anchor: Anchor = "start", extra = ""): string =>
  `<text x="${place(x)}" y="${place(y)}" text-anchor="${anchor}" ${extra}>${escaped(text)}</text>`;

const shortNumber = (value: number): string =>
  value >= 10_000 ? `${Number((value / 1000).toPrecision(3))}k` : String(Number(value.toPrecision(3)));

function bars({ bars: all, unit }: Extract<Panel, { kind: "bars" }>): string {
  const most = Math.max(...all.map(([, value]) => value), 1e-9);
  const figure = (value: number): string => `${value.toFixed(2)} ${unit}`.trim();
  const left = MARGIN + widest(all.map(([name]) => name)) + 8;
  const right = WIDTH - MARGIN - widest(all.map(([, value]) => figure(value))) - 5;
  const step = (HEIGHT - FRAME.top - 24) / all.length;
  return all
    .map(([name, value], index) => {
      const y = FRAME.top + index * step;
      const width = ((right - left) * value) / most;
      const colour = /^this library/.test(name) ? COLOURS[0] : "#9aa5ad";
      return [
        label(left - 8, y + step / 2 + 4, name, "end"),
        `<rect x="${left}" y="${place(y + step * 0.15)}" width="${place(width)}" height="${place(step * 0.7)}" fill="${colour}"/>`,
        label(left + width + 5, y + step / 2 + 4, figure(value)),
      ].join("");
    })
    .join("");
}

/** Where a value lies between the ends of an axis, from 0 to 1, and what the axis is marked with. */
function axis(values: readonly number[], scale: "logarithmic" | "linear") {
  if (scale === "logarithmic") {
    const exponents = values.filter((value) => value > 0).map(Math.log10);
    const low = Math.floor(Math.min(...exponents));
    const high = Math.max(Math.ceil(Math.max(...exponents)), low + 1);
    const at = (value: number) => (Math.log10(Math.max(value, 10 ** low)) - low) / (high - low);
    return { at, marks: Array.from({ length: high - low + 1 }, (_, index) => 10 ** (low + index)) };
  }
  const high = Math.max(...values, 1e-9);
  return { at: (value: number) => value / high, marks: [0, 0.25, 0.5, 0.75, 1].map((share) => share * high) };
}

function lines({ x: xName, y: yName, scale, series }: Extract<Panel, { kind: "lines" }>): string {
  const points = series.flatMap((one) => one.points);
  const x = axis(
    points.map(([value]) => value),
    scale,
  );
  const y = axis(
    points.map(([, value]) => value),
    scale,
  );
  const right = WIDTH - FRAME.right;
  const bottom = HEIGHT - FRAME.bottom;
  const toX = (value: number) => FRAME.left + x.at(value) * (right - FRAME.left);
  const toY = (value: number) => bottom - y.at(value) * (bottom - FRAME.top);
  const grid = [
    ...y.marks.map(
      (mark) =>
        `<path d="M${FRAME.left} ${place(toY(mark))}H${right}" stroke="#ddd"/>${label(FRAME.left - 6, toY(mark) + 4, shortNumber(mark), "end")}`,
    ),
    ...x.marks.map((mark) => label(toX(mark), bottom + 15, shortNumber(mark), "middle")),
    label((FRAME.left + right) / 2, bottom + 30, xName, "middle"),
    label(FRAME.left, FRAME.top - 8, yName, "start", 'fill="#555"'),
  ];
  const drawn = series.map(({ points: own }, index) => {
    const path = own.map(([px, py]) => `${place(toX(px))} ${place(toY(py))}`).join("L");
    return `<path d="M${path}" fill="none" stroke="${COLOURS[index % COLOURS.length]}" stroke-width="2"/>`;
  });
  const columns = legendColumns(series);
  const each = (WIDTH - MARGIN) / Math.min(series.length, columns);
  const legend = series.map(({ name }, index) => {
    const lx = MARGIN + (index % columns) * each;
    const ly = HEIGHT - 18 + Math.floor(index / columns) * LEGEND.line;
    return `<rect x="${place(lx)}" y="${ly - 8}" width="9" height="9" fill="${COLOURS[index % COLOURS.length]}"/>${label(lx + LEGEND.mark, ly, name)}`;
  });
  return [...grid, ...drawn, ...legend].join("");
}

function legendColumns(series: readonly Series[]): number {
  const column = LEGEND.mark + widest(series.map(({ name }) => name)) + LEGEND.gap;
  return Math.min(3, Math.max(1, Math.floor((WIDTH - MARGIN) / column)));
}

/** A legend of many lines makes its panel higher. */
function heightOf(panel: Panel): number {
  if (panel.kind === "bars") return HEIGHT;
  const lines = Math.ceil(panel.series.length / legendColumns(panel.series));
  return HEIGHT + Math.max(0, lines - 1) * LEGEND.line;
}

/** A page of charts, two abreast, readable on light and dark pages alike. */
export function chart(panels: readonly Panel[]): string {
  const tops = [0];
  for (let first = 0; first < panels.length; first += COLUMNS) {
    const row = panels.slice(first, first + COLUMNS);
    tops.push((tops.at(-1) ?? 0) + Math.max(...row.map(heightOf)));
  }
  const drawn = panels.map((panel, index) => {
    const move = `translate(${(index % COLUMNS) * WIDTH} ${tops[Math.floor(index / COLUMNS)]})`;
    const content = panel.kind === "bars" ? bars(panel) : lines(panel);
    return `<g transform="${move}">${label(MARGIN, 18, panel.title, "start", 'font-weight="bold" font-size="13"')}${content}</g>`;
  });
  const [width, height] = [WIDTH * COLUMNS, tops.at(-1)];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="11" role="img" aria-label="Charts; their figures stand in the tables of the page">`,
    `<rect width="${width}" height="${height}" fill="white"/>`,
    ...drawn,
    "</svg>\n",
  ].join("\n");
}
