#!/usr/bin/env bash
# ntfs3-matrix.sh FOLDER SECTOR:CLUSTER:RECORD...: where the kernel has ntfs3, fills the empty volumes SECTOR-CLUSTER-RECORD.img in the
# folder through it, as NAME.img.gz, and records beside each what ntfs3 then shows: NAME.list (kind, inode, size, time, links, path)
# and NAME.sums, or NAME.refused with the kernel's words. Needs root; losetup, chattr, a kernel with ntfs3.
set -u
export LC_ALL=C.UTF-8 TZ=UTC
folder=$(realpath "$1") && shift
modprobe -q ntfs3 || true
work=$(mktemp -d)
top=$work/top
mkdir "$top"
seq -f %015.0f 1 140000 > "$work/numbers"
counted() { head -c "$1" "$work/numbers"; }
fill() {
  mkdir "$1/many" "$1/compressed" "$1/имена"
  for i in {1..200}; do echo "$i" > "$1/many/a name that is long enough to fill blocks, number $i"; done
  for length in 0 1 600 3000 4096 $(($2 - 1)) "$2" $(($2 + 1)); do counted "$length" > "$1/of $length bytes"; done
  counted 5000 > "$1/holes"; truncate -s 3M "$1/holes"; counted 70 | dd of="$1/holes" bs=1 seek=2000000 conv=notrunc status=none
  echo x > "$1/имена/語 Ω"; ln "$1/имена/語 Ω" "$1/имена/second name"; ln -s "of 600 bytes" "$1/symbolic"
  chattr +c "$1/compressed" 2> /dev/null
  yes 'the same words again and again' | head -c 300000 > "$1/compressed/text"; counted 100000 > "$1/compressed/counted"
  for i in {1..16}; do counted 9000 > "$1/comb $i"; done; rm "$1/comb "[1357]
  counted 400000 > "$1/in the gaps"
  touch -d '1999-12-31 23:59:59.1234567' "$1/of 600 bytes"; mkdir "$1/empty"; rm -r "$1/empty"
}
for kind in "$@"; do
  IFS=: read -r sector cluster record <<< "$kind"
  name=$folder/$sector-$cluster-$record
  image=$work/volume.img
  cp --sparse=always "$name.img" "$image"
  device=$(losetup -f --show -b "$sector" "$image")
  dmesg -C
  if mount -t ntfs3 -o iocharset=utf8,prealloc "$device" "$top" 2> "$work/error"; then
    fill "$top" "$cluster" 2> "$name.errors"
    umount "$top"; losetup -d "$device"; device=$(losetup -f --show -r -b "$sector" "$image")
    mount -t ntfs3 -o ro,iocharset=utf8 "$device" "$top"
    (cd "$top" && find . -printf '%y %i %s %T@ %n %P\n') > "$name.list"
    (cd "$top" && find . -type f -print0 | xargs -0 sha256sum) > "$name.sums"
    umount "$top"
  else
    { cat "$work/error"; dmesg | grep ntfs3; } > "$name.refused"
  fi
  losetup -d "$device"
  gzip -1 -n < "$image" > "$name.img.gz"
done
