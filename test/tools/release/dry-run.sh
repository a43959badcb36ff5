#!/usr/bin/env bash
# npm run release:dry: everything a release does, but publishing. Changes nothing but dist/, and leaves what it made
# in a directory that it names.
#
# What a person does just before a release, such as dating the changelog, is only listed as still to do; with --final
# (npm run release:dry -- --final) it is an error.

set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../../.."

case ${1:-} in
  "") final=no ;;
  --final) final=yes ;;
  *)
    echo "usage: $0 [--final]" >&2
    exit 2
    ;;
esac

failed=0
todo=0
ok() { printf 'ok      %s\n' "$1"; }
bad() {
  printf 'BROKEN  %s\n' "$1"
  failed=$((failed + 1))
}
to_do() {
  if [[ $final == yes ]]; then bad "$1"; else printf 'to do   %s\n' "$1"; fi
  todo=$((todo + 1))
}
# What a command says is of interest only if it fails.
must() {
  local what=$1 said
  shift
  if said=$("$@" 2>&1); then ok "$what"; else
    bad "$what"
    sed 's/^/        /' <<<"$said"
  fi
}

name=$(node -p 'require("./package.json").name')
version=$(node -p 'require("./package.json").version')
out=$(mktemp -d)
echo "$name $version, a release without publishing"
echo

changes=$(git status --porcelain 2>&1)
if [[ -z $changes ]]; then ok "the work tree is clean"; else to_do "the work tree has changes that are not committed"; fi

if [[ $version == "$(node -p 'require("./package-lock.json").version')" ]]; then
  ok "package-lock.json has the version"
else
  bad "package-lock.json has another version"
fi
if grep -qE "^## \[${version//./\\.}\] - [0-9]{4}-[0-9]{2}-[0-9]{2}$" CHANGELOG.md; then
  ok "CHANGELOG.md has a dated section for $version"
else
  to_do "CHANGELOG.md has no section '## [$version] - YYYY-MM-DD'"
fi
if [[ $(node -p 'Boolean(require("./package.json").repository)') == true ]]; then
  ok "package.json names the repository"
else
  to_do "package.json has no repository, without which npm refuses --provenance"
fi
if git rev-parse -q --verify "refs/tags/v$version" >/dev/null; then
  bad "there is a tag v$version already: this version is out"
else
  ok "there is no tag v$version yet"
fi

must "builds and packs" npm pack --silent --pack-destination "$out"
tarball=$out/$name-$version.tgz
must "publint has no complaint" npx --no-install publint run "$tarball" --strict
must "are-the-types-wrong has no complaint" npx --no-install attw "$tarball" --profile node16
if npm run --silent sbom >"$out/sbom.cdx.json" 2>"$out/sbom.log"; then
  ok "bill of materials: $(node -p 'JSON.parse(require("fs").readFileSync(process.argv[1])).components.length' "$out/sbom.cdx.json") packages come along"
else
  bad "there is no bill of materials: $(tail -1 "$out/sbom.log")"
fi

# npm's exit status is the same for a vulnerability and for no answer; its report tells them apart.
npm audit --omit=dev --json >"$out/audit.json" 2>/dev/null
verdict=$(node -e '
  const { readFileSync } = require("node:fs");
  let report = {};
  try { report = JSON.parse(readFileSync(process.argv[1], "utf8")); } catch {}
  const found = report.metadata?.vulnerabilities;
  console.log(found ? found.total : "no answer");
' "$out/audit.json")
case $verdict in
  0) ok "npm audit knows of no vulnerability in what comes along" ;;
  "no answer") to_do "npm audit: no audit service answers here; run it where one does" ;;
  *) bad "npm audit knows of $verdict vulnerabilities (npm audit --omit=dev)" ;;
esac

readonly PUBLISH=(npm publish "$tarball" --access public --provenance)
must "npm would publish it" "${PUBLISH[@]}" --dry-run --offline --ignore-scripts

cat <<END

Made in $out: ${tarball##*/}, sbom.cdx.json, audit.json.
Not done here: npm ci, and .ci/run, which has to pass for the commit that is released.
To publish, from the continuous integration that signs the provenance:
  npm publish ${tarball##*/} --access public --provenance
END
printf '\n%d broken, %d to do\n' "$failed" "$todo"
((failed == 0))
