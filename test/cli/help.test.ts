import { describe, expect, test } from "vitest";
import { runCommand } from "../support/run-command.ts";

describe("--help", () => {
  test("of the whole", async () => {
    const { status, stdout, stderr } = await runCommand(["--help"]);
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout).toMatchInlineSnapshot(`
      "Usage: nomount [options] [command]

      Reads the filesystems in disk images and block devices, without mounting
      anything, and copies files out whole.

      Options:
        -V, --version                          show the version
        --help                                 show this help

      Commands:
        info <image> [address]                 show what an image holds, at any depth
        ls <image> [address...]                list directories
        stat <image> <address...>              show everything known of a file
        cat <image> <address...>               write the content of files to standard output
        find <image> [address...]              search for files by name, type, size, time
        map <image> <address...>               show where a file's bytes lie on the device
        cp <image> <address...> <destination>  copy files and trees to a folder or archive
        tar <image> <address...>               write files and trees to standard output, or a file, as a tar stream
        verify <manifest> <destination>        compare a destination with the manifest of a copy

      Examples:
        # What is in there?
        nomount info disk.img
        # Look around
        nomount ls -l disk.img p1:/etc
        # Copy a tree out
        nomount cp disk.img p1:/home ./restored
        # The same as a tar stream, from a pipe to a pipe
        zcat disk.img.gz | nomount tar - p1:/home | gzip > home.tar.gz

      An image with a single filesystem needs no volume name: nomount ls root.img /etc
      Exit status: 0 all done, 1 some not, 2 wrong use, 3 image not readable, 4 destination failed, 130 interrupted.
      "
    `);
  });

  test("of info", async () =>
    expect((await runCommand(["info", "--help"])).stdout).toMatchInlineSnapshot(`
      "Usage: nomount info [options] <image> [address]

      Shows partitions as fdisk does, each with its byte offset, and the filesystems
      in them with type, label, UUID, space and state.

      Arguments:
        image                   disk image, block device, first part of a split image,
                                or - for standard input
        address                 a volume inside it: only that and what it holds

      Options:
        -l, --long              with all that is known of each volume and filesystem:
                                layout, block size, features ...
        -a, --all               also volumes that are only parts of others
        --history               also earlier states of volume groups that their
                                metadata still tells, for --at-seqno
        --scan                  also search the whole image for filesystems and
                                tables, for disks whose tables are lost
        --json                  one JSON object
        --sector-size <bytes>   logical sector size of the disk, 512 or 4096, where
                                its tables do not tell
        --spool-dir <folder>    where standard input (-) is kept while it is read;
                                default: the system's temporary folder
        --no-replay             show filesystems as they lie on the disk, not as their
                                guests would recover them from their journals
        --journal <file>        device or image with the journal of an ext filesystem,
                                where it is not on the same one
        --pv <file>             a further disk or image of the same volume group or
                                array; may be given several times
        --leg <volume=n>        read a mirror (vg/lv, md0) from its leg n alone,
                                counted from 0, stale or not; may be given several
                                times
        --at-seqno <[group:]n>  open a volume group as its metadata text n describes
                                it, as \`info --history\` lists them
        --help                  show this help

      Examples:
        # What is in there?
        nomount info disk.img
        # A block device, for a program
        nomount info --json /dev/vg0/vm01-snap | jq .disks
        # What a volume group was before
        nomount info --history disk.img
        # The partition table is lost
        nomount info --scan disk.img
        # Use what the search found
        nomount ls disk.img @1048576:/

      "
    `));
  test("of ls", async () =>
    expect((await runCommand(["ls", "--help"])).stdout).toMatchInlineSnapshot(`
      "Usage: nomount ls [options] <image> [address...]

      Lists directories, every entry on a line of its own, sorted by name. Times are
      UTC.

      Arguments:
        image                   disk image, block device, first part of a split image,
                                or - for standard input
        address                 [VOLUME:]PATH inside it, as \`nomount info\` names
                                volumes; without one, the root

      Options:
        -l, --long              with mode, links, owner, group, size, time of change
                                and link target
        -h, --human             with -l: sizes like 1.5K and 20M
        -R, --recursive         and all directories below
        -0, --null              only names, exactly as they are, each ended by a NUL
        --json                  one JSON object a line for each entry
        --sector-size <bytes>   logical sector size of the disk, 512 or 4096, where
                                its tables do not tell
        --spool-dir <folder>    where standard input (-) is kept while it is read;
                                default: the system's temporary folder
        --no-replay             show filesystems as they lie on the disk, not as their
                                guests would recover them from their journals
        --journal <file>        device or image with the journal of an ext filesystem,
                                where it is not on the same one
        --pv <file>             a further disk or image of the same volume group or
                                array; may be given several times
        --leg <volume=n>        read a mirror (vg/lv, md0) from its leg n alone,
                                counted from 0, stale or not; may be given several
                                times
        --at-seqno <[group:]n>  open a volume group as its metadata text n describes
                                it, as \`info --history\` lists them
        --help                  show this help

      Examples:
        # The root of an image with a single filesystem
        nomount ls root.img
        # A directory of the first partition
        nomount ls -l disk.img p1:/etc
        # Everything, for a program
        nomount ls -R --json disk.img p1: | jq -r .address

      On a terminal, control characters in names are escaped; in a file or pipe names are their exact bytes.
      "
    `));
  test("of stat", async () =>
    expect((await runCommand(["stat", "--help"])).stdout).toMatchInlineSnapshot(`
      "Usage: nomount stat [options] <image> <address...>

      Shows kind, size, owner, mode, all times (UTC), flags, extended attributes,
      streams and how the content lies.

      Arguments:
        image                   disk image, block device, first part of a split image,
                                or - for standard input
        address                 [VOLUME:]PATH inside it, as \`nomount info\` names
                                volumes

      Options:
        -L, --dereference       of a symbolic link, show what it leads to
        --json                  one JSON object a line for each file
        --sector-size <bytes>   logical sector size of the disk, 512 or 4096, where
                                its tables do not tell
        --spool-dir <folder>    where standard input (-) is kept while it is read;
                                default: the system's temporary folder
        --no-replay             show filesystems as they lie on the disk, not as their
                                guests would recover them from their journals
        --journal <file>        device or image with the journal of an ext filesystem,
                                where it is not on the same one
        --pv <file>             a further disk or image of the same volume group or
                                array; may be given several times
        --leg <volume=n>        read a mirror (vg/lv, md0) from its leg n alone,
                                counted from 0, stale or not; may be given several
                                times
        --at-seqno <[group:]n>  open a volume group as its metadata text n describes
                                it, as \`info --history\` lists them
        --help                  show this help

      Examples:
        # A file of the second partition
        nomount stat disk.img p2:/etc/shadow
        # Its extended attributes, for a program
        nomount stat --json disk.img p2:/bin/ping | jq .xattrs

      "
    `));
  test("of cat", async () =>
    expect((await runCommand(["cat", "--help"])).stdout).toMatchInlineSnapshot(`
      "Usage: nomount cat [options] <image> <address...>

      Writes files one after the other, holes as zeros. Symbolic links are followed
      inside the volume.

      Arguments:
        image                   disk image, block device, first part of a split image,
                                or - for standard input
        address                 [VOLUME:]PATH inside it, as \`nomount info\` names
                                volumes; PATH:STREAM for a named stream

      Options:
        --json                  on standard error, one JSON object a line for each
                                file
        --sector-size <bytes>   logical sector size of the disk, 512 or 4096, where
                                its tables do not tell
        --spool-dir <folder>    where standard input (-) is kept while it is read;
                                default: the system's temporary folder
        --no-replay             show filesystems as they lie on the disk, not as their
                                guests would recover them from their journals
        --journal <file>        device or image with the journal of an ext filesystem,
                                where it is not on the same one
        --pv <file>             a further disk or image of the same volume group or
                                array; may be given several times
        --leg <volume=n>        read a mirror (vg/lv, md0) from its leg n alone,
                                counted from 0, stale or not; may be given several
                                times
        --at-seqno <[group:]n>  open a volume group as its metadata text n describes
                                it, as \`info --history\` lists them
        --help                  show this help

      Examples:
        # A file of the first partition
        nomount cat disk.img p1:/etc/fstab
        # A named stream of a file on NTFS
        nomount cat disk.img 'p1:/Users/ana/setup.exe:Zone.Identifier'

      A file that cannot be read to its end stops where its bytes are lost; the next ones follow, and the exit status is 1.

      "
    `));
  test("of find", async () =>
    expect((await runCommand(["find", "--help"])).stdout).toMatchInlineSnapshot(`
      "Usage: nomount find [options] <image> [address...]

      Searches directories and everything below. All conditions must hold; of one
      given several times, --size all, others any.

      Arguments:
        image                   disk image, block device, first part of a split image,
                                or - for standard input
        address                 [VOLUME:]PATH inside it, as \`nomount info\` names
                                volumes; without one, every filesystem in the image

      Options:
        --name <glob>           the name matches: *, ?, [a-z], {one,other}; may be
                                repeated
        --iname <glob>          the same, upper and lower case alike
        --type <letters>        f file, d directory, l link, p fifo, s socket, c or b
                                device; several joined by commas
        --size <size>           +10M more than, -4k less than, 512 exactly; k, M, G, T
                                are powers of 1024
        --newer <time>          changed after a date, a time, an age (7d) or a local
                                file (./stamp)
        --older <time>          changed before that
        -l, --long              as \`nomount ls -l\` shows files
        -0, --null              addresses exactly as they are, each ended by a NUL
        --json                  one JSON object a line for each file found
        --sector-size <bytes>   logical sector size of the disk, 512 or 4096, where
                                its tables do not tell
        --spool-dir <folder>    where standard input (-) is kept while it is read;
                                default: the system's temporary folder
        --no-replay             show filesystems as they lie on the disk, not as their
                                guests would recover them from their journals
        --journal <file>        device or image with the journal of an ext filesystem,
                                where it is not on the same one
        --pv <file>             a further disk or image of the same volume group or
                                array; may be given several times
        --leg <volume=n>        read a mirror (vg/lv, md0) from its leg n alone,
                                counted from 0, stale or not; may be given several
                                times
        --at-seqno <[group:]n>  open a volume group as its metadata text n describes
                                it, as \`info --history\` lists them
        --help                  show this help

      Examples:
        # Logs that changed in the last week before the snapshot
        nomount find disk.img p2:/var/log --name '*.log' --newer 2024-01-24
        # Large files anywhere in the image
        nomount find -l disk.img --type f --size +100M
        # Copy what was found
        nomount find -0 disk.img p1: --name '*.doc' | xargs -0 sh -c 'nomount cp disk.img "$@" ./docs' sh

      "
    `));
  test("of map", async () =>
    expect((await runCommand(["map", "--help"])).stdout).toMatchInlineSnapshot(`
      "Usage: nomount map [options] <image> <address...>

      Shows a file's extents down to byte offsets on the device or image, through
      every volume in between.

      Arguments:
        image                   disk image, block device, first part of a split image,
                                or - for standard input
        address                 [VOLUME:]PATH inside it, as \`nomount info\` names
                                volumes; PATH:STREAM for a named stream

      Options:
        --json                  one JSON object a line for each extent
        --sector-size <bytes>   logical sector size of the disk, 512 or 4096, where
                                its tables do not tell
        --spool-dir <folder>    where standard input (-) is kept while it is read;
                                default: the system's temporary folder
        --no-replay             show filesystems as they lie on the disk, not as their
                                guests would recover them from their journals
        --journal <file>        device or image with the journal of an ext filesystem,
                                where it is not on the same one
        --pv <file>             a further disk or image of the same volume group or
                                array; may be given several times
        --leg <volume=n>        read a mirror (vg/lv, md0) from its leg n alone,
                                counted from 0, stale or not; may be given several
                                times
        --at-seqno <[group:]n>  open a volume group as its metadata text n describes
                                it, as \`info --history\` lists them
        --help                  show this help

      Examples:
        # Where is it?
        nomount map disk.img p2:/etc/fstab
        # Read it with dd (offset and length from the line above)
        dd if=disk.img iflag=skip_bytes,count_bytes skip=41943040 count=120

      "
    `));
  test("of cp", async () =>
    expect((await runCommand(["cp", "--help"])).stdout).toMatchInlineSnapshot(`
      "Usage: nomount cp [options] <image> <address...> <destination>

      Copies files and trees to a folder, each under its own name; the root of a
      volume as its content, straight into the folder. The folder is made where it is
      missing. Nothing is written through a symbolic link, and no name leads out of
      the folder. A name that ends in .tar is an archive, and - is a tar stream on
      standard output. Folders and archives may be on servers: sftp://user@host/path/,
      ftps://user@host/path/, s3://bucket/prefix/.

      Arguments:
        image                   disk image, block device, first part of a split image,
                                or - for standard input
        address                 [VOLUME:]PATH of what to copy, and at the end the
                                folder or archive to copy to

      Options:
        --owners                give files the guest's owners and groups (default for
                                root)
        --no-owners             leave files to whoever runs this
        --existing <what>       files that are there already (choices: "replace",
                                "refuse", default: "replace")
        --damaged <what>        files of which a part cannot be read: leave them out,
                                or keep them with zeros there; either way they are
                                named and the exit status is 1 (choices: "leave-out",
                                "keep", default: "leave-out")
        --manifest <file>       write down path, size, times and SHA-256 of what was
                                copied, for \`nomount verify\` and sha256sum -c
        --verify                read everything back and compare its SHA-256
        --since <manifest>      only what is new or changed since that manifest was
                                made; what is gone is listed
        --resume                go on where a run was ended: what is there, with its
                                size and time, is not copied again, and large files on
                                servers are continued
        --jobs <n>              files on their way, or threads that write, at once
        --bwlimit <size>        bytes a second at most, as 500k or 10M
        --include <glob>        only what matches by name, or by path from the
                                volume's root if it has a /; may be repeated
        --exclude <glob>        leave out what matches, directories with all they
                                hold; may be repeated
        --newer <time>          only files changed after a date, a time, an age (7d)
                                or a local file (./stamp)
        --streams <how>         named streams (NTFS): as files NAME:STREAM beside
                                theirs, as extended attributes user.STREAM, or not at
                                all (choices: "beside", "xattr", "none", default:
                                "beside")
        --progress <how>        a line on a terminal, a JSON object a second on
                                standard error, or none (choices: "auto", "json",
                                "none", default: "auto")
        -q, --quiet             no progress and no summary; what goes wrong is still
                                said
        --json                  the report as one JSON object on standard output
        --sector-size <bytes>   logical sector size of the disk, 512 or 4096, where
                                its tables do not tell
        --spool-dir <folder>    where standard input (-) is kept while it is read;
                                default: the system's temporary folder
        --no-replay             show filesystems as they lie on the disk, not as their
                                guests would recover them from their journals
        --journal <file>        device or image with the journal of an ext filesystem,
                                where it is not on the same one
        --pv <file>             a further disk or image of the same volume group or
                                array; may be given several times
        --leg <volume=n>        read a mirror (vg/lv, md0) from its leg n alone,
                                counted from 0, stale or not; may be given several
                                times
        --at-seqno <[group:]n>  open a volume group as its metadata text n describes
                                it, as \`info --history\` lists them
        --help                  show this help

      Options for servers:
        --retries <n>           attempts after one that failed for a reason that may
                                pass; default: 5
        --timeout <seconds>     without an answer for so long, the line is taken for
                                broken; default: 60
        --map-names             percent-encode names that the server cannot hold,
                                instead of naming them as failed
        --password-file <file>  its first line is the password; or the variable
                                NOMOUNT_PASSWORD
        --ca-file <file>        FTPS: trust the certificates in it too
        -i, --identity <file>   SFTP: private key to log in with; may be repeated
        --known-hosts <file>    SFTP: the only file of host keys that are trusted
        --ssh-config <file>     SFTP: the only ssh_config that is read
        --fsync                 SFTP: each file is on the server's disk before it gets
                                its name
        --endpoint <url>        S3: of a service other than Amazon's
        --path-style            S3: the bucket in the path, not in the host name
        --storage-class <name>  S3: STANDARD_IA, GLACIER ...
        --checksum <algorithm>  S3: that each upload carries; default: what the
                                service requires (choices: "crc32", "crc32c",
                                "crc64nvme", "sha1", "sha256")

      Examples:
        # A home directory
        nomount cp disk.img p1:/home/ana ./restored
        # A whole volume into an empty folder
        nomount cp disk.img p1:/ ./restored
        # Straight to a backup server
        nomount cp disk.img p1:/home sftp://backup@host/vm01/
        # Again after it was interrupted, with a record of it
        nomount cp --resume --manifest ana.sha256 disk.img p1:/home/ana ./restored
        # Documents that changed in the last week
        nomount cp disk.img p2:/Users ./docs --include '*.docx' --newer 7d

      "
    `));
  test("of tar", async () =>
    expect((await runCommand(["tar", "--help"])).stdout).toMatchInlineSnapshot(`
      "Usage: nomount tar [options] <image> <address...>

      Writes a tar stream (pax) with everything that tar can hold: owners, links,
      devices, times to the nanosecond, extended attributes, ACLs, holes. Names are as
      \`nomount cp\` has them.

      Arguments:
        image                     disk image, block device, first part of a split
                                  image, or - for standard input
        address                   [VOLUME:]PATH inside it, as \`nomount info\` names
                                  volumes

      Options:
        -f, --file <destination>  write it there, whole or not at all, as its name
                                  says: .tar, .tar.gz, .tar.zst, .zip (default: "-")
        -z, --gzip                compress it by gzip
        --zstd                    compress it by zstd
        --include <glob>          only what matches by name, or by path from the
                                  volume's root if it has a /; may be repeated
        --exclude <glob>          leave out what matches, directories with all they
                                  hold; may be repeated
        --newer <time>            only files changed after a date, a time, an age (7d)
                                  or a local file (./stamp)
        --streams <how>           named streams (NTFS): as files NAME:STREAM beside
                                  theirs, as extended attributes user.STREAM, or not
                                  at all (choices: "beside", "xattr", "none", default:
                                  "beside")
        --progress <how>          a line on a terminal, a JSON object a second on
                                  standard error, or none (choices: "auto", "json",
                                  "none", default: "auto")
        -q, --quiet               no progress and no summary; what goes wrong is still
                                  said
        --json                    the report as one JSON object on standard error
        --sector-size <bytes>     logical sector size of the disk, 512 or 4096, where
                                  its tables do not tell
        --spool-dir <folder>      where standard input (-) is kept while it is read;
                                  default: the system's temporary folder
        --no-replay               show filesystems as they lie on the disk, not as
                                  their guests would recover them from their journals
        --journal <file>          device or image with the journal of an ext
                                  filesystem, where it is not on the same one
        --pv <file>               a further disk or image of the same volume group or
                                  array; may be given several times
        --leg <volume=n>          read a mirror (vg/lv, md0) from its leg n alone,
                                  counted from 0, stale or not; may be given several
                                  times
        --at-seqno <[group:]n>    open a volume group as its metadata text n describes
                                  it, as \`info --history\` lists them
        --help                    show this help

      Examples:
        # A home directory
        nomount tar disk.img p1:/home/ana > ana.tar
        # Onto another machine, everything kept
        nomount tar disk.img p1:/ | ssh root@host 'tar -x -C /mnt --xattrs --xattrs-include="*" --acls --numeric-owner'
        # From a compressed image to a compressed archive
        zcat disk.img.gz | nomount tar -z - p1:/etc > etc.tar.gz

      "
    `));

  test("every command has options for the image, --json, and examples that begin with its name", async () => {
    const { stdout } = await runCommand(["--help"]);
    const commands = [...stdout.matchAll(/^ {2}(\w+) <image>/gm)].map(([, name = ""]) => name);
    expect(commands).toHaveLength(8);
    for (const command of commands) {
      const { stdout: help } = await runCommand([command, "--help"]);
      for (const option of ["--json", "--sector-size", "--spool-dir"]) expect(help).toContain(option);
      expect(help).toMatch(new RegExp(`^ {2}.*nomount ${command} `, "m"));
    }
  });
});

