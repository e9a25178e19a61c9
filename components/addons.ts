import { randomBytes } from "node:crypto";
import type * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { type Addon, ADDONS, DEFAULT_ISTIO, istioRelease, UserError } from "@istio-on-pulumi/kube";
import { readAddons } from "../upstream";
import { addonObjects, type AddonObjectsArgs } from "./addonObjects";
import { childOf } from "./child";
import { storageOptions } from "./claims";
import { type Endpoint, endpointOf } from "./endpoint";
import { keptCommand } from "./keptCommand";
import { makeLater, outputOf, whenFinished } from "./later";
import { registerManifest } from "./manifest";
import { openUpstream } from "./upstreamFiles";

export interface AddonsArgs extends AddonObjectsArgs {
    /**
     * Release of Istio whose samples the addons are, one of those that are locked.
     *
     * A change: restart of the addons that it changes; those of Jaeger, Grafana and a Prometheus without a volume lose
     * their data.
     * @default "1.25.1"
     */
    version?: string;
    /**
     * Which addons to install, of kiali, jaeger, prometheus, grafana and loki; one alone is a component as good as all.
     *
     * A change: in place; one that is left out is deleted with its data.
     * @default all of them
     * @example ["prometheus", "kiali"]
     */
    addons?: string[];
    /**
     * Directory of upstream files written by `npm run bundle`, relative to the project; for machines without internet.
     *
     * A change: nothing in the cluster.
     * @default the files are fetched and cached
     * @example "./bundle"
     */
    bundle?: string;
    /**
     * Addons whose claim has no volume yet, for a program that has looked. Not kept in the state.
     *
     * A change: nothing by itself; the claim of such an addon is replaced where its class or its size is another.
     * @default none: a claim that may hold data is never replaced
     */
    unbound?: string[];
}

/**
 * Kiali, Jaeger, Prometheus, Grafana and Loki, as Istio's samples have them. Needs the namespace `istio-system`.
 *
 * @example
 * new Addons(
 *     "addons",
 *     { kiali: { serviceType: "ClusterIP", access: "token" }, loki: { storageSize: "50Gi" } },
 *     { provider, dependsOn: [istio] },
 * );
 * @example
 * new Addons("prometheus", { addons: ["prometheus"] }, { provider, dependsOn: [istio] });
 */
export class Addons extends pulumi.ComponentResource {
    /** Every Service of the addons, by its name. */
    readonly endpoints: pulumi.Output<Record<string, Endpoint>>;

    /** @throws UserError where an addon does not exist, or the version is not locked */
    constructor(name: string, args: AddonsArgs = {}, opts?: pulumi.ComponentResourceOptions) {
        const { unbound: _, ...recorded } = args;
        checkNames(args.addons ?? ADDONS);
        istioRelease(args.version ?? DEFAULT_ISTIO);
        super("istio-on-pulumi:index:Addons", name, recorded, opts);
        const services = makeLater(this, () => this.install(name, args));
        handles.set(this, services);
        const endpoints = services.then((byName) =>
            Object.fromEntries([...byName].map(([key, each]) => [key, endpointOf(each)])),
        );
        this.endpoints = outputOf(endpoints).apply((known) => known as Record<string, Endpoint>);
        this.registerOutputs({ endpoints: this.endpoints });
    }

    protected override initialize() {
        return whenFinished(this);
    }

    /** The Services, by their names; they are known once upstream's files are. */
    get services(): Promise<ReadonlyMap<string, k8s.core.v1.Service>> {
        return handles.get(this)!;
    }

    private async install(name: string, args: AddonsArgs): Promise<ReadonlyMap<string, k8s.core.v1.Service>> {
        const addons = (args.addons as Addon[] | undefined) ?? ADDONS;
        const manifests = await readAddons(openUpstream(args.bundle), args.version ?? DEFAULT_ISTIO, addons);
        const isKialiWithLogin = manifests.kiali !== undefined && args.kiali?.access === "token";
        const signingKey = isKialiWithLogin ? this.drawSigningKey(name) : undefined;
        const services = new Map<string, k8s.core.v1.Service>();
        for (const addon of addons) {
            const isUnbound = args.unbound?.includes(addon) ?? false;
            const claims: pulumi.Resource[] = [];
            for (const manifest of addonObjects(addon, manifests, args, signingKey)) {
                const [child, options] = childOf(this, name, manifest.metadata.name);
                const kept = storageOptions(manifest, isUnbound, claims);
                const resource = registerManifest(child, manifest, { ...options, ...kept });
                if (manifest.kind === "PersistentVolumeClaim") claims.push(resource);
                if (manifest.kind === "Service") services.set(manifest.metadata.name, resource as k8s.core.v1.Service);
            }
        }
        return services;
    }

    /** Drawn once: what a resource that does not change was made with stays in its state. */
    private drawSigningKey(name: string): pulumi.Output<string> {
        const [child, options] = childOf(this, name, "kiali-signing-key");
        // Secret as a whole: of a secret within a secret the SDK unwraps but one.
        const environment = pulumi.secret({ KEY: randomBytes(16).toString("hex") });
        const drawn = keptCommand(child, environment, { ...options, additionalSecretOutputs: ["environment"] });
        return drawn.environment.apply((recorded) => {
            if (!recorded?.KEY) throw new Error(`The state of ${child} holds no key`);
            return recorded.KEY;
        });
    }
}

/** Not a property: those are the outputs of the component in every language. */
const handles = new WeakMap<Addons, Promise<ReadonlyMap<string, k8s.core.v1.Service>>>();

function checkNames(names: readonly string[]) {
    const unknown = names.filter((name) => !(ADDONS as readonly string[]).includes(name));
    if (unknown.length > 0) {
        throw new UserError(`There is no addon ${unknown.join(", ")}; allowed: ${ADDONS.join(", ")}`);
    }
}
