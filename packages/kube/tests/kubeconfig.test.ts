import { mkdirSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type ClusterReference, UserError } from "../src";
import { loadContext } from "../src/kubeconfig";
import { kubeconfigText, temporaryDirectory, writeKubeconfig } from "../testing";

const ONE = "https://one.example:6443";
const TWO = "https://two.example:6443";

/** How the program that asks has its users name another one. */
const WAYS = { kubeconfig: "use-kubeconfig <path>", context: "use-context <name>" };
// eslint-disable-next-line @typescript-eslint/require-await -- what is thrown is told as a rejection
const load = async (reference: ClusterReference) => loadContext(reference, WAYS);

/** Context and server that a reference leads to. */
async function chosen(reference: ClusterReference) {
    const config = await load(reference);
    return [config.name, config.cluster.server];
}

/** Writes `~/.kube/config`. */
function writeHome(text: string): void {
    mkdirSync(join(process.env.HOME!, ".kube"));
    writeFileSync(join(process.env.HOME!, ".kube", "config"), text);
}

beforeEach(() => {
    vi.stubEnv("HOME", temporaryDirectory());
    vi.stubEnv("KUBECONFIG", undefined);
});
afterEach(() => {
    vi.unstubAllEnvs();
});

describe("loadContext", () => {
    it("takes the named file and its current context, whatever the environment says", async () => {
        vi.stubEnv("KUBECONFIG", writeKubeconfig(kubeconfigText({ ambient: TWO })));
        expect(await chosen({ kubeconfig: writeKubeconfig(kubeconfigText({ one: ONE, two: TWO }, "two")) })).toEqual([
            "two",
            TWO,
        ]);
    });

    it("takes the named context of it", async () => {
        expect(
            await chosen({
                kubeconfig: writeKubeconfig(kubeconfigText({ one: ONE, two: TWO }, "two")),
                context: "one",
            }),
        ).toEqual(["one", ONE]);
    });

    it("finds a file below the user's home", async () => {
        writeFileSync(join(process.env.HOME!, "clusters.yaml"), kubeconfigText({ one: ONE }));
        expect(await chosen({ kubeconfig: "~/clusters.yaml" })).toEqual(["one", ONE]);
    });

    it("takes $KUBECONFIG where no file is named", async () => {
        writeHome(kubeconfigText({ home: TWO }));
        vi.stubEnv("KUBECONFIG", writeKubeconfig(kubeconfigText({ one: ONE })));
        expect(await chosen({})).toEqual(["one", ONE]);
    });

    it.each([
        ["the first decides on the current context", [kubeconfigText({ one: ONE }), kubeconfigText({ two: TWO })]],
        [
            "the first that has a current context decides on it",
            [kubeconfigText({ two: TWO }, ""), kubeconfigText({ one: ONE })],
        ],
        [
            "the first that has a name decides on what it is",
            [kubeconfigText({ one: ONE }), kubeconfigText({ one: "https://other.example", two: TWO })],
        ],
        ["an empty one adds nothing", ["", kubeconfigText({ one: ONE, two: TWO })]],
    ])("merges the paths of $KUBECONFIG: %s", async (_, texts) => {
        vi.stubEnv("KUBECONFIG", texts.map((text) => writeKubeconfig(text)).join(delimiter));
        expect(await chosen({})).toEqual(["one", ONE]);
        expect(await chosen({ context: "two" })).toEqual(["two", TWO]);
    });

    it("passes over a path of $KUBECONFIG that does not exist", async () => {
        const paths = [join(temporaryDirectory(), "missing"), "", writeKubeconfig(kubeconfigText({ one: ONE }))];
        vi.stubEnv("KUBECONFIG", paths.join(delimiter));
        expect(await chosen({})).toEqual(["one", ONE]);
    });

    it("finds the files that a kubeconfig names beside it", async () => {
        const path = writeKubeconfig(
            kubeconfigText({ one: ONE }).replace("insecure-skip-tls-verify: false", "certificate-authority: ca.crt"),
        );
        const config = await load({ kubeconfig: path });
        expect(config.cluster["certificate-authority"]).toBe(join(path, "..", "ca.crt"));
    });

    it.each([
        ["unset", undefined],
        ["empty", ""],
    ])("takes ~/.kube/config where $KUBECONFIG is %s", async (_, value) => {
        vi.stubEnv("KUBECONFIG", value);
        writeHome(kubeconfigText({ one: ONE }));
        expect(await chosen({})).toEqual(["one", ONE]);
    });
});

