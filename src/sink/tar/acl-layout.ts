import { struct, u16le, u32le } from "../../bytes/layout.ts";

/** The value of system.posix_acl_access and system.posix_acl_default begins with it (linux/posix_acl_xattr.h); version is 2. */
export const aclHeader = struct("POSIX ACL header", {
  version: u32le(),
});

/** One entry of such an ACL (linux/posix_acl_xattr.h). The id counts only for named users and groups. */
export const aclEntry = struct("POSIX ACL entry", {
  tag: u16le(),
  permissions: u16le(),
  id: u32le(),
});
