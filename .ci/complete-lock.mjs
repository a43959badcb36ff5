// npm leaves out of package-lock.json what the registry at hand does not have, such as the binaries of other
// platforms on a partial mirror; `npm ci` then refuses the lock file everywhere. This adds what is missing:
// the exact version that its parent wants, and the platform that its name tells. Run it after `npm install`.

import { readFileSync, writeFileSync } from "node:fs";

const LOCK = new URL("../package-lock.json", import.meta.url);

const OS = /\b(aix|android|darwin|freebsd|linux|netbsd|openbsd|openharmony|sunos|win32)\b/;
const CPU = /\b(arm64|arm|ia32|loong64|mips64el|ppc64|riscv64|s390x|x64)\b/;
const LIBC = { gnu: "glibc", musl: "musl" };

/** Whether a package in `folder` would find this one, as Node looks for it. */
function isLocked(packages, folder, name) {
  const places = folder
    .split("/node_modules/")
    .map((_, depth, parts) => parts.slice(0, depth + 1).join("/node_modules/"));
  return ["", ...places].some((place) => `${place}/node_modules/${name}`.replace(/^\//, "") in packages);
}

function entry(name, version, parent) {
  if (!/^\d/.test(version)) throw new Error(`${name}: ${version} is no exact version`);
  const [os] = OS.exec(name) ?? [];
  const [cpu] = CPU.exec(name) ?? [];
  if (!os || !cpu) throw new Error(`${name}: the name tells no platform`);
  const libc = os === "linux" ? LIBC[/(gnu|musl)(?:\w*hf)?$/.exec(name)?.[1]] : undefined;
  const { dev, license } = parent;
  return {
    version,
    cpu: [cpu],
    ...(dev && { dev }),
    ...(libc && { libc: [libc] }),
    license,
    optional: true,
    os: [os],
  };
}

const lock = JSON.parse(readFileSync(LOCK, "utf8"));
const added = {};
for (const [folder, parent] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(parent.optionalDependencies ?? {})) {
    if (isLocked(lock.packages, folder, name)) continue;
    added[`node_modules/${name}`] = entry(name, version, parent);
  }
}
const packages = Object.entries({ ...lock.packages, ...added }).sort(([a], [b]) => a.localeCompare(b, "en"));
if (Object.keys(added).length > 0) {
  writeFileSync(LOCK, `${JSON.stringify({ ...lock, packages: Object.fromEntries(packages) }, null, 2)}\n`);
}
console.log(`${Object.keys(added).length} packages added to package-lock.json`);
