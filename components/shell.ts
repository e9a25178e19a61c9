import * as pulumi from "@pulumi/pulumi";
import { isKubeconfigText } from "@istio-on-pulumi/kube";

/** A command line for `sh` of words that stay as they are. */
export function shellWords(words: readonly string[]): string {
    return words.map((word) => (/^[\w./:@=-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)).join(" ");
}

/**
 * How a command of the stack is told of its kubeconfig: a path is a word of its command line; a text holds keys, and is
 * a secret variable of its environment.
 *
 * @param variable the variable that the command reads
 */
export function kubeconfigFor(kubeconfig: string | undefined, variable: string) {
    if (kubeconfig === undefined) return { words: [], environment: undefined };
    return isKubeconfigText(kubeconfig)
        ? { words: [], environment: pulumi.secret({ [variable]: kubeconfig }) }
        : { words: ["--kubeconfig", kubeconfig], environment: undefined };
}

/** A kubeconfig as an input: its text holds keys. */
export function secretText(kubeconfig: string): pulumi.Input<string> {
    return isKubeconfigText(kubeconfig) ? pulumi.secret(kubeconfig) : kubeconfig;
}
