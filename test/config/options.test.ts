import { describe, expect, test } from "vitest";
import type { InstanceMetadataOptions, InstanceRoleOptions } from "../../src/index.js";
import { fromInstanceRole, InstanceMetadataClient, instanceRegion } from "../../src/index.js";
import { listeningImds } from "../support/listening-imds.js";

type Name = keyof InstanceRoleOptions;

const WRONG_TYPES = [null, {}, [], () => {}, Symbol("x"), 10n];

interface Row {
  readonly option: Name;
  readonly good: readonly unknown[];
  /** Of the wrong type or form. */
  readonly typeErrors: readonly unknown[];
  /** A number out of range. */
  readonly rangeErrors: readonly number[];
}

const NOT_A_NUMBER = ["1000", true, ...WRONG_TYPES];
const AMOUNT = { typeErrors: NOT_A_NUMBER, rangeErrors: [-1, Number.NaN, Number.NEGATIVE_INFINITY] };

const OF_THE_CLIENT: readonly Row[] = [
  {
    option: "endpoint",
    good: ["http://127.0.0.1:1338", "https://imds.example/base/", "http://[::1]:1338"],
    typeErrors: [
      "",
      "127.0.0.1",
      "ftp://127.0.0.1",
      "http://u:p@127.0.0.1",
      "http://127.0.0.1/?q",
      "http://127.0.0.1/#f",
      17,
      ...WRONG_TYPES,
    ],
    rangeErrors: [],
  },
  {
    option: "endpointMode",
    good: ["IPv4", "IPv6", "ipv4", "IPV6"],
    typeErrors: ["", "IPv5", "4", 4, ...WRONG_TYPES],
    rangeErrors: [],
  },
  { option: "timeout", good: [1, 0.5, 1000, 60_000], ...AMOUNT, rangeErrors: [0, ...AMOUNT.rangeErrors] },
  { option: "maxRetries", good: [0, 1, 3, 100], ...AMOUNT, rangeErrors: [1.5, ...AMOUNT.rangeErrors] },
  {
    option: "ec2MetadataV1Disabled",
    good: [true, false],
    typeErrors: ["false", "true", 0, 1, ...WRONG_TYPES],
    rangeErrors: [],
  },
  {
    option: "tokenTtlSeconds",
    good: [1, 21600],
    typeErrors: NOT_A_NUMBER,
    rangeErrors: [0, 21601, 1.5, ...AMOUNT.rangeErrors, Number.POSITIVE_INFINITY],
  },
  {
    option: "profile",
    good: ["default", "a b"],
    typeErrors: ["", 17, true, ...WRONG_TYPES],
    rangeErrors: [],
  },
  {
    option: "logger",
    good: [console, { trace() {}, debug() {}, info() {}, warn() {}, error() {} }],
    typeErrors: ["console", 17, true, {}, null, { debug() {} }],
    rangeErrors: [],
  },
  { option: "shared", good: [true, false], typeErrors: ["true", 0, 1, ...WRONG_TYPES], rangeErrors: [] },
];

const OF_THE_PROVIDER: readonly Row[] = [
  ...OF_THE_CLIENT,
  {
    option: "roleName",
    good: ["app-role", "a+b=c,d.e@f_g-h"],
    typeErrors: ["", "a/b", "..", "a b", 17, true, ...WRONG_TYPES],
    rangeErrors: [],
  },
  {
    option: "advisoryWindowSeconds",
    good: [0.5, 5, 3600],
    ...AMOUNT,
    rangeErrors: [0, ...AMOUNT.rangeErrors],
  },
  { option: "maxAgeSeconds", good: [1, 3600], ...AMOUNT, rangeErrors: [0, ...AMOUNT.rangeErrors] },
  { option: "waitForRoleSeconds", good: [0, 0.5, 300], ...AMOUNT },
];

function thrownBy(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  return undefined;
}

const shown = (value: unknown): string => (typeof value === "string" ? JSON.stringify(value) : String(value));

function expectRefused(
  construct: (options: object) => unknown,
  option: Name,
  value: unknown,
  kind: ErrorConstructor | TypeErrorConstructor,
): void {
  const error = thrownBy(() => construct({ [option]: value }));
  expect(
    error,
    `${option}: ${typeof value === "object" ? JSON.stringify(value) : shown(value)}`,
  ).toBeInstanceOf(kind);
  expect((error as Error).message).toContain(option);
}

