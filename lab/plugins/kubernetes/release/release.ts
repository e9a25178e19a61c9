/** kubernetes:helm.sh/v3:Release: a release that helm itself makes, changes and removes. */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { existsSync, readFileSync } from "node:fs";
import { parse } from "yaml";
import type { Engine } from "../../rpc/engine";
import { initFailed } from "../../rpc/init-failed";
import { parseUrn } from "../../rpc/urn";
import { Secret, UNKNOWN, containsUnknowns, isProps, reveal, type Props } from "../../rpc/values";
import type { Cluster } from "../cluster/cluster";
import { outline } from "./outline";
import { HelmError, type HelmTarget } from "../helm/cli";
import { INPUTS, markSecrets } from "../object/checkpoint";
import { parseId } from "../object/names";
import { clone } from "../object/tree";
import type { Failure } from "../provider/check-config";
import type { Created, CreateQuestion, DeleteQuestion, Read, ReadQuestion, UpdateQuestion } from "../resource/operations";
import { DEFAULT_TIMEOUT, install, renderManifest, showChart, uninstall, upgrade } from "./commands";
import { describe, findRelease } from "./inspect";
import { markUnknowns, readRecord, recordProps, type ReleaseRecord } from "./record";

export const RELEASE_TYPE = "kubernetes:helm.sh/v3:Release";

export interface ReleaseContext {
    engine: Engine;
    helm: HelmTarget;
    cluster: Cluster;
    defaultNamespace: string;
    cancelled: AbortSignal;
}

/** Completes and checks a release's inputs: its name, namespace, timeout, and the chart's exact version. */
export async function checkRelease(
    context: ReleaseContext,
    urn: string,
    olds: Props,
    news: Props,
): Promise<{ inputs: Props; failures: Failure[] }> {
    const wanted = { ...news };
    if (!("name" in wanted) && "name" in olds) wanted["name"] = olds["name"];
    if (!wanted["name"]) wanted["name"] = `${parseUrn(urn).name}-${randomBytes(4).toString("hex")}`;
    setDefaults(context, wanted);
    const record = await readRecord(wanted);
    const failures: Failure[] = [];
    if (!containsUnknowns(news)) {
        try {
            record.version = await chartVersion(context, record);
            await declareCrds(context, record);
        } catch (error) {
            const message = (error as Error).message;
            failures.push({ property: "chart", reason: `${message}; check the chart name and repository configuration.` });
        }
    }
    const { resourceNames: _resourceNames, ...inputs } = recordProps(record);
    markUnknowns(inputs, news);
    markSecrets(inputs, news);
    return { inputs, failures };
}

function setDefaults(context: ReleaseContext, inputs: Props): void {
    if (!inputs["namespace"]) inputs["namespace"] = context.defaultNamespace;
    if (!reveal(inputs["skipAwait"]) && !("timeout" in inputs)) inputs["timeout"] = DEFAULT_TIMEOUT;
}

async function chartVersion(context: ReleaseContext, record: ReleaseRecord): Promise<string> {
    const local = join(record.chart, "Chart.yaml");
    const yaml =
        !record.repositoryOpts && existsSync(local) ? readFileSync(local, "utf8") : await showChart(context.helm, record);
    const metadata: unknown = parse(yaml);
    return isProps(metadata) ? String(metadata["version"] ?? "") : "";
}

/** Lets previews know the scope of custom resources whose definitions the release will bring. */
async function declareCrds(context: ReleaseContext, record: ReleaseRecord): Promise<void> {
    try {
        outline(await renderManifest(context.helm, record)).forEach((object) => context.cluster.declareCrd(object));
    } catch (error) {
        // A chart may refuse to render without a cluster; installing it will tell.
        if (!(error instanceof HelmError)) throw error;
    }
}

