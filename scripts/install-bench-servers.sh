#!/bin/sh
# Installs the servers that `npm run bench -- jobs` compares with, on Debian and Ubuntu: redis and PostgreSQL. The bench
# starts its own, on loopback and with their data in a folder that it removes; whatever these packages start is not used.
set -eu

packages="redis-server postgresql"
if ! command -v apt-get >/dev/null; then
  echo "There is no apt-get here. Install redis and PostgreSQL your own way, with redis-server, initdb and postgres in the PATH." >&2
  exit 1
fi

as_root=""
if [ "$(id -u)" -ne 0 ]; then as_root="sudo"; fi

echo "Installing $packages with apt-get."
# shellcheck disable=SC2086 # Both are lists of words.
$as_root apt-get update && $as_root apt-get install -y --no-install-recommends $packages
echo "Done. \`npm run bench -- jobs\` starts them itself."
