import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createMockImds, type MockImds } from "../../src/testing/index.js";
import { read } from "./client.js";

const NOW = new Date("2031-05-06T07:08:09.500Z");
const later = (seconds: number) => new Date(NOW.getTime() + seconds * 1000);

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: NOW });
});

afterEach(() => {
  vi.useRealTimers();
});

/** What a path below `meta-data/` answers: its JSON, its text, or 404. */
async function at(imds: MockImds, path: string): Promise<unknown> {
  await using listener = await imds.listen();
  const { status, body } = await read(listener.endpoint, `/latest/meta-data/${path}`);
  if (status !== 200) return status;
  return /^[[{]/.test(body) ? JSON.parse(body) : body;
}

describe("a Spot interruption", () => {
  test("is not announced before it comes, and the instance is on demand", async () => {
    const imds = createMockImds();

    expect(await at(imds, "spot/instance-action")).toBe(404);
    expect(await at(imds, "spot/termination-time")).toBe(404);
    expect(await at(imds, "")).not.toMatch(/^spot\/$/m);
    expect(await at(imds, "instance-life-cycle")).toBe("on-demand");
  });

  test("terminates the instance in two minutes, by the test's clock", async () => {
    const imds = createMockImds();
    imds.interruptSpot();
    vi.setSystemTime(later(60));

    expect(await at(imds, "spot/instance-action")).toEqual({
      action: "terminate",
      time: "2031-05-06T07:10:09Z",
    });
    expect(await at(imds, "spot/termination-time")).toBe("2031-05-06T07:10:09Z");
    expect(await at(imds, "spot/")).toBe("instance-action\ntermination-time");
    expect(await at(imds, "instance-life-cycle")).toBe("spot");
  });

  test("may stop it at another time; only a termination has the older path", async () => {
    const imds = createMockImds();
    imds.interruptSpot("stop", 30);

    expect(await at(imds, "spot/instance-action")).toEqual({ action: "stop", time: "2031-05-06T07:08:39Z" });
    expect(await at(imds, "spot/termination-time")).toBe(404);
  });

  test("that hibernates it begins at once", async () => {
    const imds = createMockImds();
    imds.interruptSpot("hibernate");

    expect(await at(imds, "spot/instance-action")).toEqual({
      action: "hibernate",
      time: "2031-05-06T07:08:09Z",
    });
  });
});

test("a rebalance recommendation has the time of its notice", async () => {
  const imds = createMockImds();
  expect(await at(imds, "events/recommendations/rebalance")).toBe(404);
  imds.recommendRebalance();
  vi.setSystemTime(later(3600));

  expect(await at(imds, "events/recommendations/rebalance")).toEqual({ noticeTime: "2031-05-06T07:08:09Z" });
  expect(await at(imds, "events/")).toBe("maintenance/\nrecommendations/");
});

test("the Auto Scaling group's target state is what was set last", async () => {
  const imds = createMockImds();
  expect(await at(imds, "autoscaling/target-lifecycle-state")).toBe(404);
  imds.setTargetLifecycleState("InService");
  imds.setTargetLifecycleState("Terminated");

  expect(await at(imds, "autoscaling/target-lifecycle-state")).toBe("Terminated");
});

describe("maintenance", () => {
  const SCHEDULED = "events/maintenance/scheduled";
  const HISTORY = "events/maintenance/history";
  const REBOOT = {
    code: "system-reboot",
    eventId: "instance-event-0d59937288b749b32",
    notBefore: new Date("2031-05-07T09:00:43Z"),
    notAfter: new Date("2031-05-07T09:17:23Z"),
  } as const;
  const DOCUMENT = {
    NotBefore: "07 May 2031 09:00:43 GMT",
    Code: "system-reboot",
    Description: "scheduled reboot",
    EventId: "instance-event-0d59937288b749b32",
    NotAfter: "07 May 2031 09:17:23 GMT",
    State: "active",
  };

  test("is none by default: two empty lists", async () => {
    expect(await at(createMockImds(), SCHEDULED)).toEqual([]);
    expect(await at(createMockImds(), HISTORY)).toEqual([]);
  });

  test("is scheduled, and moves to the history when its time is over", async () => {
    const imds = createMockImds();
    imds.scheduleMaintenance(REBOOT);

    expect([await at(imds, SCHEDULED), await at(imds, HISTORY)]).toEqual([[DOCUMENT], []]);
    vi.setSystemTime(REBOOT.notAfter);
    expect([await at(imds, SCHEDULED), await at(imds, HISTORY)]).toEqual([[DOCUMENT], []]);
    vi.setSystemTime(REBOOT.notAfter.getTime() + 1);
    const over = { ...DOCUMENT, Description: "[Completed] scheduled reboot", State: "completed" };
    expect([await at(imds, SCHEDULED), await at(imds, HISTORY)]).toEqual([[], [over]]);
  });

  test("is canceled by an event of the same id", async () => {
    const imds = createMockImds();
    imds.scheduleMaintenance(REBOOT);
    imds.scheduleMaintenance({ ...REBOOT, state: "canceled" });

    expect(await at(imds, SCHEDULED)).toEqual([]);
    expect(await at(imds, HISTORY)).toEqual([
      { ...DOCUMENT, Description: "[Canceled] scheduled reboot", State: "canceled" },
    ]);
  });

  test("takes dates as text, a deadline and a description", async () => {
    const imds = createMockImds();
    imds.scheduleMaintenance({
      code: "instance-retirement",
      description: "the hardware degrades",
      notBefore: "2031-05-07T00:00:00Z",
      notBeforeDeadline: "2031-06-07T00:00:00Z",
    });

    expect(await at(imds, SCHEDULED)).toEqual([
      {
        NotBefore: "07 May 2031 00:00:00 GMT",
        Code: "instance-retirement",
        Description: "the hardware degrades",
        EventId: expect.stringMatching(/^instance-event-[0-9a-f]{17}$/),
        NotAfter: "07 May 2031 02:00:00 GMT",
        NotBeforeDeadline: "07 Jun 2031 00:00:00 GMT",
        State: "active",
      },
    ]);
  });
});

test("reset takes back every event, recover none", async () => {
  const imds = createMockImds();
  imds.interruptSpot();
  imds.recommendRebalance();
  imds.setTargetLifecycleState("Terminated");
  imds.scheduleMaintenance({});
  const PATHS = ["spot/", "events/recommendations/", "autoscaling/"];

  imds.recover();
  for (const path of PATHS) expect(await at(imds, path)).not.toBe(404);
  expect(await at(imds, "events/maintenance/scheduled")).toHaveLength(1);

  imds.reset();
  for (const path of PATHS) expect(await at(imds, path)).toBe(404);
  expect(await at(imds, "events/maintenance/scheduled")).toEqual([]);
});