export async function createRelease(context: ReleaseContext, question: CreateQuestion): Promise<Created> {
    const { urn, properties, preview } = question;
    const record = await readRecord(properties);
    if (preview) return { id: "", properties: checkpoint(properties, record, true) };
    const id = `${record.namespace}/${record.name}`;
    try {
        await install(context.helm, record, context.cancelled);
    } catch (error) {
        const live = await findRelease(context.helm, record.namespace, record.name);
        if (!live || /cannot re-use a name/.test((error as Error).message)) throw error;
        describe(record, live);
        const { message } = error as Error;
        context.engine.log(
            "warning",
            `Helm release "${record.name}" was created but has a failed status. Use the \`helm\` command to investigate the ` +
                `error, correct it, then retry. Reason: ${message}`,
            urn,
        );
        const summary =
            `Helm release "${id}" was created, but failed to initialize completely. Use Helm CLI to investigate: failed to ` +
            `become available within allocated timeout. Error: Helm Release ${id}: ${message}`;
        throw initFailed(id, summary, [], checkpoint(properties, record, false));
    }
    await describeLive(context, record);
    return { id, properties: checkpoint(properties, record, false) };
}

export async function updateRelease(context: ReleaseContext, question: UpdateQuestion): Promise<Props> {
    const { properties, preview } = question;
    const record = await readRecord(properties);
    if (preview) return checkpoint(properties, record, true);
    const id = `${record.namespace}/${record.name}`;
    try {
        await upgrade(context.helm, record, context.cancelled);
    } catch (error) {
        const live = await findRelease(context.helm, record.namespace, record.name);
        if (!live) throw error;
        describe(record, live);
        const summary =
            `Helm release "${id}" failed to initialize completely. Use Helm CLI to investigate: failed to become available ` +
            `within allocated timeout. Error: Helm Release ${id}: ${(error as Error).message}`;
        throw initFailed(id, summary, [], checkpoint(properties, record, false));
    }
    await describeLive(context, record);
    return checkpoint(properties, record, false);
}

async function describeLive(context: ReleaseContext, record: ReleaseRecord): Promise<void> {
    const live = await findRelease(context.helm, record.namespace, record.name);
    if (!live) throw new Error(`Helm release "${record.namespace}/${record.name}" is gone right after it was made`);
    describe(record, live);
}

/** @returns undefined when the release is gone */
export async function readRelease(context: ReleaseContext, question: ReadQuestion): Promise<Read | undefined> {
    const { id, properties } = question;
    const record = await readRecord(properties);
    const named = record.name ? record : parseId(id);
    const live = await findRelease(context.helm, named.namespace, named.name);
    if (!live) return undefined;
    describe(record, live);
    let inputs = storedInputs(properties);
    if (!inputs) {
        const { resourceNames: _resourceNames, status: _status, ...imported } = recordProps(record);
        inputs = imported;
        setDefaults(context, inputs);
    }
    return { id, properties: checkpoint(inputs, record, false), inputs };
}

export async function deleteRelease(context: ReleaseContext, question: DeleteQuestion): Promise<void> {
    const record = await readRecord(question.properties);
    const output = await uninstall(context.helm, record);
    const remarks = output.replace(/release "[^"]*" uninstalled\n/, "");
    if (remarks.trim()) {
        context.engine.log("warning", `Helm uninstall returned information: ${JSON.stringify(remarks)}`, question.urn);
    }
}

/** The release's state: what it is, and, secret as they may be, the inputs that it was made from. */
function checkpoint(inputs: Props, record: ReleaseRecord, preview: boolean): Props {
    const state = clone(recordProps(record));
    markUnknowns(state, inputs);
    markSecrets(state, inputs);
    state[INPUTS] = new Secret(inputs);
    if (preview) {
        state["resourceNames"] = UNKNOWN;
        state["status"] = UNKNOWN;
    }
    return state;
}

/** The inputs that a release's state holds; undefined for one that was never made by the program. */
export function storedInputs(state: Props): Props | undefined {
    const stored = state[INPUTS];
    const inputs = stored instanceof Secret ? stored.value : stored;
    return isProps(inputs) ? inputs : undefined;
}
