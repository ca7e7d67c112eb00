#!/bin/sh
# Copy what files.txt lists into a root file system:  assemble.sh SOURCE TARGET
set -eu
source=$1
target=$2
while read -r from to; do
  case $from in '' | '#'*) continue ;; esac
  mkdir -p "$target$(dirname "$to")"
  cp -R "$source/$from" "$target$to"
done <"$source/addon/files.txt"
find "$target" -name __pycache__ -type d -prune -exec rm -rf {} +
# A checkout may be its owner's alone; what is in an image is for the user that it names.
chmod -R a+rX "$target"
