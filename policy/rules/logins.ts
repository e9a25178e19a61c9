import { parse } from "yaml";
import type { KubeObject } from "../objects";
import { podOf } from "../pods";
import { at, hasUnknown, listAt, textAt, textsAt } from "../values";

/** Whether the stack's objects show that a dashboard asks for a login. The others have none of their own. */
export function askForLogin(dashboard: string, objects: readonly KubeObject[]): boolean {
    if (dashboard === "kiali") return objects.some(isKialiWithLogin);
    if (dashboard !== "grafana") return false;
    const servers = objects.filter((object) => containersOf(object).some(isGrafana));
    return servers.length > 0 && !servers.some(isAnonymous) && !objects.some(hasAnonymousIni);
}

/** By its configuration, in which a missing strategy is Kiali's default: a token. */
function isKialiWithLogin({ kind, name, fields }: KubeObject): boolean {
    if (kind === "Kiali") return textAt(fields, "spec", "auth", "strategy") !== "anonymous";
    if (kind !== "ConfigMap" || !/\bkiali\b/.test(name)) return false;
    // With a key that is not drawn yet, which only who logs in needs.
    if (hasUnknown(at({ fields }, "fields", "data"))) return true;
    const text = textAt(fields, "data", "config.yaml");
    return text !== undefined && textAt(parse(text), "auth", "strategy") !== "anonymous";
}

const containersOf = (object: KubeObject): readonly unknown[] => listAt(podOf(object), "spec", "containers");

const isGrafana = (container: unknown): boolean => /\bgrafana\/grafana\b/.test(textAt(container, "image") ?? "");

const isAnonymous = (object: KubeObject): boolean =>
    containersOf(object)
        .flatMap((container) => listAt(container, "env"))
        .some(
            (variable) =>
                textAt(variable, "name") === "GF_AUTH_ANONYMOUS_ENABLED" &&
                String(at(variable, "value")).toLowerCase() === "true",
        );

/** Of a Grafana's configuration in INI form: `enabled = true` below `[auth.anonymous]`. */
const hasAnonymousIni = ({ kind, fields }: KubeObject): boolean =>
    kind === "ConfigMap" &&
    /^\s*\[auth\.anonymous\](?:(?!^\s*\[)[^])*?^\s*enabled\s*=\s*true\b/m.test(
        textsAt(fields, "data")["grafana.ini"] ?? "",
    );
