import { z } from "zod";
import { DEFAULT_ISTIO, GATEWAY_API_VERSIONS, ISTIO_VERSIONS } from "@istio-on-pulumi/kube";
import { choice, flag, lockedVersions, optional, setting } from "./setting";
import { dnsLabel, imageTag, repository, REPOSITORY } from "./types";

const ISTIO_RESTART =
    "restart of istiod and of the gateway; a sidecar follows when its pod is restarted (kubectl rollout restart)";

export const gatewayApi = z.strictObject({
    install: choice(
        {
            description:
                "Whether this stack installs the Gateway API CRDs: " +
                "auto (only where the cluster serves none of its own), always, never.",
            cost: "in place; CRDs are never deleted",
        },
        ["auto", "always", "never"],
    ),
    version: optional(
        {
            description:
                "Release of Gateway API whose CRDs are installed; empty means the one that istio.version goes with.",
            cost: "in place",
        },
        lockedVersions(GATEWAY_API_VERSIONS, "that of an Istio which"),
        z.enum(GATEWAY_API_VERSIONS),
    ),
});

export const istio = z.strictObject({
    version: setting(z.enum(ISTIO_VERSIONS).default(DEFAULT_ISTIO), {
        description: "Release of Istio: its charts, addons and CRDs, and the tags of its images and Bookinfo's.",
        allowed: lockedVersions(ISTIO_VERSIONS),
        cost: `${ISTIO_RESTART}; of the addons and Bookinfo where the release has others`,
    }),
    hub: setting(repository.default("docker.io/istio"), {
        description: "Registry and path of Istio's images.",
        allowed: REPOSITORY,
        cost: ISTIO_RESTART,
    }),
    tag: optional(
        {
            description:
                "Tag of Istio's images; empty means istio.version. The charts stay those of istio.version, " +
                "and a preview warns of images that are not.",
            cost: ISTIO_RESTART,
        },
        "an image tag of the same minor version, or of none",
        imageTag,
    ),
    revisions: setting(z.record(dnsLabel, z.enum(ISTIO_VERSIONS)).default({}), {
        description:
            "Further control planes beside the one without a revision, from revision to release, for an upgrade by " +
            "revision (docs/upgrades.md).",
        allowed: `an object such as {"1-26-0": "1.26.0"}; releases: ${lockedVersions(ISTIO_VERSIONS)}`,
        cost: "a new one changes nothing in the mesh; one is removed only when no proxy uses it",
    }),
    defaultRevision: optional(
        {
            description:
                "The revision that namespaces without one get: Istio's tag default. Addons, Bookinfo and Gateway API " +
                "follow its release; empty means the control plane without a revision.",
            cost: "restart of the control plane without a revision; a sidecar moves when its pod is restarted",
        },
        "a key of istio.revisions",
        dnsLabel,
    ),
    onlyRevisions: flag(
        {
            description:
                "Whether the control plane without a revision is left out, at the end of an upgrade by revision.",
            cost: "refused while a proxy uses it",
        },
        false,
    ),
    values: setting(z.record(z.string(), z.unknown()).default({}), {
        description:
            "Values of chart istiod, merged into those of profile demo: replicas, resources, mesh configuration and " +
            "all else that the chart knows.",
        allowed:
            "an object, without global.hub, global.tag, global.imagePullSecrets, global.istioNamespace and revision",
        cost: "what the chart makes of it: mostly a restart of istiod",
    }),
});
