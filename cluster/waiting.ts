import { setTimeout as pause } from "node:timers/promises";
import { type ClusterClient, UserError } from "@istio-on-pulumi/kube";

interface Status {
    readonly name: string;
    readonly image: string;
    readonly state?: { readonly waiting?: { readonly reason?: string; readonly message?: string } };
}

interface Pod {
    readonly metadata: { readonly name: string; readonly deletionTimestamp?: string };
    readonly status?: { readonly containerStatuses?: Status[]; readonly initContainerStatuses?: Status[] };
}

interface Deployment {
    readonly metadata: { readonly name: string };
    readonly status?: {
        readonly conditions?: readonly { readonly type: string; readonly status: string; readonly message?: string }[];
    };
}

/** Why a container does not start, by the kubelet's words, and what to do about it. */
const REMEDIES: Readonly<Record<string, string>> = {
    ...Object.fromEntries(
        ["ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull"].map((reason) => [
            reason,
            "check its name and tag, registry.mirrors and registry.pullSecrets, and that the nodes reach the registry",
        ]),
    ),
    CreateContainerConfigError: "make what it names",
    CreateContainerError: "look at the node's container runtime",
};

/** How often is looked, in milliseconds. */
const PAUSE = 5_000;

/**
 * Says at once what an update waits for in vain, rather than after the ten minutes that it waits: images that cannot be
 * pulled, and pods that admission refuses. It looks as long as the program runs, and does not keep it running.
 *
 * Each is said once, when it was there twice in a row: a pull that failed may succeed the next time.
 * @param say takes a sentence
 */
export async function watchForBlocked(
    client: ClusterClient,
    namespaces: readonly string[],
    say: (sentence: string) => void,
    interval = PAUSE,
): Promise<void> {
    const said = new Set<string>();
    let before = new Set<string>();
    for (;;) {
        await pause(interval, undefined, { ref: false });
        const blocked = await Promise.all(namespaces.map((namespace) => blockedIn(client, namespace)));
        // Who may not look is told nothing, and a server that does not answer just now may do so later.
        if (blocked.includes("refused")) return;
        const now = new Map(blocked.flatMap((each) => (each === "refused" ? [] : [...each])));
        for (const [what, sentence] of now) {
            if (!before.has(what) || said.has(what)) continue;
            said.add(what);
            say(sentence);
        }
        before = new Set(now.keys());
    }
}

/** What is blocked in a namespace, by what it is: the sentence may change from one time to the next. */
async function blockedIn(client: ClusterClient, namespace: string): Promise<Map<string, string> | "refused"> {
    try {
        const [pods, deployments] = await Promise.all([
            client.list<Pod>(`/api/v1/namespaces/${namespace}/pods`, { absent: [401, 403] }),
            client.list<Deployment>(`/apis/apps/v1/namespaces/${namespace}/deployments`, { absent: [401, 403] }),
        ]);
        if (pods === undefined || deployments === undefined) return "refused";
        return new Map([
            ...pods.flatMap((pod) => blockedContainers(namespace, pod)),
            ...deployments.flatMap((deployment) => refusedPods(namespace, deployment)),
        ]);
    } catch (error) {
        if (error instanceof UserError) return new Map();
        throw error;
    }
}

function blockedContainers(namespace: string, { metadata, status }: Pod): [string, string][] {
    if (metadata.deletionTimestamp !== undefined) return [];
    const containers = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
    return containers.flatMap(({ name, image, state }): [string, string][] => {
        const { reason = "", message = "" } = state?.waiting ?? {};
        if (!Object.hasOwn(REMEDIES, reason)) return [];
        const subject = `container ${name} of Pod ${namespace}/${metadata.name}`;
        const why = message === "" ? reason : `${reason}: ${shortened(message)}`;
        return [
            [subject, `The ${subject} does not start with image ${image} (${why}); ${REMEDIES[reason]!}. ${WAITS}`],
        ];
    });
}

function refusedPods(namespace: string, { metadata, status }: Deployment): [string, string][] {
    const failure = status?.conditions?.find((each) => each.type === "ReplicaFailure" && each.status === "True");
    if (failure === undefined) return [];
    const subject = `Deployment ${namespace}/${metadata.name}`;
    const why = shortened(failure.message ?? "no reason is given");
    return [[subject, `The ${subject} gets no pods: ${why}; have them allowed there. ${WAITS}`]];
}

const WAITS = "The update waits for it meanwhile, and goes on when it is mended; Ctrl-C ends it.";
const LONGEST = 300;
const shortened = (text: string): string => {
    const line = text.trim().replace(/\s+/g, " ").replace(/\.$/, "");
    return line.length > LONGEST ? `${line.slice(0, LONGEST)}...` : line;
};
