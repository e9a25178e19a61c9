import { parseArgs } from "node:util";
import { UserError } from "@istio-on-pulumi/kube";
import { checkIdentity, surveyCluster } from "./survey";

/** Run by `stack/destroyGuard.ts` before a stack is destroyed: fails where the cluster is not the stack's. */
async function guard() {
    const { values } = parseArgs({
        options: { uid: { type: "string" }, context: { type: "string" }, kubeconfig: { type: "string" } },
    });
    try {
        const kubeconfig = values.kubeconfig ?? process.env.STACK_KUBECONFIG;
        checkIdentity(await surveyCluster({ ...values, kubeconfig }), values.uid);
    } catch (error) {
        if (!(error instanceof UserError)) throw error;
        console.error(error.message);
        process.exitCode = 1;
    }
}

void guard();
