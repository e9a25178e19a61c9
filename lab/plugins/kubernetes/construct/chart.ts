/** kubernetes:helm.sh/v4:Chart: renders a chart and manages its objects one by one. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { Asset, containsUnknowns, isProps, type Props, type ResourceReference } from "../../rpc/values";
import { chartArguments, flag, option } from "../helm/chart-source";
import { helm } from "../helm/cli";
import { withPrivateFiles } from "../helm/private-files";
import { annotation } from "../object/names";
import type { Tree } from "../object/tree";
import type { Component } from "./component";
import type { ConstructContext } from "./context";
import { Inputs, readAsset, withAssetTexts } from "./inputs";
import { completeObjects, readManifests } from "./manifests";
import { registerObjects } from "./register";
import { warnUnresolved } from "./warnings";

const RESOURCE_POLICY = "helm.sh/resource-policy";

/** @returns the children; none while an input is unknown */
export async function constructChart(
    context: ConstructContext,
    component: Component,
    props: Props,
): Promise<ResourceReference[] | undefined> {
    if (containsUnknowns(props)) {
        context.engine.log("warning", "Input properties have unknown values. Preview is incomplete.", component.urn);
        return undefined;
    }
    const inputs = new Inputs(component.type, props);
    const chart = inputs.required("chart");
    warnIfDeprecated(context, component, chart);
    if (inputs.flag("includeHooks")) {
        context.engine.log(
            "warning",
            "includeHooks is only supported when the provider is configured with renderYamlToDirectory; Helm hooks will " +
                "be ignored.",
            component.urn,
        );
    }
    const yaml = await render(context, component.name, chart, inputs);
    const namespace = inputs.text("namespace") || context.defaultNamespace;
    const { objects, unresolved } = await completeObjects(await readManifests({ yaml }), namespace, context.cluster);
    warnUnresolved(context.engine, unresolved);
    return registerObjects(component, objects, {
        prefix: inputs.text("resourcePrefix") ?? component.name,
        skipAwait: inputs.flag("skipAwait"),
        retain: (object) => isKept(context, component, object),
    });
}

/** `helm template` with what the cluster can do, hooks left out. */
async function render(context: ConstructContext, name: string, chart: string, inputs: Inputs): Promise<string> {
    const { discovery } = context.cluster;
    // Another program may have installed definitions since.
    discovery.reset();
    const [version, apiVersions] = await Promise.all([discovery.version(), discovery.apiVersions()]);
    const postRenderer = inputs.object("postRenderer");
    return withPrivateFiles(async (files) => {
        const valueFiles: string[] = [];
        for (const [index, asset] of inputs.list("valueYamlFiles").entries()) {
            valueFiles.push(files.write(`values-${index}.yaml`, await readAsset(asset)));
        }
        valueFiles.push(files.write("values.json", JSON.stringify(await withAssetTexts(inputs.object("values")))));
        const keyring = inputs.raw("keyring");
        return helm(context.helm, [
            "template",
            inputs.text("name") || name,
            chart,
            "--namespace",
            inputs.text("namespace") || context.defaultNamespace,
            "--no-hooks",
            "--dry-run=server",
            "--kube-version",
            version.gitVersion,
            ...apiVersions.flatMap((apiVersion) => ["--api-versions", apiVersion]),
            ...flag("--include-crds", !inputs.flag("skipCrds")),
            ...(await chartArguments(
                {
                    chart,
                    version: inputs.text("version"),
                    devel: inputs.flag("devel"),
                    verify: inputs.flag("verify"),
                    keyring: keyring instanceof Asset ? files.write("keyring", await readAsset(keyring)) : undefined,
                    dependencyUpdate: inputs.flag("dependencyUpdate"),
                    plainHttp: inputs.flag("plainHttp"),
                    repository: inputs.object("repositoryOpts"),
                },
                files,
            )),
            ...valueFiles.flatMap((path) => ["--values", path]),
            ...option("--post-renderer", postRenderer["command"] as string | undefined),
            ...((postRenderer["args"] as string[] | undefined) ?? []).flatMap((arg) => ["--post-renderer-args", arg]),
        ]);
    });
}

/** A chart may ask that an object outlives the release. */
function isKept(context: ConstructContext, component: Component, object: Tree): boolean {
    const policy = annotation(object, RESOURCE_POLICY);
    if (policy && policy !== "keep") {
        context.engine.log("warning", `Unsupported Helm resource policy "${policy}"`, component.urn);
    }
    return policy === "keep";
}

function warnIfDeprecated(context: ConstructContext, component: Component, chart: string): void {
    const path = join(chart, "Chart.yaml");
    if (!existsSync(path)) return;
    const metadata: unknown = parse(readFileSync(path, "utf8"));
    if (!isProps(metadata) || metadata["deprecated"] !== true) return;
    context.engine.log("warning", `Using a deprecated Helm chart (${String(metadata["name"])})`, component.urn);
}
