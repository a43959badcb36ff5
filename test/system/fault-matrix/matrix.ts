import { inspect } from "node:util";
import { InstanceMetadataError } from "../../../src/index.js";
import { ROLE, SECRETS } from "../../support/role-document.js";
import { clientAt, providerAt } from "../../support/scripted-provider.js";
import { issueToken, listRole, serveDocument, text } from "../../support/scripted-replies.js";
import type { Reply, Step } from "../../support/scripted-server.js";
import { scriptedServer } from "../../support/scripted-server.js";
import { FAULTS } from "./faults.js";
import type { Cell, CellSettings, Expectation } from "./oracle.js";

const STEPS: readonly Step[] = ["token", "role", "credentials", "metadata"];

const PLAIN: CellSettings = { maxRetries: 1, ec2MetadataV1Disabled: true, roleName: undefined };

/** Every step with every fault at every moment, and with the settings that can matter for the step. */
export function cells(): Cell[] {
  return STEPS.flatMap((step) =>
    FAULTS.flatMap((fault) => [
      ...(["once", "always"] as const).map((moment) => ({ step, fault, moment, settings: PLAIN })),
      { step, fault, moment: "always" as const, settings: { ...PLAIN, maxRetries: 0 } },
      ...(step === "credentials"
        ? [
            { step, fault, moment: "reload" as const, settings: PLAIN },
            { step, fault, moment: "always" as const, settings: { ...PLAIN, roleName: ROLE } },
          ]
        : []),
      ...(step === "token"
        ? [{ step, fault, moment: "always" as const, settings: { ...PLAIN, ec2MetadataV1Disabled: false } }]
        : []),
    ]),
  );
}

export const nameOf = ({ step, fault, moment, settings }: Cell): string => {
  const unusual = [
    settings.maxRetries === PLAIN.maxRetries ? "" : `maxRetries ${settings.maxRetries}`,
    settings.ec2MetadataV1Disabled ? "" : "IMDSv1 allowed",
    settings.roleName === undefined ? "" : "role name given",
  ].filter(Boolean);
  return [`${fault.name} on the ${step} step`, moment, ...unusual].join(", ");
};

const GOOD: Readonly<Record<Step, Reply>> = {
  token: issueToken,
  role: listRole(),
  credentials: serveDocument(),
  metadata: text("i-0123456789abcdef0"),
};

/** A short deadline where the fault is to run into it; all the time that a busy machine needs everywhere else. */
const timeoutOf = ({ fault }: Cell): number => (fault.class.is === "silence" ? 1500 : 20_000);

/** What happened in a cell, as an expectation has it, and what must never happen. */
export interface Outcome extends Expectation {
  /** As a multiple of what the attempts may take: each its timeout, plus the waits between them. */
  readonly timeShare: number;
  readonly leaks: readonly string[];
  readonly openConnections: number;
}

export async function play(cell: Cell): Promise<Outcome> {
  const { step, fault, moment, settings } = cell;
  await using server = await scriptedServer();
  const options = { ...settings, timeout: timeoutOf(cell) };
  const provider = providerAt(server, options);
  const client = clientAt(server, { ...options });
  if (moment === "reload") await provider();
  server.forget();
  server.play(step, fault.reply, ...(moment === "once" ? [GOOD[step]] : []));
  const started = performance.now();
  let outcome: Pick<Outcome, "result" | "attempts" | "statusCode"> = { result: "served" };
  let leaks: string[] = [];
  try {
    if (step === "metadata") await client.get("/latest/meta-data/instance-id");
    else await provider({ forceRefresh: moment === "reload" });
  } catch (error) {
    if (!(error instanceof InstanceMetadataError)) throw error;
    outcome = { result: error.code, attempts: error.attempts, statusCode: error.statusCode };
    leaks = leaksIn(error);
  }
  const elapsed = performance.now() - started;
  await server.allClosed();
  const attempts = server.requests.length;
  return {
    ...outcome,
    trace: server.steps,
    timeShare: elapsed / (attempts * (options.timeout + 400)),
    leaks: [...leaks, ...leaksIn(provider.status())],
    openConnections: server.openConnections,
  };
}

const leaksIn = (value: unknown): string[] => {
  const shown = `${inspect(value, { depth: 8, showHidden: true })}${JSON.stringify(value)}`;
  return Object.values(SECRETS).filter((secret) => shown.includes(secret));
};
