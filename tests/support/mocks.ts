import * as pulumi from "@pulumi/pulumi";
import type { Callback } from "@pulumi/pulumi/proto/callback_pb";
import type {
    ReadResourceRequest,
    RegisterErrorHookRequest,
    RegisterResourceHookRequest,
    RegisterResourceRequest,
} from "@pulumi/pulumi/proto/resource_pb";
import type { MockMonitor } from "@pulumi/pulumi/runtime/mocks";
import { unknownValue } from "@pulumi/pulumi/runtime/rpc";
import * as settings from "@pulumi/pulumi/runtime/settings";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import type { Struct } from "google-protobuf/google/protobuf/struct_pb";

/** What stands for an unknown value in the inputs and ids of a preview. */
export const UNKNOWN = unknownValue;

/** Inputs, as far as tests look into them by name; what is missing there fails the comparison. */
export interface Inputs {
    readonly metadata: {
        readonly name: string;
        readonly namespace?: string;
        readonly labels?: Readonly<Record<string, string>>;
        readonly annotations?: Readonly<Record<string, string>>;
    };
    readonly spec: {
        readonly type?: string;
        readonly ports: readonly [Port, ...Port[]];
        readonly template: {
            readonly spec: {
                readonly containers: readonly [Container, ...Container[]];
                readonly initContainers?: readonly Container[];
            };
        };
        readonly volumeClaimTemplates: readonly [{ readonly spec: unknown }];
        readonly [field: string]: unknown;
    };
    readonly [field: string]: unknown;
}

interface Port {
    readonly name: string;
    readonly port: number;
    readonly nodePort?: number;
}

interface Container {
    readonly image: string;
}

/** One request to the engine, as it leaves the program. */
export interface Registration {
    /** `read` is a `get` of an object that exists. */
    readonly kind: "custom" | "component" | "remote" | "read";
    readonly type: string;
    readonly name: string;
    /** The id that a `read` asks for. */
    readonly id?: string;
    /** The inputs on the wire; a value that a preview cannot know is UNKNOWN. */
    readonly inputs: Inputs;
    /** The parent as `<type>::<name>`. */
    readonly parent?: string;
    /** Name of the provider that the request names; absent where the engine would take its default provider. */
    readonly provider?: string;
    /** Names of the providers that a component hands on, by package. */
    readonly providers: Readonly<Record<string, string>>;
    /** Every dependency as `<type>::<name>`, sorted. */
    readonly dependencies: readonly string[];
    readonly retainOnDelete: boolean;
    /** Names that the resource had before. */
    readonly formerNames: readonly string[];
    readonly ignoreChanges: readonly string[];
    readonly replaceOnChanges: readonly string[];
    readonly transforms: readonly Callback[];
}

/** What the cluster adds to the inputs of a resource: its id (default: `<namespace>/<name>`) and further outputs. */
export type Answer = (
    registration: Registration,
) => { id?: string; outputs?: object } | Promise<{ id?: string; outputs?: object }>;

export interface RecordingOptions {
    /** Nothing is created: ids and outputs stay unknown, unless an answer tells them. */
    preview?: boolean;
    /** By resource type. */
    answers?: Readonly<Record<string, Answer>>;
}

const MOCKED = /^(kubernetes:|command:|istio-on-pulumi:index:|pulumi:providers:kubernetes$)/;

/**
 * An engine that answers by itself and keeps every request.
 *
 * One a test: `await Recording.start()`, build, `await recording.settled()`.
 */
export class Recording {
    readonly registrations: Registration[] = [];
    /** `asked <type>::<name>` and `answered <type>::<name>`, in the order in which they happened. */
    readonly events: string[] = [];
    /** By the names that resources refer to. */
    readonly hooks = new Map<string, Callback>();
    readonly stackTransforms: Callback[] = [];
    private readonly failures: Error[] = [];

    private constructor(private readonly options: RecordingOptions) {}

    static async start(options: RecordingOptions = {}): Promise<Recording> {
        const recording = new Recording(options);
        const refuse = (what: string): never => {
            const failure = new Error(`Not mocked: ${what}`);
            recording.failures.push(failure);
            throw failure;
        };
        await pulumi.runtime.setMocks(
            {
                call: ({ token }) => refuse(`call of ${token}`),
                newResource: ({ type, name }) =>
                    MOCKED.test(type) ? recording.answer(type, name) : refuse(`resource ${type}::${name}`),
            },
            "istio-on-pulumi",
            "test",
            options.preview ?? false,
            "organization",
        );
        // The mocks claim to know no transforms, although the SDK itself serves them.
        (globalThis as unknown as { globalStore: { supportsTransforms: boolean } }).globalStore.supportsTransforms =
            true;
        recording.listen(settings.getMonitor() as unknown as MockMonitor);
        return recording;
    }

    /** Waits until every request is answered. @throws the first thing that was asked for and is not mocked */
    async settled(): Promise<void> {
        await (settings as unknown as { waitForRPCs(): Promise<void> }).waitForRPCs();
        const [failure] = this.failures;
        if (failure !== undefined) {
            throw failure;
        }
    }

    /** Everything that reaches the cluster, as `<type>::<name>`, sorted; `read <type>::<name>` for what is read. */
    get objects(): string[] {
        const reached = this.registrations.filter(
            ({ kind, type }) => kind !== "component" && type.startsWith("kubernetes:"),
        );
        return reached
            .map((registration) => `${registration.kind === "read" ? "read " : ""}${key(registration)}`)
            .sort();
    }