describe("a kubeconfig that leads to no cluster", () => {
    const NAME_ANOTHER = "name another with: use-kubeconfig <path>";

    it("is a named file that is missing", async () => {
        const missing = join(temporaryDirectory(), "missing");
        await expect(load({ kubeconfig: missing })).rejects.toThrow(
            new UserError(
                `The kubeconfig ${missing} cannot be read (ENOENT: no such file or directory, open ` +
                    `'${missing}'); ${NAME_ANOTHER}`,
            ),
        );
    });

    it("is a missing file in $KUBECONFIG", async () => {
        const missing = join(temporaryDirectory(), "missing");
        vi.stubEnv("KUBECONFIG", missing);
        await expect(load({})).rejects.toThrow(
            new UserError(
                `There is no kubeconfig at ${missing}, or it holds no context; name one with: use-kubeconfig <path>`,
            ),
        );
    });

    it("is a file that is no YAML, told in one line", async () => {
        const path = writeKubeconfig("a: [1\nb: }\n");
        await expect(load({ kubeconfig: path })).rejects.toThrow(
            new UserError(`The kubeconfig ${path} cannot be read (no YAML at line 2, column 1); ` + `${NAME_ANOTHER}`),
        );
    });

    it.each([
        ["unset", undefined],
        ["empty", ""],
    ])("is none at all where $KUBECONFIG is %s", async (_, value) => {
        vi.stubEnv("KUBECONFIG", value);
        await expect(load({})).rejects.toThrow(
            new UserError(
                "There is no kubeconfig at ~/.kube/config, or it holds no context; name one with: use-kubeconfig " +
                    "<path>",
            ),
        );
    });

    it.each(["apiVersion: v1\nkind: Config\n", ""])("is one without a context: %j", async (text) => {
        const path = writeKubeconfig(text);
        await expect(load({ kubeconfig: path })).rejects.toThrow(
            new UserError(
                `There is no kubeconfig at ${path}, or it holds no context; name one with: use-kubeconfig <path>`,
            ),
        );
    });

    it("is one without the named context", async () => {
        const path = writeKubeconfig(kubeconfigText({ one: ONE, two: TWO }));
        await expect(load({ kubeconfig: path, context: "three" })).rejects.toThrow(
            new UserError(
                `The kubeconfig ${path} has no context "three"; allowed: one, two. Choose one with: use-context <name>`,
            ),
        );
    });

    it("is several of them without the named context, each name told once", async () => {
        const paths = [kubeconfigText({ one: ONE }), kubeconfigText({ two: TWO, one: ONE })]
            .map((text) => writeKubeconfig(text))
            .join(delimiter);
        vi.stubEnv("KUBECONFIG", paths);
        await expect(load({ context: "three" })).rejects.toThrow(
            new UserError(
                `The kubeconfig ${paths} has no context "three"; allowed: one, two. Choose one with: use-context ` +
                    "<name>",
            ),
        );
    });

    it("is one whose current context does not exist", async () => {
        const path = writeKubeconfig(kubeconfigText({ one: ONE }, "gone"));
        await expect(load({ kubeconfig: path })).rejects.toThrow(
            new UserError(
                `The kubeconfig ${path} has no context "gone"; allowed: one. Choose one with: use-context <name>`,
            ),
        );
    });

    it.each(["", undefined])("is one whose current context is %j", async (current) => {
        const text = kubeconfigText({ one: ONE }, "");
        const path = writeKubeconfig(current === undefined ? text.replace('current-context: ""\n', "") : text);
        await expect(load({ kubeconfig: path })).rejects.toThrow(
            new UserError(
                `The kubeconfig ${path} has no current context; allowed: one. Choose one with: use-context <name>`,
            ),
        );
    });

    it("is one whose context names a cluster that is missing", async () => {
        const path = writeKubeconfig(kubeconfigText({ one: ONE }).replace("cluster: one\n", "cluster: gone\n"));
        await expect(load({ kubeconfig: path })).rejects.toThrow(
            new UserError(
                `Context "one" of the kubeconfig ${path} names a cluster that the file does not hold; repair the ` +
                    "file or choose another with: use-context <name>",
            ),
        );
    });
});
