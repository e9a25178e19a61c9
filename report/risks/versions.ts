import type { Changes, Resource, Risk } from "../model";
import { textAt } from "../values";
import { grouped, namesOf, titlesOf } from "../words";
import { imagesOf, isIstiod, isWorkload, tagOf, versionOf } from "./objects";

/** Downgrades, and upgrades of Istio by more than its release policy allows. */
export function versionRisks({ resources }: Changes): Risk[] {
    const changes = resources.flatMap(versionChanges);
    const groups = grouped(changes, ({ from, to, isIstio }) => `${from} ${to} ${isIstio}`);
    return [...groups.values()].flatMap((group): Risk[] => {
        const { from, to, isIstio } = group[0]!;
        const [old, now] = [versionOf(from), versionOf(to)];
        if (!old || !now) return [];
        const [of, titles] = [group.map(({ resource }) => resource), titlesOf(group.map(({ resource }) => resource))];
        const step = compare(old, now);
        if (step > 0) {
            return [
                {
                    level: isIstio ? "danger" : "caution",
                    sentence:
                        `${namesOf(of)} ${of.length === 1 ? "goes" : "go"} back from ${from} to ` +
                        `${to}${isIstio ? ": Istio supports no downgrade of what a newer one has written" : ", a downgrade"}.`,
                    titles,
                    clause: `goes back from ${from} to ${to}`,
                },
            ];
        }
        if (!isIstio || (old[0] === now[0] && now[1] - old[1] <= 1)) return [];
        return [
            {
                level: "danger",
                sentence:
                    `${namesOf(of)} ${of.length === 1 ? "goes" : "go"} from ${from} to ${to}, by more than one ` +
                    "minor release: Istio supports an upgrade in place from one minor release to the next.",
                titles,
                clause: `skips minor releases from ${from} to ${to}`,
            },
        ];
    });
}

interface VersionChange {
    readonly resource: Resource;
    readonly from: string;
    readonly to: string;
    readonly isIstio: boolean;
}

function versionChanges(resource: Resource): VersionChange[] {
    const { before, after, type, verb } = resource;
    if (verb !== "update" && verb !== "replace") return [];
    if (type === "kubernetes:helm.sh/v3:Release") {
        const [from, to] = [textAt(before, "version"), textAt(after, "version")];
        return from !== undefined && to !== undefined && from !== to ? [{ resource, from, to, isIstio: true }] : [];
    }
    if (!isWorkload(resource)) return [];
    const old = imagesOf(before);
    const pairs = [...imagesOf(after)].flatMap(([container, image]): [string, string][] => {
        const former = old.get(container);
        return former === undefined || tagOf(former) === tagOf(image) ? [] : [[tagOf(former), tagOf(image)]];
    });
    return pairs.slice(0, 1).map(([from, to]) => ({ resource, from, to, isIstio: isIstiod(resource) }));
}

type Version = readonly [number, number, number];
const compare = (one: Version, other: Version): number => one[0] - other[0] || one[1] - other[1] || one[2] - other[2];
