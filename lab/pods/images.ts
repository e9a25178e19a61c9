/** A program of the lab that stands for a container image. */
export interface ImageProgram {
    /** Name of the program in the lab's directory of programs, and in the image. */
    readonly program: string;
    /** User that the image runs as, where the pod does not say. */
    readonly uid: number;
    readonly gid: number;
}

/** By the last part of the image's name: mirrors keep it. */
const PROGRAMS: ReadonlyMap<string, ImageProgram> = new Map([
    ["pilot", { program: "pilot-discovery", uid: 1337, gid: 1337 }],
]);

/** Version of every Istio program that the lab builds, whatever tag the image has. */
export const BUILT_ISTIO_VERSION = "1.25.1";

/** The last part of an image's name and its tag (`latest` if it has none, `""` with a digest only). */
export function parseImage(image: string): { base: string; tag: string } {
    const last = image.slice(image.lastIndexOf("/") + 1);
    const [named = "", digest] = last.split("@");
    const [base = "", tag] = named.split(":");
    return { base, tag: tag ?? (digest === undefined ? "latest" : "") };
}

/** The program for an image, or undefined if the lab has none. */
export function programFor(image: string): ImageProgram | undefined {
    return PROGRAMS.get(parseImage(image).base);
}
