import { parseArgs } from "node:util";
import { ISTIO_NAMESPACE, UserError } from "@istio-on-pulumi/kube";
import { checkIdentity, surveyCluster } from "./survey";
import { checkWrites } from "./writes";

/**
 * Run by `stack/destroyGuard.ts` before a stack is destroyed: fails where the cluster is not the
 * stack's, or lets this user change nothing.
 */
async function guard() {
    const { values } = parseArgs({
        options: { uid: { type: "string" }, context: { type: "string" }, kubeconfig: { type: "string" } },
    });
    try {
        const kubeconfig = values.kubeconfig ?? process.env.STACK_KUBECONFIG;
        const survey = await surveyCluster({ ...values, kubeconfig });
        checkIdentity(survey, values.uid);
        await checkWrites(survey.client, ISTIO_NAMESPACE);
    } catch (error) {
        if (!(error instanceof UserError)) throw error;
        console.error(error.message);
        process.exitCode = 1;
    }
}

void guard();
