import { writeFile } from "node:fs/promises";
import { basename, dirname, extname, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { run } from "../../support/child-process.js";
import { CALLER } from "./handler-program.js";
import { HANDLER_BUNDLERS, singleExecutable } from "./other-bundlers.js";
import { startServices } from "./services.js";

const callerOf = (file: string): string => CALLER[extname(file) === ".mjs" ? "mjs" : "cjs"](basename(file));

test.for(Object.entries(HANDLER_BUNDLERS))(
  "a bundle of %s works where nothing is installed",
  async ([, bundler]) => {
    const services = await startServices();
    onTestFinished(() => services.close());
    const file = await bundler();
    const main = join(dirname(file), `main${extname(file)}`);
    await writeFile(main, callerOf(file));

    const { stdout, stderr } = await run(process.execPath, [main], { cwd: dirname(file), env: services.env });

    expect({ stdout, stderr }).toEqual({ stdout: expect.stringMatching(/^\{.*\}\n$/), stderr: "" });
    expect(JSON.parse(stdout)).toEqual(services.expected);
  },
);

test("a single executable works", async () => {
  const services = await startServices();
  onTestFinished(() => services.close());

  const { stdout, stderr } = await run(await singleExecutable(), [], { env: services.env });

  expect({ stdout, stderr }).toEqual({ stdout: expect.stringMatching(/^\{.*\}\n$/), stderr: "" });
  expect(JSON.parse(stdout)).toEqual(services.expected);
});
