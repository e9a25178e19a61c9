import { readAsset } from "../construct/inputs";
import { PrivateFiles } from "./private-files";
import { Asset, isProps, type Props } from "../../rpc/values";

/** Where a chart comes from, as resource inputs say it. */
export interface ChartSource {
    chart: string;
    version?: string | undefined;
    devel?: boolean | undefined;
    verify?: boolean | undefined;
    keyring?: string | undefined;
    dependencyUpdate?: boolean | undefined;
    plainHttp?: boolean | undefined;
    repository?: Props | undefined;
}

/** The arguments by which helm finds the chart. */
export async function chartArguments(source: ChartSource, files: PrivateFiles): Promise<string[]> {
    const repository = isProps(source.repository) ? source.repository : {};
    const text = (name: string): string | undefined => (repository[name] as string | undefined) || undefined;
    const file = async (name: string): Promise<string | undefined> => {
        const value = repository[name];
        return value instanceof Asset ? files.write(name, await readAsset(value)) : (value as string | undefined);
    };
    return [
        ...option("--version", source.version),
        ...flag("--devel", source.devel && !source.version),
        ...flag("--verify", source.verify),
        ...option("--keyring", source.keyring),
        ...flag("--dependency-update", source.dependencyUpdate),
        ...flag("--plain-http", source.plainHttp),
        ...option("--repo", text("repo")),
        ...option("--username", text("username")),
        ...option("--password", text("password")),
        ...option("--ca-file", await file("caFile")),
        ...option("--cert-file", await file("certFile")),
        ...option("--key-file", await file("keyFile")),
    ];
}

export function option(name: string, value: string | undefined): string[] {
    return value ? [name, value] : [];
}

export function flag(name: string, value: boolean | undefined): string[] {
    return value ? [name] : [];
}
