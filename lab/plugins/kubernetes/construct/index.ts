import { ConstructResponse, type ConstructRequest } from "@pulumi/pulumi/proto/provider_pb";
import { FIELDS } from "../../rpc/provider-messages";
import { structOf, withStruct } from "../../rpc/struct-fields";
import { UNKNOWN, type Props, type ResourceReference } from "../../rpc/values";
import { constructChart } from "./chart";
import { Component } from "./component";
import { constructConfigFile, constructConfigGroup } from "./config";
import type { ConstructContext } from "./context";

type Construct = (
    context: ConstructContext,
    component: Component,
    props: Props,
) => Promise<ResourceReference[] | undefined>;

const COMPONENTS: Record<string, Construct> = {
    "kubernetes:helm.sh/v4:Chart": constructChart,
    "kubernetes:yaml/v2:ConfigGroup": constructConfigGroup,
    "kubernetes:yaml/v2:ConfigFile": constructConfigFile,
};

/** Makes a component with its children, and answers with references to them. */
export async function constructComponent(
    context: ConstructContext,
    request: ConstructRequest,
): Promise<ConstructResponse> {
    const construct = COMPONENTS[request.getType()];
    if (!construct) {
        throw new Error(
            `the lab's stand-in for the Kubernetes plugin does not know the component ${request.getType()}: ` +
                `it knows ${Object.keys(COMPONENTS).join(", ")}`,
        );
    }
    const component = new Component(request);
    try {
        await component.register();
        const children = await construct(context, component, structOf(request, FIELDS.construct.inputs));
        const response = new ConstructResponse().setUrn(component.urn);
        withStruct(response, FIELDS.constructed.state, { resources: children ?? UNKNOWN });
        const dependencies = new ConstructResponse.PropertyDependencies();
        dependencies.setUrnsList((children ?? []).map((child) => child.urn).sort());
        response.getStatedependenciesMap().set("resources", dependencies);
        return response;
    } finally {
        component.close();
    }
}
