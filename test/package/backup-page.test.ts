import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv } from "ajv";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { repositoryFolder } from "../support/repository.ts";

const readme = readFileSync(join(repositoryFolder, "README.md"), "utf8");
const blocks = (language: string): readonly string[] =>
  [...readme.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, "gms"))].map(([, text = ""]) => text);

const text = { type: "string", minLength: 1 } as const;
const quantity = { type: "string", pattern: "^[0-9]+(m|Ki|Mi|Gi)?$" } as const;
const object = (properties: Record<string, unknown>, required: readonly string[] = Object.keys(properties)) => ({
  type: "object",
  properties,
  required,
  additionalProperties: false,
});
const list = (items: unknown) => ({ type: "array", items, minItems: 1 });

/**
 * What of batch/v1 Job the page may use, as the Kubernetes API reference (v1.31) names it: a misspelt field is no field. And
 * what it promises: no user but an ordinary one, no capability, no way to more.
 */
const JOB = object({
  apiVersion: { const: "batch/v1" },
  kind: { const: "Job" },
  metadata: object({ name: { type: "string", pattern: "^[a-z0-9-]{1,63}$" } }),
  spec: object({
    backoffLimit: { type: "integer", minimum: 0 },
    ttlSecondsAfterFinished: { type: "integer", minimum: 0 },
    template: object({
      spec: object({
        restartPolicy: { enum: ["Never", "OnFailure"] },
        automountServiceAccountToken: { const: false },
        securityContext: object({
          runAsNonRoot: { const: true },
          runAsUser: { type: "integer", minimum: 1 },
          runAsGroup: { type: "integer", minimum: 1 },
          supplementalGroups: list({ type: "integer", minimum: 1 }),
          seccompProfile: object({ type: { const: "RuntimeDefault" } }),
        }),
        containers: list(
          object({
            name: text,
            image: text,
            command: list(text),
            envFrom: list(object({ secretRef: object({ name: text }) })),
            resources: object({
              requests: object({ cpu: quantity, memory: quantity }),
              limits: object({ memory: quantity }),
            }),
            securityContext: object({
              allowPrivilegeEscalation: { const: false },
              readOnlyRootFilesystem: { const: true },
              capabilities: object({ drop: { const: ["ALL"] } }),
            }),
            volumeDevices: list(object({ name: text, devicePath: { type: "string", pattern: "^/dev/" } })),
          }),
        ),
        volumes: list(
          object({ name: text, persistentVolumeClaim: object({ claimName: text, readOnly: { type: "boolean" } }) }),
        ),
      }),
    }),
  }),
});

test("the Kubernetes manifest fits its schema, and its device is one of its volumes", () => {
  const [manifest, ...others] = blocks("yaml").map((block) => parse(block));
  expect(others).toEqual([]);
  const ajv = new Ajv({ allErrors: true, strict: false });
  expect(ajv.validate(JOB, manifest), ajv.errorsText()).toBe(true);
  const { containers, volumes } = manifest.spec.template.spec;
  const [container] = containers;
  expect(volumes.map(({ name }: { name: string }) => name)).toContain(container.volumeDevices[0].name);
  expect(container.command).toContain(container.volumeDevices[0].devicePath);
  expect(ajv.validate(JOB, { ...manifest, privileged: true })).toBe(false);
});

/** systemd.unit(5), systemd.service(5), systemd.exec(5), systemd.timer(5), systemd.resource-control(5): those that are used. */
const UNIT_KEYS: Readonly<Record<string, readonly string[]>> = {
  Unit: ["Description", "Wants", "After"],
  Service: ["Type", "ExecStart", "Restart", "RestartSec", "Nice", "IOSchedulingClass", "MemoryMax"],
  Timer: ["OnCalendar", "RandomizedDelaySec", "Persistent"],
  Install: ["WantedBy"],
};

test("the units have sections and keys that systemd knows", () => {
  const units = blocks("ini");
  expect(units).toHaveLength(2);
  for (const unit of units) {
    let section = "";
    for (const line of unit.split("\n").filter((line) => line !== "" && !line.startsWith("#"))) {
      const [, heading] = /^\[(\w+)\]$/.exec(line) ?? [];
      if (heading !== undefined) section = heading;
      else expect(UNIT_KEYS[section], line).toContain(line.slice(0, line.indexOf("=")));
    }
  }
});

test("the script is one that sh reads, and its options are those of cp", () => {
  const [script = ""] = blocks("sh").filter((block) => block.startsWith("#!"));
  const { status, stderr } = spawnSync("sh", ["-n"], { input: script, encoding: "utf8", timeout: 20_000 });
  expect([status, stderr]).toEqual([0, ""]);
  const source = ["cp", "copy-options", "server-options"].map((name) =>
    readFileSync(join(repositoryFolder, `src/cli/${name}.ts`), "utf8"),
  );
  for (const [option] of (/^nomount cp.*$/m.exec(script)?.[0] ?? "").matchAll(/--[a-z-]+/g))
    expect(source.join("")).toContain(option);
});
