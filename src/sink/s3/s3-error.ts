import { reason, systemCode } from "../failure.ts";
import { entryError, refusedError, StoreError } from "../remote/store-error.ts";

/** Nothing else would fare better, by the names of the service: docs.aws.amazon.com, S3 API, "Error responses". */
const OF_ALL = new Map([
  ["ExpiredToken", "the token has expired"],
  ["ExpiredTokenException", "the token has expired"],
  ["InvalidToken", "the token is not valid"],
  ["InvalidAccessKeyId", "there is no such access key"],
  ["SignatureDoesNotMatch", "the secret key does not fit the access key"],
  ["NoSuchBucket", "there is no such bucket"],
  ["RequestTimeTooSkewed", "the clock of this machine is wrong"],
  ["QuotaExceeded", "the quota is used up"],
  ["XMinioStorageFull", "the destination is full"],
  ["CredentialsProviderError", "no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"],
]);

/** What the SDK threw after its own attempts, as ours: nothing of it is worth another. */
export function s3Error(label: string, error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  if (!(error instanceof Error)) return refusedError(`${label}: ${String(error)}`);
  const known = OF_ALL.get(error.name);
  if (known !== undefined) return refusedError(`${label}: ${known}`, error);
  const status = statusOf(error);
  if (status === 507) return refusedError(`${label}: the destination is full`, error);
  if (status === 403 || status === 401) return entryError("permission denied", error);
  if (status !== undefined && status < 500 && status !== 429)
    return entryError(`the service says "${error.message}" (${error.name})`, error);
  const code = systemCode(error);
  if (code === "ENOTFOUND") return refusedError(`${label}: no such host`, error);
  const said = code !== undefined && /^E[A-Z]+$/.test(code) ? reason(error) : `${error.message} (${error.name})`;
  return refusedError(`${label}: ${said}, at each attempt`, error);
}

export function isMissing(error: unknown): boolean {
  return error instanceof Error && statusOf(error) === 404 && error.name !== "NoSuchBucket";
}

function statusOf(error: Error): number | undefined {
  if (!("$metadata" in error) || typeof error.$metadata !== "object" || error.$metadata === null) return undefined;
  const { $metadata } = error;
  return "httpStatusCode" in $metadata && typeof $metadata.httpStatusCode === "number" ? $metadata.httpStatusCode : undefined;
}
