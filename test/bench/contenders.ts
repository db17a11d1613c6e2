import type { ImageFacts } from "./images/folder.ts";

export type Work = "help" | "info" | "list" | "tree" | "small" | "big" | "fragmented" | "tar";

/** What a work is done on, and where its result goes. */
export interface Job {
  readonly work: Work;
  readonly title: string;
  readonly image: ImageFacts;
  /** A stream goes to `$SINK`, a folder is `$OUT`, text is a stream nobody has to take apart. */
  readonly output: "folder" | "tar" | "content" | "text";
}

/**
 * A program that can do some of the works. Its script is for `sh`: `$TIME` stands before what is to be measured for memory,
 * `$IMAGE`, `$OFFSET` (of the partition, bytes), `$OUT` (an empty folder on a fresh tmpfs), `$MNT` (an empty folder),
 * `$NOMOUNT` and `$SINK` (takes a stream) are set.
 */
export interface Contender {
  readonly name: string;
  /** Commands that must be there. */
  readonly needs: readonly string[];
  /** It mounts. */
  readonly asRoot?: boolean;
  /** Undefined where the program cannot do it at all. */
  readonly script: (job: Job) => string | undefined;
}

const nomount: Contender = {
  name: "nomount",
  needs: [],
  script: ({ work }) => {
    switch (work) {
      case "help":
        return '$TIME $NOMOUNT --help | eval "$SINK"';
      case "info":
        return '$TIME $NOMOUNT info "$IMAGE" | eval "$SINK"';
      case "list":
        return '$TIME $NOMOUNT ls -l -R "$IMAGE" | eval "$SINK"';
      case "tree":
      case "small":
        return '$TIME $NOMOUNT cp "$IMAGE" / "$OUT"';
      case "tar":
        return '$TIME $NOMOUNT tar "$IMAGE" / | eval "$SINK"';
      case "big":
      case "fragmented":
        return `$TIME $NOMOUNT cat "$IMAGE" /${work} | eval "$SINK"`;
    }
  },
};

const sevenZip: Contender = {
  name: "7-Zip",
  needs: ["7zz"],
  script: ({ work }) => {
    switch (work) {
      case "help":
        return '$TIME 7zz --help | eval "$SINK"';
      case "info":
      case "tar":
        return undefined;
      case "list":
        return '$TIME 7zz l "$IMAGE" | eval "$SINK"';
      case "tree":
      case "small":
        return '$TIME 7zz x -y -bd -bso0 -bse0 -o"$OUT" "$IMAGE"';
      case "big":
      case "fragmented":
        return `$TIME 7zz x -so -bse0 "$IMAGE" ${work} | eval "$SINK"`;
    }
  },
};

const sleuthKit: Contender = {
  name: "The Sleuth Kit",
  needs: ["fls", "tsk_recover", "icat", "ifind", "mmls"],
  script: ({ work }) => {
    switch (work) {
      case "help":
      case "tar":
        return undefined;
      case "info":
        return '{ $TIME mmls "$IMAGE"; $TIME fsstat -o 63 "$IMAGE"; } | eval "$SINK"';
      case "list":
        return '$TIME fls -r -p -l -o 63 "$IMAGE" | eval "$SINK"';
      case "tree":
      case "small":
        return '$TIME tsk_recover -a -o 63 "$IMAGE" "$OUT"';
      case "big":
      case "fragmented":
        return `$TIME icat -o 63 "$IMAGE" $(ifind -o 63 -n /${work} "$IMAGE") | eval "$SINK"`;
    }
  },
};

const debugfs: Contender = {
  name: "debugfs",
  needs: ["debugfs"],
  script: ({ work, image }) => {
    if (image.type !== "ext4") return undefined;
    const request = work === "tree" || work === "small" ? "rdump / $OUT" : `cat /${work}`;
    const sink = work === "tree" || work === "small" ? "" : ' | eval "$SINK"';
    const able = work === "tree" || work === "small" || work === "big" || work === "fragmented";
    return able ? `$TIME debugfs -R "${request}" "$IMAGE?offset=$OFFSET"${sink}` : undefined;
  },
};

const mounted: Contender = {
  name: "loop mount",
  needs: ["mount", "losetup", "tar"],
  asRoot: true,
  script: (job) => {
    const inside = throughMount(job);
    if (job.image.type !== "ext4" || inside === undefined) return undefined;
    return `mount -o ro,noload,loop,offset=$OFFSET "$IMAGE" "$MNT" && { ${inside}; umount "$MNT"; }`;
  },
};

const ntfs3g: Contender = {
  name: "ntfs-3g",
  needs: ["ntfs-3g", "losetup", "tar"],
  asRoot: true,
  script: (job) => {
    const inside = throughMount(job);
    if (job.image.type !== "ntfs" || inside === undefined) return undefined;
    const device = 'DEVICE=$(losetup --read-only --find --show --offset "$OFFSET" "$IMAGE")';
    return `${device} && ntfs-3g -o ro "$DEVICE" "$MNT" && { ${inside}; umount "$MNT"; }; losetup --detach "$DEVICE"`;
  },
};

/** The page cache itself: as many bytes, from the image. */
const dd: Contender = {
  name: "dd",
  needs: ["dd"],
  script: ({ work, image }) =>
    work === "big" && image.name === "big-ext4"
      ? '$TIME dd if="$IMAGE" bs=1M count=1024 status=none | eval "$SINK"'
      : undefined,
};

export const contenders: readonly Contender[] = [nomount, sevenZip, sleuthKit, debugfs, mounted, ntfs3g, dd];

/** The tools that everybody has, over what the kernel or ntfs-3g shows. GNU tar is never given /dev/null: it would read nothing. */
function throughMount({ work }: Job): string | undefined {
  switch (work) {
    case "help":
    case "info":
      return undefined;
    case "list":
      return '$TIME ls -lRA "$MNT" | eval "$SINK"';
    case "tree":
    case "small":
      return '$TIME cp -a "$MNT/." "$OUT"';
    case "tar":
      return `$TIME tar -C "$MNT" --xattrs --xattrs-include='*' --acls --sparse -cf - . | eval "$SINK"`;
    case "big":
    case "fragmented":
      return `$TIME cat "$MNT/${work}" | eval "$SINK"`;
  }
}
