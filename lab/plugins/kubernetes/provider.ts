/** One configured provider: sends each resource to the room that knows its type. */
import type { ConstructRequest } from "@pulumi/pulumi/proto/provider_pb";
import type { Engine } from "../rpc/engine";
import { parseUrn } from "../rpc/urn";
import type { Props } from "../rpc/values";
import { gvkOfUrn } from "./object/kinds";
import { REPLACE_UNREADY, annotationIsTrue, nameOf } from "./object/names";
import { readCheckpoint, toObject } from "./object/checkpoint";
import { isComplete } from "./await/job";
import { text } from "./object/tree";
import { connect, kubeconfigPath, type Connection } from "./provider/connection";
import type { Failure } from "./provider/check-config";
import type { Settings } from "./provider/settings";
import { checkResource, type CheckQuestion } from "./resource/check";
import type { ResourceContext } from "./resource/context";
import { diffResource } from "./resource/diff";
import * as operations from "./resource/operations";
import type { ReleaseContext } from "./release/release";
import type { DiffResult } from "./service";

const RELEASE_TYPE = "kubernetes:helm.sh/v3:Release";

type Reachable = Connection & { reachable: true };

export class Provider {
    private constructor(
        private readonly engine: Engine,
        private readonly settings: Settings,
        private readonly connection: Connection,
        private readonly cancelled: AbortSignal,
    ) {}

    static async configure(engine: Engine, settings: Settings, cancelled: AbortSignal): Promise<Provider> {
        return new Provider(engine, settings, await connect(settings), cancelled);
    }

    async check(question: CheckQuestion): Promise<{ inputs: Props; failures: Failure[] }> {
        const { connection, settings, engine } = this;
        if (!connection.reachable && settings.skipUpdateUnreachable) {
            const message = "Cluster is unreachable but skipUpdateUnreachable flag is set to true, skipping...";
            engine.log("warning", message, question.urn);
            return { inputs: question.olds, failures: [] };
        }
        if (isRelease(question.urn) && connection.reachable) {
            const { checkRelease } = await import("./release/release.js");
            return checkRelease(this.releaseContext(connection), question.urn, question.olds, question.news);
        }
        const { defaultNamespace } = connection;
        const cluster = connection.reachable ? connection.cluster : undefined;
        return { inputs: await checkResource({ settings, engine, defaultNamespace, cluster }, question), failures: [] };
    }

    async diff(question: { urn: string; olds: Props; news: Props; ignoreChanges: string[] }): Promise<DiffResult> {
        if (isRelease(question.urn)) {
            const { diffRelease } = await import("./release/diff.js");
            const changes = diffRelease(question.olds, question.news, question.ignoreChanges);
            const replaces = [...changes].filter(([, change]) => change.replace).map(([path]) => path);
            return { changes, replaces, deleteBeforeReplace: false };
        }
        const { connection, settings } = this;
        const gvk = gvkOfUrn(question.urn);
        const answer = diffResource({
            ...question,
            namespaced: connection.reachable ? await connection.cluster.isNamespaced(gvk) : undefined,
            configMapMutable: settings.configMapMutable,
            secretMutable: settings.secretMutable,
            serverSideApply: settings.serverSideApply,
        });
        if (await this.mustReplaceUnready(question)) {
            const replaces = [...answer.replaces, `.metadata.annotations["${REPLACE_UNREADY}"]`];
            return { ...answer, replaces, force: true };
        }
        return answer;
    }

    /** Whether the program asks for a new Job because the one that is there has not completed. */
    private async mustReplaceUnready(question: { urn: string; olds: Props; news: Props }): Promise<boolean> {
        const inputs = toObject(question.news);
        if (!annotationIsTrue(inputs, REPLACE_UNREADY)) return false;
        if (!this.connection.reachable) {
            this.engine.log("warning", "Cluster is unreachable, skipping replaceUnready check", question.urn);
            return false;
        }
        if (text(inputs, "kind") !== "Job") {
            this.engine.log("warning", "replaceUnready annotation is not supported for this resource", question.urn);
            return false;
        }
        const { live } = readCheckpoint(question.olds);
        try {
            return !isComplete(await (await this.connection.cluster.objects(live)).get(nameOf(live)));
        } catch {
            // A Job that cannot be read is left to the update.
            return false;
        }
    }

