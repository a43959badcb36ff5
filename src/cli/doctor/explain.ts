import type { InstanceMetadataErrorCode } from "../../errors/instance-metadata-error.js";
import { didYouMean } from "../did-you-mean.js";
import { EXPLANATIONS } from "./explanations.js";
import { wrap } from "./wrap.js";

const WIDTH = 80;

const isCode = (code: string): code is InstanceMetadataErrorCode => Object.hasOwn(EXPLANATIONS, code);

/** What an error code means and how to fix it; in any case. */
export function explain(given: string): { readonly explanation: string } | { readonly complaint: string } {
  const code = given.toUpperCase();
  if (!isCode(code)) {
    const codes = Object.keys(EXPLANATIONS);
    return {
      complaint: `There is no code ${given}.${didYouMean(code, codes)} The codes are ${codes.join(", ")}.`,
    };
  }
  const { meaning, fixes } = EXPLANATIONS[code];
  const bullets = fixes.flatMap((fix) =>
    wrap(fix, WIDTH - 2).map((line, index) => `${index === 0 ? "-" : " "} ${line}`),
  );
  return { explanation: `${[code, "", ...wrap(meaning, WIDTH), "", ...bullets].join("\n")}\n` };
}
