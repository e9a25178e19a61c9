/** Settings as Pulumi hands them to a program: each group is one key, and its value JSON. */
export function configurationOf(settings: Readonly<Record<string, unknown>>): Record<string, string> {
    const groups: Record<string, unknown> = {};
    for (const [path, value] of Object.entries(settings)) put(groups, path.split("."), value);
    return Object.fromEntries(
        Object.entries(groups).map(([key, value]) => [
            `istio-on-pulumi:${key}`,
            typeof value === "string" ? value : JSON.stringify(value),
        ]),
    );
}

function put(object: Record<string, unknown>, [first, ...rest]: readonly string[], value: unknown): void {
    if (rest.length === 0) object[first!] = value;
    else put((object[first!] ??= {}) as Record<string, unknown>, rest, value);
}
