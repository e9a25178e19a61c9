const DOCKER_HUB = "docker.io";

/**
 * The registry that an image comes from.
 *
 * A name without one is Docker Hub's, as the container runtimes read it: `prom/prometheus` is
 * `docker.io/prom/prometheus`.
 */
export function registryOf(image: string): string {
    const slash = image.indexOf("/");
    const first = image.slice(0, Math.max(slash, 0));
    return /[.:]/.test(first) || first === "localhost" ? first : DOCKER_HUB;
}

/** A reference with its registry; Docker Hub's images without a path are in `library/`. */
export function withRegistry(image: string): string {
    if (image.startsWith(`${registryOf(image)}/`)) return image;
    return image.includes("/") ? `${DOCKER_HUB}/${image}` : `${DOCKER_HUB}/library/${image}`;
}
