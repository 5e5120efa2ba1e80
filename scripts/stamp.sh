#!/bin/sh
# Prints what is being built, on one line: VERSION COMMIT SECONDS. VERSION is the tag of the
# commit, or what `git describe` says, or without any tag what Go calls such a version.
# SECONDS is the time of the commit. `+changes` stands behind COMMIT if files have changed
# since. Outside a git checkout VERSION and SOURCE_DATE_EPOCH in the environment say it.
set -eu
cd "$(dirname "$0")/.."
if [ "$(git rev-parse --show-cdup 2>/dev/null || echo none)" ] || [ -n "${VERSION:-}" ]; then
	printf '%s - %s\n' "${VERSION:-v0.0.0-unknown}" "${SOURCE_DATE_EPOCH:-0}"
	exit
fi
commit=$(git rev-parse --short=12 HEAD)
seconds=$(git show -s --format=%ct HEAD)
version=$(git describe --tags --match 'v[0-9]*' 2>/dev/null) ||
	version=v0.0.0-$(TZ=UTC git show -s --date=format-local:%Y%m%d%H%M%S --format=%cd HEAD)-$commit
git diff --quiet HEAD -- 2>/dev/null || commit=$commit+changes
printf '%s %s %s\n' "$version" "$commit" "${SOURCE_DATE_EPOCH:-$seconds}"
