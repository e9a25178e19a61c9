import { onTestFinished, vi } from "vitest";
import { type Addon } from "@istio-on-pulumi/kube";
import { UpstreamFiles } from "../../upstream";
import { ADDON_MANIFESTS, crdManifest } from "./manifests";

/** CRDs of chart `base`. */
const ISTIO_CRDS = ["sidecars.networking.istio.io", "telemetries.telemetry.istio.io"];

/**
 * Serves small upstream files until the test has finished.
 *
 * @param missing paths of files, or names of charts, that cannot be had, and why
 */
export function serveUpstream(missing: Readonly<Record<string, Error>> = {}) {
    const files = new Set<string>();
    const had = <T>(name: string, make: () => T): Promise<T> => {
        const reason = missing[name];
        return reason ? Promise.reject(reason) : Promise.resolve(make());
    };
    const open = vi.spyOn(UpstreamFiles, "open").mockReturnValue({
        text: (path: string) => had(path, () => (files.add(path), upstreamText(path))),
        chart: (name: string, istio: string) => had(name, () => `./.upstream/istio-${istio}/charts/${name}`),
    } as unknown as UpstreamFiles);
    onTestFinished(() => open.mockRestore());
    return {
        open,
        /** Paths of the files that were read, each once, sorted. */
        get files() {
            return [...files].sort();
        },
    };
}

function upstreamText(path: string): string {
    const addon = /^istio-[\d.]+\/samples\/addons\/(\w+)\.yaml$/.exec(path);
    const crd = /^gateway-api-v[\d.]+\/config\/crd\/standard\/([\w.]+)_(\w+)\.yaml$/.exec(path);
    if (/^istio-[\d.]+\/manifests\/charts\/base\/files\/crd-all\.gen\.yaml$/.test(path)) {
        return ISTIO_CRDS.map((name) => `metadata:\n  name: ${name}\n`).join("---\n");
    }
    const text = addon ? ADDON_MANIFESTS[addon[1] as Addon] : crd && crdManifest(`${crd[2]}.${crd[1]}`);
    if (!text) {
        throw new Error(`Not mocked: upstream file ${path}`);
    }
    return text;
}
