import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import { UserError } from "@istio-on-pulumi/kube";
import { controlPlane, partFiles } from "../../src/control-plane/parts";
import { Pki } from "../../src/control-plane/pki";
import { proxyMode } from "../../src/control-plane/proxy-mode";
import { labPlace } from "../../src/place";
import { processImages } from "../../src/pods/images";

const home = mkdtempSync(join(tmpdir(), "parts-"));
afterAll(() => rmSync(home, { recursive: true, force: true }));
const place = labPlace({ XDG_STATE_HOME: home, XDG_CACHE_HOME: home });

describe("the control plane", () => {
    const parts = (env: NodeJS.ProcessEnv = {}) => controlPlane(place, Pki.open(place.pki), proxyMode(env));

    it("starts each part after parts and tasks that exist", () => {
        const names = parts().map(({ name }) => name);
        expect(new Set(names).size).toBe(names.length);
        const unknown = parts()
            .flatMap(({ after }) => after)
            .filter((name) => ![...names, "objects"].includes(name));
        expect(unknown).toEqual([]);
    });

    it.each([
        [{}, "iptables"],
        [{ LAB_PROXY_MODE: "" }, "iptables"],
        [{ LAB_PROXY_MODE: "nftables" }, "nftables"],
    ])("has kube-proxy write the rules that %j asks for", (env, mode) => {
        const flags = parts(env)
            .find(({ name }) => name === "kube-proxy")
            ?.args.filter((arg) => arg.startsWith("--proxy-mode"));
        expect(flags).toEqual([`--proxy-mode=${mode}`]);
    });

    it("refuses a mode that there is not", () => {
        expect(() => proxyMode({ LAB_PROXY_MODE: "ipvs" })).toThrow(
            new UserError('LAB_PROXY_MODE is "ipvs": set it to iptables or nftables.'),
        );
    });
});

describe("kwok's stages", () => {
    const stages = (dataPlane: boolean) =>
        Object.entries(partFiles(place, dataPlane)).find(([file]) => file.endsWith("kwok-stages.yaml"))?.[1] ?? "";

    it.each([true, false])("are YAML that leaves out the pods that run as processes (data plane %j)", (dataPlane) => {
        const documents = parseAllDocuments(stages(dataPlane));
        expect(documents).toHaveLength(3);
        for (const document of documents) expect(document.toJS()).toMatchObject({ kind: "Stage" });
        const images = `test("${processImages(dataPlane)}")`;
        expect(stages(dataPlane).split(images)).toHaveLength(3);
    });
});
