/** A right: verbs on objects of one kind. */
export interface Grant {
    /** Absent for the whole cluster. */
    readonly namespace?: string;
    /** API group; empty for the core one. */
    readonly group: string;
    /** As the API names the kind in its paths. */
    readonly resource: string;
    readonly verbs: readonly string[];
    /** Absent for all objects of the kind. */
    readonly names?: readonly string[];
}

/** A rule of a role, as RBAC has it. */
export interface Rule {
    apiGroups: string[];
    resources: string[];
    resourceNames?: string[];
    verbs: string[];
}

/** As `Map.groupBy`, which Node.js 20 does not have. */
function groupBy<T, Key>(items: readonly T[], keyOf: (item: T) => Key): Map<Key, T[]> {
    const groups = new Map<Key, T[]>();
    for (const item of items) {
        const key = keyOf(item);
        groups.set(key, [...(groups.get(key) ?? []), item]);
    }
    return groups;
}

/** The rules of each namespace, and under "" those of the whole cluster; few and in a fixed order. */
export function rulesByNamespace(grants: readonly Grant[]): ReadonlyMap<string, readonly Rule[]> {
    const byPlace = groupBy(withoutRepetition(grants), ({ namespace = "" }) => namespace);
    return new Map([...byPlace].sort(([a], [b]) => (a < b ? -1 : 1)).map(([place, of]) => [place, rulesOf(of)]));
}

interface NamedVerbs {
    readonly namespace?: string;
    readonly group: string;
    readonly resource: string;
    /** Undefined for all. */
    readonly name?: string;
    readonly verbs: ReadonlySet<string>;
}

/** The verbs on each name of a kind, without what is allowed on all names already. */
function withoutRepetition(grants: readonly Grant[]): NamedVerbs[] {
    const single = grants.flatMap(({ names, ...grant }): (Omit<Grant, "names"> & { name?: string })[] =>
        names ? names.map((name) => ({ ...grant, name })) : [grant],
    );
    const kindOf = ({ namespace, group, resource }: Omit<Grant, "verbs">) =>
        JSON.stringify([namespace, group, resource]);
    return [...groupBy(single, kindOf).values()].flatMap((ofKind) => {
        const onAll = new Set(ofKind.filter(({ name }) => name === undefined).flatMap(({ verbs }) => verbs));
        return [...groupBy(ofKind, ({ name }) => name)].flatMap(([name, of]) => {
            const { namespace, group, resource } = of[0]!;
            const all = new Set(of.flatMap(({ verbs }) => verbs));
            const verbs = name === undefined ? all : new Set([...all].filter((verb) => !onAll.has(verb)));
            return verbs.size === 0 ? [] : [{ namespace, group, resource, name, verbs }];
        });
    });
}

/** In the order in which RBAC's documentation has them. */
const VERBS = ["get", "list", "watch", "create", "update", "patch", "delete", "bind", "escalate"];

/** Names with the same verbs are one rule, and so are kinds with the same names and verbs. */
function rulesOf(named: readonly NamedVerbs[]): Rule[] {
    const inOrder = (verbs: ReadonlySet<string>) => VERBS.filter((verb) => verbs.has(verb));
    const ofKinds = groupBy(named, ({ group, resource, verbs, name }) =>
        JSON.stringify([group, resource, name === undefined, inOrder(verbs)]),
    );
    const rules = [...ofKinds.values()].map((of) => {
        const { group, resource, name, verbs } = of[0]!;
        const names = name === undefined ? undefined : of.map((each) => each.name!).sort();
        return { group, resource, names, verbs: inOrder(verbs) };
    });
    const merged = groupBy(rules, ({ group, names, verbs }) => JSON.stringify([group, names ?? "all", verbs]));
    return [...merged]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([, of]) => {
            const { group, names, verbs } = of[0]!;
            return {
                apiGroups: [group],
                resources: of.map(({ resource }) => resource).sort(),
                ...(names && { resourceNames: names }),
                verbs,
            };
        });
}