    async create(question: operations.CreateQuestion): Promise<operations.Created> {
        if (!this.connection.reachable) {
            if (question.preview) return { id: "", properties: question.properties };
            throw unreachable(this.connection.reason);
        }
        if (isRelease(question.urn)) {
            const { createRelease } = await import("./release/release.js");
            return createRelease(this.releaseContext(this.connection), question);
        }
        return operations.createResource(this.resourceContext(this.connection), question);
    }

    async update(question: operations.UpdateQuestion): Promise<Props> {
        if (!this.connection.reachable) {
            if (question.preview) return question.properties;
            throw unreachable(this.connection.reason);
        }
        if (isRelease(question.urn)) {
            const { updateRelease } = await import("./release/release.js");
            return updateRelease(this.releaseContext(this.connection), question);
        }
        return operations.updateResource(this.resourceContext(this.connection), question);
    }

    async read(question: operations.ReadQuestion): Promise<operations.Read | undefined> {
        if (!this.connection.reachable) return this.readUnreachable(question, this.connection.reason);
        if (isRelease(question.urn)) {
            const { readRelease } = await import("./release/release.js");
            return readRelease(this.releaseContext(this.connection), question);
        }
        return operations.readResource(this.resourceContext(this.connection), question);
    }

    private readUnreachable(question: operations.ReadQuestion, reason: string): operations.Read | undefined {
        this.engine.log("warning", unreachable(reason).message, question.urn);
        if (this.settings.deleteUnreachable) return undefined;
        if (this.settings.skipUpdateUnreachable) return question;
        throw new Error(
            "failed to read resource state due to unreachable cluster. If the cluster was deleted, you can remove this " +
                "resource from Pulumi state by rerunning the operation with the PULUMI_K8S_DELETE_UNREACHABLE environment " +
                'variable set to "true"',
        );
    }

    async delete(question: operations.DeleteQuestion): Promise<void> {
        if (!this.connection.reachable) {
            this.engine.log("warning", unreachable(this.connection.reason).message, question.urn);
            if (this.settings.deleteUnreachable) return;
            throw new Error(
                "configured Kubernetes cluster is unreachable. If the cluster was deleted, you can remove this resource from " +
                    "Pulumi state by rerunning the operation with the PULUMI_K8S_DELETE_UNREACHABLE environment variable set " +
                    'to "true"',
            );
        }
        if (isRelease(question.urn)) {
            const { deleteRelease } = await import("./release/release.js");
            return deleteRelease(this.releaseContext(this.connection), question);
        }
        return operations.deleteResource(this.resourceContext(this.connection), question);
    }

    async construct(request: ConstructRequest) {
        if (!this.connection.reachable) throw unreachable(this.connection.reason);
        const { constructComponent } = await import("./construct/index.js");
        const { cluster, defaultNamespace } = this.connection;
        const { engine } = this;
        return constructComponent({ cluster, engine, defaultNamespace, helm: this.helmTarget(this.connection) }, request);
    }

    async invoke(token: string, args: Props): Promise<Props> {
        if (token !== "kubernetes:yaml:decode") {
            throw new Error(`the lab's stand-in for the Kubernetes plugin does not know the function ${token}`);
        }
        const { decodeYaml } = await import("./construct/decode.js");
        return decodeYaml(this.connection.reachable ? this.connection.cluster : undefined, args);
    }

    private resourceContext({ cluster }: Reachable): ResourceContext {
        return { cluster, settings: this.settings, engine: this.engine, cancelled: this.cancelled };
    }

    private releaseContext(connection: Reachable): ReleaseContext {
        const { cluster, defaultNamespace } = connection;
        const { engine, cancelled } = this;
        return { engine, cluster, defaultNamespace, cancelled, helm: this.helmTarget(connection) };
    }

    private helmTarget(connection: Reachable): ReleaseContext["helm"] {
        return {
            kubeconfig: kubeconfigPath(this.settings, connection),
            context: connection.selected.context,
            settings: this.settings.helm,
        };
    }
}

function isRelease(urn: string): boolean {
    return parseUrn(urn).type === RELEASE_TYPE;
}

function unreachable(reason: string): Error {
    return new Error(`configured Kubernetes cluster is unreachable: ${reason}`);
}
