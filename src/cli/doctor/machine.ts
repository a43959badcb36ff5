import { access, readFile } from "node:fs/promises";
import { containerSources } from "./credential-sources.js";

/** Where the program runs, according to files and variables: nothing is sent. */
export interface Machine {
  readonly instance: { readonly kind: "Nitro" | "Xen"; readonly id: string | undefined } | undefined;
  readonly container: Container | undefined;
  /** Whether the variables of a pod, a task or a function give it a role. */
  readonly hasOwnRole: boolean;
}

export type Container = "Kubernetes pod" | "ECS task" | "Lambda function" | "container";

const DMI = "/sys/class/dmi/id";

const read = (file: string): Promise<string> =>
  readFile(file, "utf8").then(
    (text) => text.trim(),
    () => "",
  );

const exists = (file: string): Promise<boolean> =>
  access(file).then(
    () => true,
    () => false,
  );

export async function readMachine(root = ""): Promise<Machine> {
  const [vendor, asset, hypervisor, docker, podman] = await Promise.all([
    read(`${root}${DMI}/sys_vendor`),
    read(`${root}${DMI}/board_asset_tag`),
    read(`${root}/sys/hypervisor/uuid`),
    exists(`${root}/.dockerenv`),
    exists(`${root}/run/.containerenv`),
  ]);
  const isNitro = vendor === "Amazon EC2";
  const isXen = !isNitro && /^ec2/i.test(hypervisor);
  const id = /^i-[0-9a-f]+$/.test(asset) ? asset : undefined;
  const instance = isNitro || isXen ? ({ kind: isNitro ? "Nitro" : "Xen", id } as const) : undefined;
  const container = containerByVariables() ?? (docker || podman ? "container" : undefined);
  const hasOwnRole =
    container === "Lambda function" || containerSources().some(({ kind }) => kind === "container");
  return { instance, container, hasOwnRole };
}

function containerByVariables(): Container | undefined {
  const { env } = process;
  if (env.AWS_LAMBDA_FUNCTION_NAME) return "Lambda function";
  if (env.ECS_CONTAINER_METADATA_URI_V4 || env.ECS_CONTAINER_METADATA_URI) return "ECS task";
  return env.KUBERNETES_SERVICE_HOST ? "Kubernetes pod" : undefined;
}
