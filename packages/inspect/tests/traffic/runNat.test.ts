import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { Site } from "./site";

const site = new Site();

describe("a node's NAT rules", () => {
    const path = process.env.PATH;
    afterEach(() => {
        process.env.PATH = path;
    });

    /** A node that prints that file when it is asked by ssh. */
    function nodePrints(file: string) {
        writeFileSync(join(site.dir, "ssh"), `#!/bin/sh\ncat > /dev/null\ncat ${file}\n`);
        chmodSync(join(site.dir, "ssh"), 0o755);
        process.env.PATH = `${site.dir}:${path}`;
        return { kind: "ssh", target: "root@10.0.0.1" } as const;
    }

    it("are read before and after, and counted between", async () => {
        const rules = nodePrints(site.rulesFile(500));
        let seen = 500;
        site.page = () => {
            site.rulesFile(++seen);
            return { pod: "reviews-v1" };
        };
        const { traffic: report } = await site.traffic({ requests: 12 }, { rules });
        expect(report!.nat).toMatchObject({
            counted: true,
            source: "the rules of root@10.0.0.1",
            node: "node-1",
            servicePort: "shop/front-istio:http",
            nodePort: Number(site.bookinfo.url.port),
        });
        const { steps } = report!.nat as Extract<typeof report, object>["nat"] & { counted: true };
        expect(steps.map(({ step, connections, pod }) => [step, connections, pod])).toEqual([
            ["node port", 12, undefined],
            ["external", 12, undefined],
            ["service", 12, undefined],
            ["endpoint", 12, "front-istio-1"],
        ]);
    });

    it("that count nothing are noted where there were answers", async () => {
        const { findings, ok } = await site.traffic({ requests: 3 }, { rules: nodePrints(site.rulesFile(500)) });
        expect(findings.map(({ severity, code }) => `${severity} ${code}`)).toEqual(["note traffic/nat-silent"]);
        expect(ok).toBe(true);
    });

    it("that cannot be read are a sentence, not a failure", async () => {
        const rules = nodePrints(join(site.dir, "none"));
        const { traffic: report, ok } = await site.traffic({ requests: 3 }, { rules });
        expect(report!.nat).toEqual({
            counted: false,
            why: expect.stringMatching(/^The host root@10\.0\.0\.1 cannot be asked by ssh/) as string,
        });
        expect(ok).toBe(true);
    });
});
