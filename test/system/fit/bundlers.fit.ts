import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { run } from "../../support/child-process.js";
import { consumerProject } from "../../support/packed-package.js";
import { BUNDLERS, bundle } from "./bundlers.js";
import { CALLER, HANDLER, handlerProject } from "./handler-program.js";
import { startServices } from "./services.js";

const FORMATS = ["mjs", "cjs"] as const;

/** Of the package's own text: a bundle that gets credentials cannot do without it. */
const TOKEN_REQUEST = "/latest/api/token";

describe.for(Object.entries(BUNDLERS))("%s", ([, bundler]) => {
  test.for(FORMATS)("a function of one file works where nothing is installed (%s)", async (format) => {
    const services = await startServices();
    onTestFinished(() => services.close());
    const { directory, fileName, warnings } = await bundle(
      bundler,
      format,
      await handlerProject("mjs"),
      HANDLER.mjs,
    );
    expect(await readdir(directory)).toEqual([fileName]);
    await writeFile(join(directory, `main.${format}`), CALLER[format](fileName));

    const { stdout, stderr } = await run(process.execPath, [`main.${format}`], {
      cwd: directory,
      env: services.env,
    });

    expect({ stdout, stderr }).toEqual({ stdout: expect.stringMatching(/^\{.*\}\n$/), stderr: "" });
    expect(JSON.parse(stdout)).toEqual(services.expected);
    expect(warnings.filter((text) => /ec2-role-credentials|import\.?meta/i.test(text))).toEqual([]);
  });

  test("of a package that is imported for one class, the rest is left out", async () => {
    const project = await consumerProject();
    const source = (name: string) => `export { ${name} } from "ec2-role-credentials";\n`;
    const texts = await Promise.all(
      ["InstanceMetadataError", "fromInstanceRole"].map(async (name) => {
        const { directory, fileName } = await bundle(bundler, "mjs", project, source(name), "beside");
        return readFile(join(directory, fileName), "utf8");
      }),
    );
    const [errorAlone = "", provider = ""] = texts;

    expect(provider).toContain(TOKEN_REQUEST);
    expect(errorAlone).toContain("InstanceMetadataError");
    expect(errorAlone).not.toContain(TOKEN_REQUEST);
    // What is left are constants of the other modules.
    expect(errorAlone.length).toBeLessThan(provider.length / 5);
  });

  test("an import of nothing leaves nothing behind", async () => {
    const project = await consumerProject();
    const source = 'import "ec2-role-credentials";\nexport const answer = 42;\n';
    const { directory, fileName } = await bundle(bundler, "mjs", project, source);

    expect(await readFile(join(directory, fileName), "utf8")).not.toMatch(/node:|IMDS_/);
  });
});
