#!/usr/bin/env node
// The inspections as a command of their own. Paths are from the working directory, whatever npm script calls this.
delete process.env.INIT_CWD;
require("tsx/cjs/api").register();
require("../src/cli.ts");
