import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type IstioRelease, minorOf, reasonOf, UserError } from "@istio-on-pulumi/kube";
import { downloadModules, type GoOptions, moduleVersionOf } from "./go-source";
import { BOOKINFO, GATEWAY_API_MODULE, ISTIO_MODULE } from "./selection";

/**
 * What is to be known of a release of Istio, read from its Go module.
 *
 * @param version the release, such as `1.25.3`
 * @param revision its tag, commit or module version
 * @throws UserError where the version is none, or the module cannot be had, is another release's or does not say
 */
export async function readRelease(version: string, revision: string, options: GoOptions = {}): Promise<IstioRelease> {
    if (!/^\d+\.\d+\.\d+$/.test(version)) {
        throw new UserError(`"${version}" is no release of Istio: name one such as 1.25.3.`);
    }
    const module = await moduleVersionOf(ISTIO_MODULE, revision, options).catch((error: unknown) => {
        throw new UserError(
            `Go cannot tell the module version of ${ISTIO_MODULE}@${revision} (${reasonOf(error)}): name the commit of ` +
                `the release's tag, or its module version, with "npm run lock -- add ${version} --module <revision>".`,
        );
    });
    const name = { module: ISTIO_MODULE, moduleVersion: module };
    const { dir } = (await downloadModules([name], options)).get(`${ISTIO_MODULE}@${module}`)!;
    const find = async (file: string, pattern: RegExp, what: string) => {
        const found = pattern.exec(await readFile(join(dir, file), "utf8").catch(() => ""))?.[1];
        if (found !== undefined) return found;
        throw new UserError(
            `${file} of ${ISTIO_MODULE}@${module} does not say ${what} where upstream/release.ts looks for it: ` +
                "adapt it to this version.",
        );
    };
    const minor = await find("VERSION", /^(\d+\.\d+)$/m, "which minor version it is");
    if (minor !== minorOf(version)) {
        throw new UserError(`${ISTIO_MODULE}@${module} is of Istio ${minor}, not ${version}: name another revision.`);
    }
    const goMod = (required: string) => new RegExp(`^\\s+${required} v([0-9.]+)`, "m");
    const oldest = await find(OLDEST_FILE, /MinK8SVersion\s+= (\d+)/, "the oldest Kubernetes");
    const client = await find("go.mod", goMod("k8s.io/client-go"), "its Kubernetes client");
    return {
        module,
        // A release candidate is followed by the release before Istio's own.
        gatewayApi: `v${await find("go.mod", goMod(GATEWAY_API_MODULE), "its Gateway API")}`,
        bookinfo: await find(BOOKINFO, /image: \S+\/examples-bookinfo-\S+:(\S+)/, "the tag of Bookinfo's images"),
        kubernetes: [`1.${oldest}`, `1.${client.split(".")[1]}`],
    };
}

const OLDEST_FILE = "istioctl/pkg/install/k8sversion/version.go";
