/**
 * The lab's stand-in for Pulumi's Command plugin: runs commands on this machine, or over SSH. The engine starts it with
 * its own address as the first argument that is no flag.
 */
import { main } from "@pulumi/pulumi/provider";
import { exitWithParent } from "../parent";
import { engineLog } from "./log";
import { CommandProvider } from "./provider";

const args = process.argv.slice(2);
exitWithParent();
void main(new CommandProvider(engineLog(args.find((arg) => !arg.startsWith("-")))), args);
