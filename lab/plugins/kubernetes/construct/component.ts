/** A component resource that the plugin makes on the program's behalf, with its children. */
import type { ConstructRequest } from "@pulumi/pulumi/proto/provider_pb";
import { RegisterResourceRequest, Result } from "@pulumi/pulumi/proto/resource_pb";
import { Monitor, OBJECT } from "../../rpc/monitor";
import { withStruct } from "../../rpc/struct-fields";
import { ResourceReference, type Props } from "../../rpc/values";

export interface Child {
    type: string;
    name: string;
    props: Props;
    /** URNs to wait for */
    dependencies: string[];
    retainOnDelete: boolean;
}

export class Component {
    urn = "";
    private readonly monitor: Monitor;

    constructor(private readonly request: ConstructRequest) {
        this.monitor = new Monitor(request.getMonitorendpoint());
    }

    get name(): string {
        return this.request.getName();
    }

    get type(): string {
        return this.request.getType();
    }

    /** Registers the component itself, with the options that the program gave it. */
    async register(): Promise<void> {
        const registration = this.registration(this.type, this.name, {});
        registration.setParent(this.request.getParent());
        copyOptions(this.request, registration);
        this.urn = (await this.monitor.register(registration)).getUrn();
    }

    /** Registers a child and waits for the engine to be done with it. */
    async registerChild(child: Child): Promise<ResourceReference> {
        const registration = this.registration(child.type, child.name, child.props);
        registration.setCustom(true);
        registration.setParent(this.urn);
        registration.setDependenciesList([...child.dependencies].sort());
        if (child.retainOnDelete) registration.setRetainondelete(true);
        // An entry without URNs says that no property depends on anything, which leaving it out would not.
        const none = new RegisterResourceRequest.PropertyDependencies();
        for (const property of Object.keys(child.props)) registration.getPropertydependenciesMap().set(property, none);
        const protect = this.request.getProtect();
        if (this.request.hasProtect() && protect !== undefined) registration.setProtect(protect);
        const response = await this.monitor.register(registration);
        if (response.getResult() !== Result.SUCCESS) {
            throw new Error(`resource ${child.name} [${child.type}] failed to register`);
        }
        return new ResourceReference(response.getUrn(), response.getId());
    }

    close(): void {
        this.monitor.close();
    }

    private registration(type: string, name: string, props: Props): RegisterResourceRequest {
        const registration = new RegisterResourceRequest();
        registration.setType(type);
        registration.setName(name);
        withStruct(registration, OBJECT, props);
        registration.setAcceptsecrets(true);
        registration.setAcceptresources(true);
        registration.setSupportsresultreporting(true);
        registration.setSupportspartialvalues(true);
        registration.setAliasspecs(true);
        const provider = this.request.getProvidersMap().get("kubernetes");
        if (provider) registration.setProvider(provider);
        return registration;
    }
}

function copyOptions(from: ConstructRequest, to: RegisterResourceRequest): void {
    to.setDependenciesList(from.getDependenciesList());
    to.setAliasesList(from.getAliasesList());
    to.setIgnorechangesList(from.getIgnorechangesList());
    to.setReplaceonchangesList(from.getReplaceonchangesList());
    to.setAdditionalsecretoutputsList(from.getAdditionalsecretoutputsList());
    to.setReplaceWithList(from.getReplaceWithList());
    to.setDeletedwith(from.getDeletedwith());
    to.setReplacementTrigger(from.getReplacementTrigger());
    from.getProvidersMap().forEach((reference: string, name: string) => to.getProvidersMap().set(name, reference));
    if (from.hasProtect()) to.setProtect(from.getProtect() === true);
    if (from.hasRetainondelete()) to.setRetainondelete(from.getRetainondelete() === true);
    if (from.hasDeletebeforereplace()) {
        to.setDeletebeforereplace(from.getDeletebeforereplace() === true);
        to.setDeletebeforereplacedefined(true);
    }
    const timeouts = from.getCustomtimeouts();
    if (timeouts) {
        const copy = new RegisterResourceRequest.CustomTimeouts();
        copy.setCreate(timeouts.getCreate());
        copy.setUpdate(timeouts.getUpdate());
        copy.setDelete(timeouts.getDelete());
        to.setCustomtimeouts(copy);
    }
    copyHooks(from, to);
}

function copyHooks(from: ConstructRequest, to: RegisterResourceRequest): void {
    const hooks = from.getResourceHooks();
    if (!hooks) return;
    // The two messages are twins by field numbers.
    to.setHooks(RegisterResourceRequest.ResourceHooksBinding.deserializeBinary(hooks.serializeBinary()));
}
