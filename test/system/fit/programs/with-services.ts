// Runs a command beside a metadata service and an S3, in a network that has nothing but loopback, and prints what it
// reports and what it should. Runtimes other than Node do not load the network guard.

import { run } from "../../../support/child-process.js";
import { insistOnNamespace } from "../../interop/namespace.js";
import { startServices } from "../services.js";

insistOnNamespace();
const [program = "", ...args] = process.argv.slice(2);
const services = await startServices();
const { exitCode, stdout, stderr } = await run(program, args, { env: services.env });
await services.close();
const { expected } = services;
console.log(JSON.stringify({ exitCode, stdout, stderr, expected, steps: services.steps() }));
