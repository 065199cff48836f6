#!/usr/bin/env bash
# Copies what changed to the other disk.
set -euo pipefail

source "$(dirname "$0")/colours.sh"
. ./settings.sh

TARGET=/mnt/backup
readonly KEEP_DAYS=30
export VERBOSE
declare -A sizes=([home]=1)
alias ll='ls -l'

# Says something, in green.
# $1: the words
say() {
  local words=$1
  printf '%s\n' "$words"
}

function prune_old {
  # Everything older goes.
  find "$TARGET" -mtime "+$KEEP_DAYS" -delete
  LAST_PRUNED=$(date)
}

function main() (
  say "copying"
  if [ -d "$TARGET" ]; then
    rsync -a "$HOME" "$TARGET"
  fi
  prune_old
)

main "$@"
