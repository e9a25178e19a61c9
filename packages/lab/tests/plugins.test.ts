import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { BUILT_PLUGIN_VERSION } from "../src/build";
import { labPlace } from "../src/place";
import { choosePlugins, describePlugins, downloadMissing, type PluginChoice, pluginDir } from "../src/plugins";
import { wantedVersion } from "../src/plugins/needs";

let dir: string;
beforeEach(() => void (dir = realpathSync(mkdtempSync(join(tmpdir(), "plugins-")))));
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const place = () => labPlace({ XDG_STATE_HOME: join(dir, "state"), XDG_CACHE_HOME: join(dir, "cache") });
const executable = (path: string, text = "#!/bin/sh\necho official\n") => {
    mkdirSync(join(path, ".."), { recursive: true });
    writeFileSync(path, text);
    chmodSync(path, 0o755);
};
const { repository } = labPlace({});
const KUBERNETES = wantedVersion(repository, "@pulumi/kubernetes");
const COMMAND = wantedVersion(repository, "@pulumi/command");
const choose = (env: NodeJS.ProcessEnv = {}) =>
    choosePlugins(place(), { PATH: "", PULUMI_HOME: join(dir, "home"), ...env });
const kinds = (env?: NodeJS.ProcessEnv) => choose(env).map(({ kind }) => kind);
const install = (home: string, name: string, version: string) =>
    executable(join(home, `plugins/resource-${name}-v${version}/pulumi-resource-${name}`));

describe("the choice of plugins", () => {
    it("is what the lab has itself where nothing else is installed", () => {
        expect(kinds()).toEqual(["built", "stand-in", "stand-in"]);
    });

    it("is LAB_PLUGINS first, then installed ones of the very version, then those beside the engine", () => {
        executable(join(dir, "given/pulumi-resource-command"));
        install(join(dir, "home"), "kubernetes", KUBERNETES);
        install(join(dir, "home"), "command", COMMAND);
        executable(join(dir, "engine/pulumi"));
        executable(join(dir, "engine/pulumi-language-nodejs"));
        expect(kinds({ LAB_PLUGINS: join(dir, "given"), PATH: join(dir, "engine") })).toEqual([
            "official",
            "LAB_PLUGINS",
            "official",
        ]);
        rmSync(join(dir, `home/plugins/resource-kubernetes-v${KUBERNETES}`), { recursive: true });
        install(join(dir, "home"), "kubernetes", "4.34.1");
        expect(kinds()).toEqual(["built", "official", "stand-in"]);
    });

    it("refuses a LAB_PLUGINS that holds none", () => {
        expect(() => kinds({ LAB_PLUGINS: join(dir, "absent") })).toThrow("which does not exist");
        mkdirSync(join(dir, "empty"));
        expect(() => kinds({ LAB_PLUGINS: join(dir, "empty") })).toThrow(
            "which holds none of pulumi-resource-kubernetes, pulumi-resource-command, pulumi-language-nodejs",
        );
    });
});

describe("a download", () => {
    const OFFLINE = `#!/bin/sh
echo called >> "$0.calls"
echo 'warning: Error downloading plugin: Get "https://example.org/plugin.tar.gz": no route to host' >&2
echo 'Will retry in 1.28s [5/5]' >&2
echo 'error: failed all 5 attempts' >&2
exit 1
`;
    const ONLINE = `#!/bin/sh
[ "$1 $2 $3" = "plugin install resource" ] || exit 2
mkdir -p "$PULUMI_HOME/plugins/resource-$4-v$5"
echo > "$PULUMI_HOME/plugins/resource-$4-v$5/pulumi-resource-$4"
`;
    const engine = () => join(dir, "pulumi");
    const calls = () => readFileSync(`${engine()}.calls`, "utf8").split("\n").length - 1;
    const failures = () =>
        [`kubernetes-${KUBERNETES}`, `command-${COMMAND}`].map((name) =>
            join(dir, `cache/istio-on-pulumi/official-plugins/${name}.failed.json`),
        );
    const download = (askedFor = false) =>
        downloadMissing(place(), { engine: engine(), askedFor, report: () => undefined });

    it("that fails is told with its date and reason, and tried again after a day or when asked for", async () => {
        executable(engine(), OFFLINE);
        await download();
        expect(calls()).toBe(2);
        expect(choose()[0]?.why).toMatch(
            /^download failed on \d{4}-\d\d-\d\d at \d\d:\d\d UTC: Get "https:\/\/example.org\/plugin.tar.gz": no route to host$/,
        );
        await download();
        expect(calls()).toBe(2);
        await download(true);
        expect(calls()).toBe(4);
        for (const file of failures())
            writeFileSync(file, JSON.stringify({ at: new Date(Date.now() - 86_400_001).toISOString(), reason: "x" }));
        await download();
        expect(calls()).toBe(6);
    });

    it("that succeeds is used from then on, and its earlier failure is forgotten", async () => {
        executable(engine(), OFFLINE);
        await download();
        executable(engine(), ONLINE);
        await download(true);
        expect(kinds()).toEqual(["official", "official", "stand-in"]);
        executable(engine(), OFFLINE);
        rmSync(`${engine()}.calls`);
        await download(true);
        expect(() => calls()).toThrow("ENOENT");
    });
});

describe("what is said of them", () => {
    it("is kind, version and why, and which warning of the engine to expect", () => {
        const text = describePlugins(choose());
        expect(text).toMatch(/^PLUGIN +KIND +VERSION +WHY\n/);
        expect(text).toContain(`built from its Go module  ${BUILT_PLUGIN_VERSION}`);
        expect(text).toContain(
            `The engine will warn that pulumi-resource-kubernetes is expected to have version ${KUBERNETES}`,
        );
        install(join(dir, "home"), "kubernetes", KUBERNETES);
        expect(describePlugins(choose())).not.toContain("will warn");
    });
});

describe("the directory of plugins", () => {
    it("is one of its own for each choice, and its stand-ins run from anywhere", async () => {
        executable(join(dir, "given/pulumi-language-nodejs"));
        executable(join(dir, "given/pulumi-language-nodejs-exec"));
        const main = join(dir, "stand-ins", "command", "main.ts");
        mkdirSync(dirname(main), { recursive: true });
        writeFileSync(main, "const words: string[] = process.argv.slice(2);\nconsole.log(words.join('|'));\n");
        const choice = (name: string, kind: PluginChoice["kind"], file: string): PluginChoice => ({
            executable: name,
            kind,
            file,
            why: "",
        });
        const choices = [
            choice("pulumi-resource-command", "stand-in", main),
            choice("pulumi-language-nodejs", "LAB_PLUGINS", join(dir, "given/pulumi-language-nodejs")),
        ];
        const made = await pluginDir(place(), choices);
        expect(await pluginDir(place(), choices)).toBe(made);
        const output = (name: string, ...args: string[]) =>
            execFileSync(join(made, name), args, { encoding: "utf8", cwd: "/" });
        expect(output("pulumi-resource-command", "127.0.0.1:1", "a b")).toBe("127.0.0.1:1|a b\n");
        expect(output("pulumi-language-nodejs")).toBe("official\n");
        expect(readFileSync(join(made, "pulumi-language-nodejs-exec"), "utf8")).toContain("official");
        expect(await pluginDir(place(), choices.slice(0, 1))).not.toBe(made);
    });

    it("cannot be made before each is built", async () => {
        await expect(pluginDir(place(), choose())).rejects.toThrow(
            "There is no pulumi-resource-kubernetes for the lab yet; get one by: npm run lab -- start",
        );
    });
});
