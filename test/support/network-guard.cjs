// Closes this process, and every Node process that it starts, to all networks but loopback.
//
// Child processes load it through NODE_OPTIONS before anything else runs. Hence plain JavaScript with nothing but
// Node's own modules, and CommonJS: Node 20 runs `--require` in worker threads too, `--import` it does not.
// Interceptors such as msw answer before a socket connects, so they work as without it.

const dgram = require("node:dgram");
const dns = require("node:dns");
const { syncBuiltinESMExports } = require("node:module");
const net = require("node:net");

const INSTALLED = Symbol.for("ec2-role-credentials.test.network-guard");

const LOOPBACK = new net.BlockList();
LOOPBACK.addSubnet("127.0.0.0", 8, "ipv4");
LOOPBACK.addAddress("::1", "ipv6");

/** No host at all means localhost, in `net` as in `dgram`. */
function isLoopback(host = "localhost") {
  const family = net.isIP(host);
  return family === 0 ? host.toLowerCase() === "localhost" : LOOPBACK.check(host, `ipv${family}`);
}

function closedTo(target) {
  const error = new Error(`the tests are closed to ${target}: they may contact loopback only`);
  return Object.assign(error, { code: "ENETCLOSED" });
}

/** Keeps what hangs on Node's own functions, such as how `util.promisify` is to treat them. */
function replace(owner, name, makeReplacement) {
  const original = owner[name];
  const replacement = makeReplacement(original);
  owner[name] = Object.defineProperties(replacement, Object.getOwnPropertyDescriptors(original));
}

/** `net` itself passes one array of arguments, users a path, a port and a host, or options. */
function connectTarget(args) {
  const [first, second] = Array.isArray(args[0]) ? args[0] : args;
  if (typeof first === "object" && first !== null) return first.path ? undefined : first.host;
  if (typeof first === "string" && !/^\d+$/.test(first)) return undefined;
  return typeof second === "string" ? second : undefined;
}

function guardSockets() {
  replace(
    net.Socket.prototype,
    "connect",
    (connect) =>
      function (...args) {
        const host = connectTarget(args);
        if (isLoopback(host)) return connect.apply(this, args);
        // A lookup that fails takes Node's own way to an `error` event, as a refused connection does.
        const lookup = (_name, _options, done) => done(closedTo(host));
        return connect.call(this, { host: "closed.invalid", port: 1, lookup });
      },
  );
}

function guardDatagrams() {
  for (const method of ["send", "connect"]) {
    replace(
      dgram.Socket.prototype,
      method,
      (original) =>
        function (...args) {
          // After the message, or the port, the address is the only text that either of them takes.
          const address = args.slice(1).find((arg) => typeof arg === "string");
          if (isLoopback(address)) return original.apply(this, args);
          throw closedTo(address);
        },
    );
  }
}

/** A name server is outside, so asking it for anything is contact; loopback and literal addresses need none. */
function needsNoNameServer(method, name) {
  return method === "lookup" ? net.isIP(name) !== 0 || isLoopback(name) : false;
}

function guardLookups(owner, refuse) {
  for (const method of Object.getOwnPropertyNames(owner)) {
    if (!/^(lookup|resolve|reverse)/.test(method)) continue;
    replace(
      owner,
      method,
      (original) =>
        function (...args) {
          if (needsNoNameServer(method, args[0])) return original.apply(this, args);
          return refuse(closedTo(args[0]), args);
        },
    );
  }
}

function install() {
  guardSockets();
  guardDatagrams();
  const callBack = (error, args) => process.nextTick(args.at(-1), error);
  const reject = (error) => Promise.reject(error);
  for (const owner of [dns, dns.Resolver.prototype]) guardLookups(owner, callBack);
  for (const owner of [dns.promises, dns.promises.Resolver.prototype]) guardLookups(owner, reject);
  // Without this, `import { lookup } from "node:dns"` would still get the originals.
  syncBuiltinESMExports();
}

function guardChildren() {
  const { NODE_OPTIONS = "" } = process.env;
  const option = `--require ${JSON.stringify(__filename)}`;
  if (!NODE_OPTIONS.includes(option)) process.env.NODE_OPTIONS = `${NODE_OPTIONS} ${option}`.trim();
}

if (!globalThis[INSTALLED]) {
  globalThis[INSTALLED] = true;
  install();
}
guardChildren();
