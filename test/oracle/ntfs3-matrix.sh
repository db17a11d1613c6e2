#!/usr/bin/env bash
# ntfs3-matrix.sh FOLDER SECTOR:CLUSTER:RECORD...: where the kernel has ntfs3, makes a volume of each kind with mkntfs, fills it through
# ntfs3, and records beside each image what ntfs3 then shows: NAME.list (kind, inode, size, time, links, path) and NAME.sums, or
# NAME.refused with the kernel's words. Needs root; mkntfs, losetup, chattr, a kernel with ntfs3.
set -u
export LC_ALL=C.UTF-8 TZ=UTC
cd "$1" && shift
modprobe -q ntfs3 || true
top=$(mktemp -d)
counted() { seq -f %015.0f 1 "$(($1 / 16 + 1))" | head -c "$1"; }
fill() {
  mkdir "$1/many" "$1/compressed" "$1/имена"
  for i in $(seq 200); do echo "$i" > "$1/many/a name that is long enough to fill blocks, number $i"; done
  for length in 0 1 600 3000 4096 $(($2 - 1)) "$2" $(($2 + 1)); do counted "$length" > "$1/of $length bytes"; done
  counted 5000 > "$1/holes"; truncate -s 3M "$1/holes"; counted 70 | dd of="$1/holes" bs=1 seek=2000000 conv=notrunc status=none
  echo x > "$1/имена/語 Ω"; ln "$1/имена/語 Ω" "$1/имена/second name"; ln -s "of 600 bytes" "$1/symbolic"
  chattr +c "$1/compressed" 2> /dev/null
  yes 'the same words again and again' | head -c 300000 > "$1/compressed/text"; counted 100000 > "$1/compressed/counted"
  for i in $(seq 40); do counted 9000 > "$1/comb $i"; done; for i in $(seq 1 2 40); do rm "$1/comb $i"; done
  counted 400000 > "$1/in the gaps"
  touch -d '1999-12-31 23:59:59.1234567' "$1/of 600 bytes"; mkdir "$1/empty"; rm -r "$1/empty"
}
for kind in "$@"; do
  IFS=: read -r sector cluster record <<< "$kind"
  image=$sector-$cluster-$record.img
  rm -f "$image"; truncate -s "$([ "$cluster" -ge 1048576 ] && echo 96M || echo 16M)" "$image"
  # mkntfs makes records as large as a sector, so 4 KiB ones on 512-byte sectors are a volume of 4 KiB sectors whose boot sectors say 512.
  format=$([ "$record" -gt 1024 ] && echo "$record" || echo "$sector")
  mkntfs -q -Q -F -s "$format" -c "$cluster" -p 0 -H 255 -S 63 -L "$kind" "$image" > /dev/null 2>&1 || { echo "mkntfs refuses it" > "$image.refused"; continue; }
  if [ "$format" -ne "$sector" ]; then
    node -e '
      const fs = require("node:fs"), [image, sector, format] = process.argv.slice(1), file = fs.openSync(image, "r+"), boot = Buffer.alloc(512);
      const size = fs.fstatSync(file).size, factor = format / sector;
      for (const at of [0, size - format]) {
        fs.readSync(file, boot, 0, 512, at);
        boot.writeUInt16LE(Number(sector), 11);
        const perCluster = boot[13] > 0x80 ? 2 ** (256 - boot[13]) : boot[13];
        boot[13] = perCluster * factor > 0x80 ? 256 - Math.log2(perCluster * factor) : perCluster * factor;
        boot.writeBigUInt64LE(boot.readBigUInt64LE(40) * BigInt(factor), 40);
        fs.writeSync(file, boot, 0, 512, at);
      }' "$image" "$sector" "$format"
  fi
  device=$(losetup -f --show -b "$sector" "$image")
  dmesg -C
  if mount -t ntfs3 -o iocharset=utf8,prealloc "$device" "$top" 2> "$image.error"; then
    fill "$top" "$cluster" 2> "$image.fill-errors"
    umount "$top"; losetup -d "$device"; device=$(losetup -f --show -r -b "$sector" "$image")
    mount -t ntfs3 -o ro,iocharset=utf8 "$device" "$top"
    (cd "$top" && find . -printf '%y %i %s %T@ %n %P\n') > "$image.list"
    (cd "$top" && find . -type f -print0 | xargs -0 sha256sum) > "$image.sums"
    umount "$top"
  else
    { cat "$image.error"; dmesg | grep ntfs3; } > "$image.refused"
  fi
  losetup -d "$device"; rm -f "$image.error"
done