const CONSTRUCTIONS: readonly (readonly [string, readonly Row[], (options: object) => unknown])[] = [
  ["fromInstanceRole", OF_THE_PROVIDER, (options) => fromInstanceRole(options as InstanceRoleOptions)],
  [
    "InstanceMetadataClient",
    OF_THE_CLIENT,
    (options) => new InstanceMetadataClient(options as InstanceMetadataOptions),
  ],
  ["instanceRegion", OF_THE_CLIENT, (options) => instanceRegion(options as InstanceMetadataOptions)],
];

describe.each(CONSTRUCTIONS)("%s", (_, rows, construct) => {
  test.each(rows)("takes every good $option", ({ option, good }) => {
    for (const value of [undefined, ...good]) {
      expect(
        thrownBy(() => construct({ [option]: value })),
        shown(value),
      ).toBeUndefined();
    }
  });

  test.each(rows)(
    "refuses $option of a wrong type or form: a TypeError that names it",
    ({ option, typeErrors }) => {
      for (const value of typeErrors) expectRefused(construct, option, value, TypeError);
    },
  );

  test.each(rows.filter(({ rangeErrors }) => rangeErrors.length > 0))(
    "refuses $option out of range: a RangeError that names it",
    ({ option, rangeErrors }) => {
      for (const value of rangeErrors) expectRefused(construct, option, value, RangeError);
    },
  );

  test.each([null, 17, "http://127.0.0.1", true])("refuses %j for its options", (options) => {
    expect(thrownBy(() => construct(options as never))).toBeInstanceOf(TypeError);
  });

  test.each(rows)(
    "refuses $option in another case, and names the option that was meant",
    ({ option, good }) => {
      for (const name of [
        option.toLowerCase(),
        option.toUpperCase(),
        option[0]?.toUpperCase() + option.slice(1),
      ]) {
        if (name === option) continue;
        const error = thrownBy(() => construct({ [name]: good[0] }));
        expect(error).toBeInstanceOf(TypeError);
        expect((error as Error).message).toBe(`${name} is not an option; did you mean ${option}?`);
      }
    },
  );

  test("refuses an option in another case that is inherited, and one beside the right one", () => {
    class Defaults {
      get EndPoint() {
        return "http://127.0.0.1:1338";
      }
    }
    expect(thrownBy(() => construct(new Defaults()))).toBeInstanceOf(TypeError);
    expect(thrownBy(() => construct({ timeout: 1000, timeOut: 2000 }))).toBeInstanceOf(TypeError);
  });

  test("takes options that it does not know", () => {
    expect(
      thrownBy(() => construct({ clientConfig: {}, parentClientConfig: {}, role: "app" })),
    ).toBeUndefined();
  });

  test("takes no options at all", () => {
    expect(thrownBy(() => construct({}))).toBeUndefined();
  });
});

test("options are taken as they are at construction, whatever becomes of the object", async () => {
  await using imds = await listeningImds();
  const options: InstanceRoleOptions = {
    endpoint: imds.endpoint,
    roleName: "first",
    timeout: 10_000,
    shared: false,
  };
  const provider = fromInstanceRole(options);
  options.roleName = "second";
  await provider().catch(() => undefined);
  expect(imds.requests.at(-1)?.path).toMatch(/first$/);
});

test("options that are inherited count: defaults of an application's, getters of a class", async () => {
  await using imds = await listeningImds();
  class Defaults {
    get endpoint() {
      return imds.endpoint;
    }
  }
  const inherited: InstanceRoleOptions = Object.create({
    endpoint: imds.endpoint,
    timeout: 10_000,
    shared: false,
  });
  await fromInstanceRole(inherited)();
  await new InstanceMetadataClient(new Defaults()).instanceId();
  expect(imds.steps).toEqual(["token", "role", "credentials", "token", "metadata"]);
});

test("a logger that can be called as well is one, too", () => {
  const logger = Object.assign(() => {}, console);
  expect(thrownBy(() => fromInstanceRole({ logger }))).toBeUndefined();
});
