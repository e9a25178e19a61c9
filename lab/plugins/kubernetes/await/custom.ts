/** What the annotation `pulumi.com/waitFor` asks for: conditions and JSONPaths. */
import type { WatchEvent } from "../cluster/watch";
import { gvkOf } from "../object/kinds";
import { generation } from "../object/names";
import { at, list, number, text, type Tree } from "../object/tree";
import { Latest, type Condition, type Subject } from "./condition";
import { parseJsonPath, type JsonPathTest } from "./jsonpath";

type Test = (object: Tree, say: (message: string) => void) => boolean;

/** All the expressions hold at once. */
export class CustomReady implements Condition {
    readonly watched;
    private readonly latest: Latest;
    private readonly tests: Test[];

    /**
     * @param expression the annotation: one expression, or a JSON list of them
     * @throws Error when an expression is malformed
     */
    constructor(
        private readonly subject: Subject,
        expression: string,
    ) {
        this.watched = [gvkOf(subject.live)];
        this.latest = new Latest(subject);
        this.tests = expressions(expression).map(parseTest);
    }

    get object(): Tree {
        return this.latest.object;
    }

    observe(event: WatchEvent): void {
        this.latest.take(event);
    }

    ready(): boolean {
        return this.tests.every((test) => test(this.object, (message) => this.subject.log.status("info", message)));
    }

    problems(): string[] {
        return [];
    }
}

function expressions(annotation: string): string[] {
    let parsed: unknown;
    try {
        parsed = JSON.parse(annotation);
    } catch {
        return [annotation];
    }
    if (!Array.isArray(parsed) || !parsed.every((item) => typeof item === "string")) return [annotation];
    if (parsed.length === 0) throw new Error("pulumi.com/waitFor: at least one condition must be specified");
    return parsed;
}

function parseTest(expression: string): Test {
    if (expression.startsWith("jsonpath=")) return jsonPathTest(parseJsonPath(expression.slice("jsonpath=".length)));
    if (expression.startsWith("condition=")) return conditionTest(expression.slice("condition=".length));
    throw new Error(`pulumi.com/waitFor: expected a "jsonpath=" or "condition=" prefix, got "${expression}"`);
}

/** `Programmed`, or `Programmed=False`; upper and lower case are the same. */
function conditionTest(expression: string): Test {
    const equals = expression.indexOf("=");
    const type = equals < 0 ? expression : expression.slice(0, equals);
    const wanted = equals < 0 ? "True" : expression.slice(equals + 1);
    return (object, say) => {
        const condition = list(object, "status", "conditions").find(
            (item) => text(item, "type").toLowerCase() === type.toLowerCase(),
        );
        if (!condition) return false;
        const observed = number(condition, "observedGeneration") ?? number(object, "status", "observedGeneration");
        if (observed !== undefined && observed < generation(object)) {
            say(`Generation ${observed} is less than expected ${generation(object)}`);
            return false;
        }
        const status = text(condition, "status");
        if (status.toLowerCase() === wanted.toLowerCase()) return true;
        say(`Resource has condition ${type}=${status} (want ${wanted})`);
        return false;
    };
}

function jsonPathTest(test: JsonPathTest): Test {
    return (object, say) => {
        const observed = at(object, "status", "observedGeneration");
        if (typeof observed === "number" && observed < generation(object)) return false;
        const verdict = test.matches(object);
        say(verdict.matched ? `Found ${test.text}` : verdict.message);
        return verdict.matched;
    };
}
