/** The plugins of Pulumi's engine: which the program needs, where each comes from, and a directory that holds them. */
export { choosePlugins, downloadMissing, type PluginChoice } from "./choose";
export { describePlugins } from "./describe";
export { loader, pluginDir } from "./directory";
