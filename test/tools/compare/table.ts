import { createMockImds } from "../../../src/testing/index.js";
import { CONTENDERS, type Contender } from "./contenders.js";
import { SCENARIOS, type Scenario } from "./scenarios.js";

/** Runs one scenario for one provider, on a metadata service of its own. */
async function measured(scenario: Scenario, contender: Contender): Promise<string> {
  const imds = createMockImds();
  await using listener = await imds.listen();
  process.env.AWS_EC2_METADATA_SERVICE_ENDPOINT = listener.endpoint;
  return await scenario.run(contender, imds);
}

/** The comparison as a Markdown table. One scenario at a time, since all share the process's environment. */
export async function comparisonTable(): Promise<string> {
  const lines = [`| | ${CONTENDERS.map(({ name }) => `\`${name}\``).join(" | ")} |`, "| --- | --- | --- |"];
  for (const scenario of SCENARIOS) {
    const cells = [scenario.title];
    for (const contender of CONTENDERS) cells.push(await measured(scenario, contender));
    lines.push(`| ${cells.join(" | ")} |`);
  }
  return lines.join("\n");
}