    /** All requests of a type. */
    ofType(type: string): Registration[] {
        return this.registrations.filter((registration) => registration.type === type);
    }

    /** The one request of this type and name. @throws where there is none, or more than one */
    one(type: string, name: string): Registration {
        const found = this.ofType(type).filter((registration) => registration.name === name);
        if (found.length !== 1) {
            const all = this.registrations.map(key).join(", ");
            throw new Error(`${type}::${name} was registered ${found.length} times; registered: ${all}`);
        }
        return found[0]!;
    }

    /** The transforms that the engine sends a resource through: its own, then those of its parent and so on. */
    transformsOf({ transforms, parent }: Registration): Callback[] {
        const above = this.registrations.find((registration) => key(registration) === parent);
        return [...transforms, ...(above ? this.transformsOf(above) : [])];
    }

    private listen(monitor: MockMonitor): void {
        const register = monitor.registerResource.bind(monitor);
        monitor.registerResource = (request: RegisterResourceRequest, callback) => {
            this.record(registered(request));
            return register(request, callback);
        };
        const hook = (
            request: RegisterResourceHookRequest | RegisterErrorHookRequest,
            callback: (error: null, answer: Empty) => void,
        ) => {
            this.hooks.set(request.getName(), request.getCallback()!);
            callback(null, new Empty());
        };
        // The mocks claim to know hooks and the stack's transforms, and do not.
        Object.assign(monitor, {
            registerStackTransform: (transform: Callback, callback: (error: null, answer: Empty) => void) => {
                this.stackTransforms.push(transform);
                callback(null, new Empty());
            },
            registerResourceHook: hook,
            registerErrorHook: hook,
        });
        const read = monitor.readResource.bind(monitor);
        monitor.readResource = (request: ReadResourceRequest, callback) => {
            this.record(wasRead(request));
            return read(request, callback);
        };
    }

    private record(registration: Registration): void {
        this.registrations.push(registration);
        this.events.push(`asked ${key(registration)}`);
    }

    private async answer(type: string, name: string): Promise<{ id: string | undefined; state: object }> {
        const registration = this.one(type, name);
        const answer = await this.options.answers?.[type]?.(registration);
        this.events.push(`answered ${key(registration)}`);
        // A component, a provider or a command has none.
        const { namespace, name: object = name }: Partial<Inputs["metadata"]> = registration.inputs.metadata ?? {};
        const created = namespace ? `${namespace}/${object}` : object;
        return {
            id: answer?.id ?? (this.options.preview ? undefined : created),
            state: { ...registration.inputs, ...answer?.outputs },
        };
    }
}

/** Everything that would reach a cluster by the engine's default provider, which takes the ambient kubeconfig. */
export function withoutProvider(registrations: readonly Registration[]): string[] {
    const reached = registrations.filter(({ kind, type }) => kind !== "component" && type.startsWith("kubernetes:"));
    return reached
        .filter(({ kind, provider, providers }) => (kind === "remote" ? providers.kubernetes : provider) === undefined)
        .map(key);
}

/** The value of an output; `undefined` where a preview cannot know it. */
export async function valueOf<T>(output: pulumi.Output<T>): Promise<T | undefined> {
    const inner = output as unknown as { isKnown: Promise<boolean>; promise(): Promise<T> };
    return (await inner.isKnown) ? inner.promise() : undefined;
}

/** Whether an output has a value; during a preview it may not have one. */
export async function isKnown(output: pulumi.Output<unknown>): Promise<boolean> {
    return (output as unknown as { isKnown: Promise<boolean> }).isKnown;
}

function registered(request: RegisterResourceRequest): Registration {
    return {
        ...common(request),
        kind: request.getCustom() ? "custom" : request.getRemote() ? "remote" : "component",
        inputs: inputsOf(request.getObject()),
        providers: Object.fromEntries(
            request
                .getProvidersMap()
                .toArray()
                .map(([pkg, reference]: [string, string]) => [pkg, nameIn(reference)!]),
        ),
        retainOnDelete: request.getRetainondelete() ?? false,
        formerNames: request.getAliasesList().flatMap((alias) => alias.getSpec()?.getName() || []),
        ignoreChanges: request.getIgnorechangesList(),
        replaceOnChanges: request.getReplaceonchangesList(),
        transforms: request.getTransformsList(),
    };
}

function wasRead(request: ReadResourceRequest): Registration {
    return {
        ...common(request),
        kind: "read",
        id: request.getId(),
        inputs: inputsOf(request.getProperties()),
        providers: {},
        retainOnDelete: false,
        formerNames: [],
        ignoreChanges: [],
        replaceOnChanges: [],
        transforms: [],
    };
}

const inputsOf = (object: Struct | undefined) => (object?.toJavaScript() ?? {}) as unknown as Inputs;

function common(request: RegisterResourceRequest | ReadResourceRequest) {
    return {
        type: request.getType(),
        name: request.getName(),
        parent: short(request.getParent()),
        provider: nameIn(request.getProvider()),
        dependencies: request
            .getDependenciesList()
            .map((urn) => short(urn)!)
            .sort(),
    };
}

const key = ({ type, name }: Pick<Registration, "type" | "name">) => `${type}::${name}`;

/** `urn:pulumi:<stack>::<project>::<parent type>$<type>::<name>` as `<type>::<name>`. */
function short(urn: string): string | undefined {
    const [, , types, name] = urn.split("::");
    return types && `${types.split("$").at(-1)}::${name}`;
}

/** The name in a provider reference, `<urn>::<id>`. */
export function nameIn(reference: string | undefined): string | undefined {
    return reference?.split("::")[3];
}
