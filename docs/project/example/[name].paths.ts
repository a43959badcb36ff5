import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, resolve } from "node:path";

interface ExamplePage {
  readonly params: { readonly name: string };
  readonly content: string;
}

interface Manifest {
  readonly description: string;
}

const FENCE = "```";
const EXAMPLES = resolve(import.meta.dirname, "../../examples");

/** The file that a reader wants first is the one that does the work; the manifest comes last. */
const isManifest = (file: string): boolean => /^(package|tsconfig)\.json$/.test(file);

function pageOf(name: string): ExamplePage {
  const folder = join(EXAMPLES, name);
  const { description }: Manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const files = readdirSync(folder)
    .filter((file) => /\.(js|ts|json)$/.test(file) && statSync(join(folder, file)).isFile())
    .sort((one, other) => Number(isManifest(one)) - Number(isManifest(other)) || one.localeCompare(other));
  const sources = files.map((file) => {
    const text = readFileSync(join(folder, file), "utf8");
    return `## ${file}\n\n${FENCE}${file.split(".").at(-1)}\n${text}${FENCE}\n`;
  });
  return { params: { name }, content: [`# ${name}\n`, `${description}.\n`, ...sources].join("\n") };
}

/** One page of the site for each example, with its files as they are. */
const loader: { paths(): ExamplePage[] } = {
  paths: () =>
    readdirSync(EXAMPLES, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => pageOf(name)),
};

export default loader;
