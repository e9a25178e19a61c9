import fc from "fast-check";

/* `npm run fuzz` tries the same properties with many more inputs. */
const runs = Number(process.env.FUZZ_RUNS ?? 0);
if (runs > 0) fc.configureGlobal({ numRuns: runs });
