import { Archive, Asset, isProps, reveal, type Props } from "../../rpc/values";
import { readFileSync } from "node:fs";

/** A component's inputs, all known, without their secret and output wrappers. */
export class Inputs {
    private readonly props: Props;

    constructor(
        private readonly component: string,
        props: Props,
    ) {
        this.props = reveal(props) as Props;
    }

    text(name: string): string | undefined {
        return this.typed(name, "string") as string | undefined;
    }

    flag(name: string): boolean {
        return this.typed(name, "boolean") === true;
    }

    /** the input whatever it is */
    raw(name: string): unknown {
        return this.props[name];
    }

    object(name: string): Props {
        const value = this.props[name] ?? {};
        if (!isProps(value)) throw this.wrong(name, "an object");
        return value;
    }

    list(name: string): unknown[] {
        const value = this.props[name] ?? [];
        if (!Array.isArray(value)) throw this.wrong(name, "a list");
        return value;
    }

    /** @throws Error when the input is missing or empty */
    required(name: string): string {
        const value = this.text(name);
        if (!value) throw new Error(`${this.component}: the input "${name}" is required`);
        return value;
    }

    private typed(name: string, type: "string" | "boolean"): unknown {
        const value = this.props[name];
        if (value === undefined || value === null) return undefined;
        if (typeof value !== type) throw this.wrong(name, `a ${type}`);
        return value;
    }

    private wrong(name: string, expected: string): Error {
        return new Error(`${this.component}: the input "${name}" must be ${expected}, not ${JSON.stringify(this.props[name])}`);
    }
}

/** The text of an asset. @throws Error when its file or URL cannot be read */
export async function readAsset(asset: unknown): Promise<string> {
    if (!(asset instanceof Asset)) throw new Error("an asset is expected: use FileAsset, StringAsset or RemoteAsset");
    const { text, path, uri } = asset.fields;
    if (text) return text;
    if (path) return readFileSync(path, "utf8");
    if (!uri) return "";
    const response = await fetch(uri);
    if (!response.ok) throw new Error(`failed to read uri "${uri}": HTTP status ${response.status}`);
    return response.text();
}

/** Chart values with each asset replaced by its text. */
export async function withAssetTexts(value: unknown): Promise<unknown> {
    if (value instanceof Asset) return readAsset(value);
    if (value instanceof Archive) throw new Error("Archive values are not supported as a Helm value");
    if (Array.isArray(value)) return Promise.all(value.map(withAssetTexts));
    if (!isProps(value)) return value;
    const entries = Object.entries(value).map(async ([key, item]) => [key, await withAssetTexts(item)] as const);
    return Object.fromEntries(await Promise.all(entries));
}
