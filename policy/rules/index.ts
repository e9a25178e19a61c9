import type { Rule } from "../rule";
import { dashboards } from "./dashboards";
import { imageRegistries } from "./imageRegistries";
import { imageTags } from "./imageTags";
import { injectionLabel } from "./injectionLabel";
import { mutualTls } from "./mutualTls";
import { nodePorts } from "./nodePorts";
import { plaintextListeners } from "./plaintextListeners";
import { requests } from "./requests";

/** In the order of docs/rules.md. */
export const RULES: readonly Rule[] = [
    imageTags,
    imageRegistries,
    nodePorts,
    injectionLabel,
    dashboards,
    requests,
    plaintextListeners,
    mutualTls,
];
