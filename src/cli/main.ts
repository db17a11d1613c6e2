#!/usr/bin/env node
import { Context } from "./context.ts";
import { Output } from "./output.ts";
import { run } from "./run.ts";

process.exitCode = await run(process.argv.slice(2), new Context(new Output(1), new Output(2)));
