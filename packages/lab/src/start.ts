import { mkdir, rename, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import { DEFAULT_ISTIO, ISTIO_VERSIONS } from "@istio-on-pulumi/kube";
import {
    CLUSTER,
    ENGINE,
    ensureBuild,
    ensureBundle,
    ensureSystem,
    findGo,
    type Go,
    istioBuildOf,
    KUBERNETES_PLUGIN,
    type ToolBuild,
    which,
    YAML_HOST,
} from "./build";
import { startControlPlane } from "./control-plane/control";
import { chooseDataPlane, type DataPlane } from "./data-plane";
import { labEnvironment, prepareEnvironment } from "./environment";
import type { LabPlace } from "./place";
import { choosePlugins, downloadMissing, pluginDir } from "./plugins";
import { ensureStack, istioOfStack } from "./pulumi";
import type { Report } from "./run";
import type { Step } from "./ui";

/** How a lab is started. */
export interface StartOptions {
    /** Whether official plugins are downloaded even if that has failed in the last day. */
    readonly downloadPlugins?: boolean;
    /** Versions of Istio that pods may name, besides the default one and the stack's. */
    readonly istio?: readonly string[];
    /** Whether programs in Pulumi YAML can be run, too: those that use a component package. */
    readonly yaml?: boolean;
}

/** The steps of a start, in order: each makes what is missing and leaves what is there. */
export function startSteps(
    place: LabPlace,
    { downloadPlugins = false, istio = [], yaml = false }: StartOptions,
): Step[] {
    const ownEngine = which("pulumi");
    const otherIstios = [...new Set([...istio, istioOfStack(place)])].filter(
        (version) => version !== DEFAULT_ISTIO && ISTIO_VERSIONS.includes(version),
    );
    let go: Go;
    let bundle: string;
    let dataPlane: DataPlane;
    const programs: Record<string, string> = ownEngine === undefined ? {} : { pulumi: ownEngine };
    const images: Record<string, string> = {};
    const buildStep = (build: ToolBuild): Step => ({
        title: `Build ${namesOf(build)}`,
        run: async (report) => {
            const { dir, built } = await ensureBuild(build, place.cache, go, report);
            Object.assign(programs, programsIn(dir, build));
            for (const file of Object.keys(build.files ?? {})) images[file] = join(dir, file);
            return `${namesOf(build)}: ${built ? "built" : "built before"}`;
        },
    });
    return [
        { title: "Programs of the system", run: (report) => ensureSystem(report) },
        {
            title: "Go",
            run: async (report) => {
                go = await findGo(place.cache, report);
                return `Go ${go.version}, ${go.own ? "the machine's" : "from PyPI"}`;
            },
        },
        ...(ownEngine === undefined ? [buildStep(ENGINE)] : []),
        buildStep(CLUSTER),
        ...otherIstios.map((version) => ({
            title: `Build Istio ${version}`,
            run: async (report: Report) => buildStep(await istioBuildOf(place.repository, version)).run(report),
        })),
        ...(yaml ? [buildStep(YAML_HOST)] : []),
        {
            title: "Plugins of the engine",
            run: async (report) => {
                const engine = programs.pulumi ?? "pulumi";
                await downloadMissing(place, { engine, askedFor: downloadPlugins, report });
                if (choosePlugins(place).some(({ kind }) => kind === "built")) {
                    const { dir } = await ensureBuild(KUBERNETES_PLUGIN, place.cache, go, report);
                    await linkFiles(place.builtPlugins, programsIn(dir, KUBERNETES_PLUGIN));
                }
                const choices = choosePlugins(place);
                return choices.map(({ executable, kind }) => `${executable}: ${kind}`).join(", ");
            },
        },
        {
            title: "Upstream's files",
            run: async (report) => {
                bundle = await ensureBundle(place.repository, place.cache, go, otherIstios, report);
                return `Upstream's files, in ${bundle}`;
            },
        },
        {
            title: "Data plane",
            run: async (report) => {
                dataPlane = await chooseDataPlane(place, report);
                if (!dataPlane.on) return `No data plane, the control plane only: ${dataPlane.reason}`;
                Object.assign(programs, { envoy: dataPlane.envoy });
                Object.assign(images, { workloads: dataPlane.workloads });
                return "Data plane: sidecars, gateways and Bookinfo";
            },
        },
        {
            title: "Control plane",
            run: async (report) => {
                await linkFiles(place.bin, programs);
                await linkFiles(place.images, images);
                const started = await startControlPlane(place, dataPlane.on, report);
                return `Control plane ${started ? "ready" : "ran before"}, in the network namespace ${place.netns}`;
            },
        },
        {
            title: "Stack",
            run: async () => {
                await prepareEnvironment(place);
                if (yaml) await installPlugins(place);
                const env = labEnvironment(place, await pluginDir(place, choosePlugins(place)));
                const lost = await ensureStack(place, env, bundle);
                if (lost.length === 0) return `Stack "${place.stack}"`;
                return `Stack "${place.stack}", without what was encrypted for an earlier one: ${lost.join(", ")}`;
            },
        },
    ];
}

const namesOf = ({ programs }: ToolBuild) => Object.keys(programs).join(", ");

const programsIn = (dir: string, { programs }: ToolBuild) =>
    Object.fromEntries(Object.entries(programs).map(([program, file]) => [program, join(dir, file)]));

/**
 * Makes the plugins in use installed ones: what a component package requires the engine looks for there alone, and
 * downloads otherwise.
 */
async function installPlugins(place: LabPlace): Promise<void> {
    const choices = choosePlugins(place);
    const dir = await pluginDir(place, choices);
    for (const { executable, wanted } of choices) {
        if (wanted === undefined) continue;
        const installed = `${executable.replace(/^pulumi-/, "")}-v${wanted}`;
        await linkFiles(join(place.pulumiHome, "plugins", installed), { [executable]: join(dir, executable) });
    }
}

/** Makes the directory hold these links; each is replaced in one step, so that running programs find theirs. */
async function linkFiles(dir: string, links: Readonly<Record<string, string>>): Promise<void> {
    await mkdir(dir, { recursive: true });
    for (const [name, file] of Object.entries(links)) {
        await rm(join(dir, `${name}.new`), { force: true });
        await symlink(file, join(dir, `${name}.new`));
        await rename(join(dir, `${name}.new`), join(dir, name));
    }
}
