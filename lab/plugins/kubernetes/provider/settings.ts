/** What the program says about the provider: its arguments, with the environment variables that stand in for them. */

export interface Settings {
    /** path or contents; empty: the user's own kubeconfig */
    kubeconfig: string;
    context: string;
    cluster: string;
    namespace: string;
    serverSideApply: boolean;
    configMapMutable: boolean;
    secretMutable: boolean;
    upsertExistingObjects: boolean;
    patchForce: boolean;
    deleteUnreachable: boolean;
    skipUpdateUnreachable: boolean;
    suppressHelmHookWarnings: boolean;
    helm: HelmSettings;
}

/** Paths that Helm would otherwise take from its own environment. */
export interface HelmSettings {
    driver?: string;
    pluginsPath?: string;
    registryConfigPath?: string;
    repositoryConfigPath?: string;
    repositoryCache?: string;
}

/**
 * @param variables the arguments as the engine passes them: strings by `kubernetes:config:<name>`
 * @throws Error when helmReleaseSettings is not JSON
 */
export function readSettings(variables: ReadonlyMap<string, string>, env: NodeJS.ProcessEnv = process.env): Settings {
    const value = (name: string): string => variables.get(`kubernetes:config:${name}`) ?? "";
    const flag = (name: string, variable: string, fallback = false): boolean => {
        const written = variables.get(`kubernetes:config:${name}`) ?? env[variable];
        return written === undefined ? fallback : written === "true";
    };
    return {
        kubeconfig: value("kubeconfig"),
        context: value("context"),
        cluster: value("cluster"),
        namespace: value("namespace"),
        serverSideApply: flag("enableServerSideApply", "PULUMI_K8S_ENABLE_SERVER_SIDE_APPLY", true),
        configMapMutable: flag("enableConfigMapMutable", "PULUMI_K8S_ENABLE_CONFIGMAP_MUTABLE"),
        secretMutable: flag("enableSecretMutable", "PULUMI_K8S_ENABLE_SECRET_MUTABLE"),
        upsertExistingObjects: flag("upsertExistingObjects", "PULUMI_K8S_UPSERT_EXISTING_OBJECTS"),
        patchForce: flag("enablePatchForce", "PULUMI_K8S_ENABLE_PATCH_FORCE"),
        deleteUnreachable: flag("deleteUnreachable", "PULUMI_K8S_DELETE_UNREACHABLE"),
        skipUpdateUnreachable: flag("skipUpdateUnreachable", "PULUMI_K8S_SKIP_UPDATE_UNREACHABLE"),
        suppressHelmHookWarnings: flag("suppressHelmHookWarnings", "PULUMI_K8S_SUPPRESS_HELM_HOOK_WARNINGS"),
        helm: helmSettings(value("helmReleaseSettings"), env),
    };
}

function helmSettings(json: string, env: NodeJS.ProcessEnv): HelmSettings {
    const fromEnv: HelmSettings = {
        driver: env["PULUMI_K8S_HELM_DRIVER"] ?? "secret",
        pluginsPath: env["PULUMI_K8S_HELM_PLUGINS_PATH"],
        registryConfigPath: env["PULUMI_K8S_HELM_REGISTRY_CONFIG_PATH"],
        repositoryConfigPath: env["PULUMI_K8S_HELM_REPOSITORY_CONFIG_PATH"],
        repositoryCache: env["PULUMI_K8S_HELM_REPOSITORY_CACHE"],
    };
    if (!json) return fromEnv;
    try {
        return { ...fromEnv, ...(JSON.parse(json) as HelmSettings) };
    } catch (error) {
        throw new Error(`failed to unmarshal helmReleaseSettings option: ${(error as Error).message}`);
    }
}
