#!/bin/sh
# Fetches the emoji images and their labels (two npm packages) and unpacks them.
# Usage: examples/fetch-emoji.sh [FOLDER]        (default: runs/emoji-packages)
set -eu
folder=${1:-runs/emoji-packages}
command -v npm >/dev/null || { echo "npm is needed: install Node.js, or unpack the two packages by hand" >&2; exit 1; }
mkdir -p "$folder"
cd "$folder"
for package in emoji-datasource-google@16.0.0 emojibase-data@17.0.0; do
  name=${package%@*}
  if [ ! -d "$name" ]; then
    file=$(npm pack --silent "$package")
    rm -rf "$name.part"
    mkdir "$name.part"
    tar -xzf "$file" -C "$name.part" --strip-components=1
    rm "$file"
    mv "$name.part" "$name"
  fi
done
echo "$folder holds emoji-datasource-google and emojibase-data"
