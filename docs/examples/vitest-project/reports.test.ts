import { createMockImds } from "ec2-role-credentials/testing";
import { HttpResponse, http } from "msw";
import { setupServer } from "msw/node";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { readReport } from "./reports.js";

const imds = createMockImds({ roleName: "report-reader" });
const s3 = http.get("https://reports.s3.eu-central-1.amazonaws.com/:name", ({ request }) => {
  const signature = request.headers.get("authorization") ?? "";
  return signature.includes(`Credential=${imds.credentials?.accessKeyId}/`)
    ? HttpResponse.text("all is well")
    : HttpResponse.xml("<Error><Code>InvalidAccessKeyId</Code></Error>", { status: 403 });
});
const server = setupServer(...imds.handlers, s3);
beforeAll(() => server.listen({ onUnhandledRequest: "error" }));
afterEach(() => imds.reset());
afterAll(() => server.close());

test("a report is read with the role's credentials, which are asked for once", async () => {
  expect(await readReport("today")).toBe("all is well");
  expect(await readReport("yesterday")).toBe("all is well");
  expect(imds.requests.map(({ step }) => step)).toEqual(["token", "role", "credentials"]);
});

test("a metadata service that is slow to start is waited for", async () => {
  imds.fail({ on: "credentials", status: 503, times: 2 });

  expect(await readReport("today")).toBe("all is well");
});
