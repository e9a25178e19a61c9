import type { V1Pod } from "@kubernetes/client-node";
import { registryOf } from "@istio-on-pulumi/kube";
import { listed, note, problem } from "../finding";
import { keyOf } from "../snapshot/snapshot";
import { BEFORE, type Check, check } from "./check";
import { REGISTRIES } from "./facts";

/** How long a registry may take to answer, in milliseconds. */
const TIME_LIMIT = 5_000;

/** Whether this machine reaches each registry that images come from; any answer over HTTPS counts. */
export async function reachRegistries(): Promise<Record<string, boolean>> {
    const answers = await Promise.all(
        Object.entries(REGISTRIES).map(async ([name, host]) => {
            try {
                const response = await fetch(`https://${host}/v2/`, { signal: AbortSignal.timeout(TIME_LIMIT) });
                await response.body?.cancel();
                return [name, true] as const;
            } catch {
                return [name, false] as const;
            }
        }),
    );
    return Object.fromEntries(answers);
}

const PULL_ERRORS = ["ImagePullBackOff", "ErrImagePull", "InvalidImageName", "ErrImageNeverPull"];

/**
 * Whether images can be had.
 *
 * @param reached which registries this machine reaches; `undefined` where that was not tried
 * @param namespaces those whose pods are looked at; `undefined` means all
 */
export function checkRegistries(
    pods: readonly V1Pod[],
    reached: Readonly<Record<string, boolean>> | undefined,
    namespaces: ReadonlySet<string> | undefined,
): Check {
    const inScope = pods.filter(({ metadata }) => namespaces?.has(metadata?.namespace ?? "") ?? true);
    const findings = [...unpulled(inScope)].map(([image, names]) =>
        problem(
            "before/image-pull",
            image,
            `The image ${image} cannot be pulled (pods ${listed([...names])}); make ${registryOf(image)} ` +
                "reachable for the nodes, or set a mirror.",
        ),
    );
    const silent = Object.entries(reached ?? {})
        .filter(([, yes]) => !yes)
        .map(([name]) => name);
    if (silent.length > 0)
        findings.push(
            note(
                "before/registries",
                listed(silent),
                `This machine does not reach ${listed(silent)}, from where images come; if the nodes do not ` +
                    "either, set mirrors before an install.",
            ),
        );
    const names = Object.keys(REGISTRIES);
    const seen =
        reached === undefined
            ? `images come from ${listed(names)}; not tried, no containers run on these nodes`
            : `${listed(names.filter((name) => reached[name]))} reached from this machine`;
    return check("before/registries", BEFORE, "Image registries", seen, findings);
}

/** The pods that wait for each image which cannot be pulled. */
function unpulled(pods: readonly V1Pod[]): Map<string, Set<string>> {
    const failing = new Map<string, Set<string>>();
    for (const pod of pods) {
        const { initContainerStatuses = [], containerStatuses = [] } = pod.status ?? {};
        const containers = [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])];
        for (const { name, image, state } of [...initContainerStatuses, ...containerStatuses]) {
            if (!PULL_ERRORS.includes(state?.waiting?.reason ?? "")) continue;
            const wanted = containers.find((container) => container.name === name)?.image ?? image;
            failing.set(wanted, (failing.get(wanted) ?? new Set<string>()).add(keyOf(pod)));
        }
    }
    return failing;
}
