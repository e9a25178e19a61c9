import { isProps, reveal, type Props } from "../../rpc/values";

export interface Failure {
    /** the argument at fault; empty when it is none in particular */
    property: string;
    reason: string;
}

/** What is wrong with a provider's arguments. */
export function checkConfig(news: Props, urn: string, env: NodeJS.ProcessEnv = process.env): Failure[] {
    const failures: Failure[] = [];
    if (isStrict(news, env)) {
        if (/::default(_[\w.]+)?$/.test(urn)) failures.push(failure("", "strict mode prohibits default provider"));
        for (const name of ["kubeconfig", "context"]) {
            if (!reveal(news[name])) {
                failures.push(failure(name, `strict mode requires Provider "${name}" argument`));
            }
        }
    }
    // The stand-in writes objects to a cluster only.
    if (reveal(news["renderYamlToDirectory"])) {
        failures.push(
            failure(
                "renderYamlToDirectory",
                "the lab's stand-in for the Kubernetes plugin does not render to a directory: " +
                    "leave the argument out, or use the real plugin",
            ),
        );
    }
    return failures;
}

function isStrict(news: Props, env: NodeJS.ProcessEnv): boolean {
    if (typeof news["strictMode"] === "string") return news["strictMode"] === "true";
    try {
        const config: unknown = JSON.parse(env["PULUMI_CONFIG"] || "{}");
        return isProps(config) && config["strictMode"] === "true";
    } catch {
        return false;
    }
}

function failure(property: string, reason: string): Failure {
    return { property, reason };
}
