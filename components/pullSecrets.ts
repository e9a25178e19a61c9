/** The part of a pod's spec that names the Secrets with which its images are pulled; nothing where there are none. */
export function pulledWith(names: readonly string[] = []): { imagePullSecrets?: { name: string }[] } {
    return names.length === 0 ? {} : { imagePullSecrets: names.map((name) => ({ name })) };
}
