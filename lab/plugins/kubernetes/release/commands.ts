/** The helm commands that make, change and remove a release. */
import { chartArguments, flag, option } from "../helm/chart-source";
import { helm, type HelmTarget } from "../helm/cli";
import { withPrivateFiles, type PrivateFiles } from "../helm/private-files";
import type { ReleaseRecord } from "./record";

/** Seconds */
export const DEFAULT_TIMEOUT = 300;

export function install(target: HelmTarget, record: ReleaseRecord, signal: AbortSignal): Promise<string> {
    return withPrivateFiles(async (files) =>
        helm(
            target,
            [
                "install",
                ...(await common(record, files)),
                ...flag("--no-hooks", record.disableWebhooks),
                ...flag("--create-namespace", record.createNamespace),
                ...flag("--replace", record.replace),
                ...flag("--skip-crds", record.skipCrds),
            ],
            signal,
        ),
    );
}

export function upgrade(target: HelmTarget, record: ReleaseRecord, signal: AbortSignal): Promise<string> {
    return withPrivateFiles(async (files) =>
        helm(
            target,
            [
                "upgrade",
                ...(await common(record, files)),
                ...flag("--no-hooks", record.disableCRDHooks),
                ...flag("--force", record.forceUpdate),
                ...flag("--reset-values", record.resetValues),
                ...flag("--reuse-values", record.reuseValues),
                ...flag("--recreate-pods", record.recreatePods),
                ...flag("--cleanup-on-fail", record.cleanupOnFail),
                "--history-max",
                String(record.maxHistory ?? 0),
            ],
            signal,
        ),
    );
}

/** @returns helm's remarks, e.g. of what a resource policy kept */
export function uninstall(target: HelmTarget, record: ReleaseRecord): Promise<string> {
    const waits = record.atomic || !record.skipAwait;
    return helm(target, [
        "uninstall",
        record.name,
        "--namespace",
        record.namespace,
        ...flag("--wait", waits),
        ...(waits ? ["--timeout", `${record.timeout || DEFAULT_TIMEOUT}s`] : []),
    ]);
}

/** `helm show chart`: the chart's metadata as YAML, wherever the chart is. */
export function showChart(target: HelmTarget, record: ReleaseRecord): Promise<string> {
    return withPrivateFiles(async (files) => {
        const source = { ...record, repository: record.repositoryOpts, dependencyUpdate: false };
        return helm(target, ["show", "chart", record.chart, ...(await chartArguments(source, files))]);
    });
}

/** The chart's definitions of custom resources, rendered without asking the cluster. */
export function renderManifest(target: HelmTarget, record: ReleaseRecord): Promise<string> {
    return withPrivateFiles(async (files) => {
        const source = { ...record, repository: record.repositoryOpts };
        return helm(target, [
            "template",
            record.name,
            record.chart,
            "--namespace",
            record.namespace,
            ...flag("--include-crds", !record.skipCrds),
            ...(await chartArguments(source, files)),
            "--values",
            files.write("values.json", JSON.stringify(record.values)),
        ]);
    });
}

async function common(record: ReleaseRecord, files: PrivateFiles): Promise<string[]> {
    return [
        record.name,
        record.chart,
        "--namespace",
        record.namespace,
        "--output",
        "json",
        "--timeout",
        `${record.timeout || DEFAULT_TIMEOUT}s`,
        ...flag("--wait", !record.skipAwait),
        ...flag("--wait-for-jobs", !record.skipAwait && record.waitForJobs),
        ...flag("--atomic", record.atomic),
        ...flag("--render-subchart-notes", record.renderSubchartNotes),
        ...flag("--disable-openapi-validation", record.disableOpenapiValidation),
        ...option("--description", record.description),
        ...option("--post-renderer", record.postrender),
        ...(await chartArguments({ ...record, repository: record.repositoryOpts }, files)),
        "--values",
        files.write("values.json", JSON.stringify(record.values)),
    ];
}
