import { describe, expect, test } from "vitest";
import { parsePlace } from "../../src/cli/place.ts";
import { NomountError } from "../../src/error.ts";

test.each([
  ["out/folder", { scheme: "file", path: "out/folder" }],
  ["c:\\out", { scheme: "file", path: "c:\\out" }],
  ["-", { scheme: "stdout", path: "-" }],
  ["sftp://backup@host/vm01/", { scheme: "sftp", host: "host", port: undefined, user: "backup", path: "/vm01/" }],
  ["SCP://host:2222/~/vm01", { scheme: "sftp", host: "host", port: 2222, user: undefined, path: "vm01" }],
  ["sftp://[fe80::1%25eth0]", { scheme: "sftp", host: "fe80::1%eth0", port: undefined, user: undefined, path: "/" }],
  ["ftp://a%40b@host/in%20here", { scheme: "ftp", host: "host", port: undefined, user: "a@b", path: "in here" }],
  ["ftps://host//srv/x.tar", { scheme: "ftps", host: "host", port: undefined, user: undefined, path: "/srv/x.tar" }],
  ["s3://bucket", { scheme: "s3", bucket: "bucket", path: "" }],
  ["s3://bucket/a b/%41/", { scheme: "s3", bucket: "bucket", path: "a b/%41/" }],
])("%s", (word, place) => expect(parsePlace(word)).toEqual(place));

describe("refused, without repeating a secret", () => {
  test.each([
    ["sftp://me:s3cret@host/", "no password in an address"],
    ["ftp://me:s3cret@host/", "--password-file"],
    ["s3://AKIA:s3cret@bucket/", "no credentials in the address"],
    ["http://host/", "http:// is no destination"],
    ["sftp://", "expected sftp://[user@]host[:port]/path"],
    ["sftp://host:99999/", "expected sftp://"],
    ["sftp://-oProxyCommand=x/", "expected sftp://"],
    ["s3://", "expected s3://bucket/prefix/"],
    ["ftp://host/100%", "a % is written %25"],
  ])("%s", (word, message) => {
    let thrown: unknown;
    try {
      parsePlace(word);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(NomountError);
    const said = thrown instanceof NomountError ? [thrown.kind, thrown.message] : [];
    expect(said).toEqual(["usage", expect.stringContaining(message)]);
    expect(said[1]).not.toContain("s3cret");
  });
});
