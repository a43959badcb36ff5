// What both programs share: the test writes one JSON line for each thing to do, and reads one for each answer.
// When the test ends the input, nothing is left that keeps the process alive: it must end by itself.

import { createInterface } from "node:readline";

/** Answers each line with what the action of its name gives or throws; actions may overlap. */
export function converse(actions) {
  const answer = (id, what) => process.stdout.write(`${JSON.stringify({ id, ...what })}\n`);
  createInterface({ input: process.stdin }).on("line", (line) => {
    const { id, action, args } = JSON.parse(line);
    new Promise((resolve) => resolve(actions[action](args ?? {}))).then(
      (value) => answer(id, { value }),
      (error) => answer(id, { failure: String(error?.stack ?? error) }),
    );
  });
}
