#!/bin/sh
# outbreak_same.sh PROGRAM SAMPLE: the shipped sample is what the generator writes, and it writes the
# same bytes twice. Compared unpacked: other versions of gzip may pack otherwise.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$1" "$folder/one"
"$1" "$folder/two"
cmp "$folder/one" "$folder/two"
gzip -dc "$2" | cmp - "$folder/one"