describe("wrong use ends with status 2, says what is wrong, and where help is", () => {
  test.each([
    [[], "Usage: nomount"],
    [["foo"], "nomount: unknown command 'foo'\nTry 'nomount --help'.\n"],
    [["lss"], "nomount: unknown command 'lss'\n(Did you mean ls?)\nTry 'nomount --help'.\n"],
    [["ls"], "nomount: missing required argument 'image'\nTry 'nomount ls --help'.\n"],
    [["ls", "--bogus", "x"], "nomount: unknown option '--bogus'\nTry 'nomount ls --help'.\n"],
    [
      ["info", "x", "y", "z"],
      "nomount: too many arguments for 'info'. Expected 2 arguments but got 3.\nTry 'nomount info --help'.\n",
    ],
    [["ls", "--sector-size", "1000", "x"], "expected 512 or 4096"],
    [["find", "--size", "big", "x"], "expected a size like +10M"],
    [["find", "--newer", "soon", "x"], "expected a date (2024-01-31)"],
    [["find", "--type", "x", "x"], "expected letters of f, d, l"],
    [["cp", "x", "p1:/"], "nomount: missing argument: an address and a destination are needed\nTry 'nomount cp --help'.\n"],
    [["cp", "--streams", "somehow", "x", "p1:/", "y"], "Allowed choices are beside, xattr, none."],
  ])("%j", async (args, message) => {
    const { status, stdout, stderr } = await runCommand(args);
    expect([status, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(message);
  });
});

test("--version is that of the package", async () => {
  const { default: manifest } = await import("../../package.json", { with: { type: "json" } });
  expect((await runCommand(["--version"])).stdout).toBe(`${manifest.version}\n`);
});
