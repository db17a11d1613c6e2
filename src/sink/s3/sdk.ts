import { NomountError } from "../../error.ts";
import { systemCode } from "../failure.ts";

export type Sdk = typeof import("@aws-sdk/client-s3");

/** Amazon's SDK, which is installed by those who want it: it is larger than all the rest. */
export async function loadSdk(): Promise<Sdk> {
  try {
    return await import("@aws-sdk/client-s3");
  } catch (error) {
    if (systemCode(error) !== "ERR_MODULE_NOT_FOUND") throw error;
    throw new NomountError(
      "usage",
      "s3:// needs the package @aws-sdk/client-s3 beside nomount: npm install @aws-sdk/client-s3",
      {
        cause: error,
      },
    );
  }
}
