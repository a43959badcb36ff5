import type { Measurements } from "./measure.js";
import type { Row } from "./rows.js";
export function writeDocuments(_measured: Measurements, _rows: readonly Row[]): void {}
