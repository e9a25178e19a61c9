/** Kubernetes quantities in the form in which the API server gives them back. */

const BINARY = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
const DECIMAL: [suffix: string, exponent: number][] = [
    ["E", 18],
    ["P", 15],
    ["T", 12],
    ["G", 9],
    ["M", 6],
    ["k", 3],
    ["", 0],
    ["m", -3],
    ["u", -6],
    ["n", -9],
];
/** Quantities are exact down to a billionth. */
const SCALE = 9;

/** The canonical form: `0.5` is `500m`, `1024Mi` is `1Gi`. What is no quantity comes back as it is. */
export function canonicalQuantity(value: unknown): unknown {
    if (typeof value !== "string" && typeof value !== "number") return value;
    const match = /^([+-]?)(\d+\.?\d*|\.\d+)(Ki|Mi|Gi|Ti|Pi|Ei|[numkMGTPE]?)$/.exec(String(value).trim());
    if (!match) return value;
    const [, sign, digits, suffix] = match as unknown as [string, string, string, string];
    const canonical = suffix.endsWith("i") ? binary(digits, suffix) : decimal(scaled(digits, exponentOf(suffix)));
    if (canonical === undefined) return value;
    return sign === "-" && canonical !== "0" ? `-${canonical}` : canonical;
}

function exponentOf(suffix: string): number {
    return (DECIMAL.find(([name]) => name === suffix) as [string, number])[1];
}

/** digits x 10^exponent in billionths, undefined when that is not whole */
function scaled(digits: string, exponent: number): bigint | undefined {
    const [whole = "", fraction = ""] = digits.split(".");
    const power = SCALE + exponent - fraction.length;
    const units = BigInt(whole + fraction);
    if (power >= 0) return units * 10n ** BigInt(power);
    const divisor = 10n ** BigInt(-power);
    return units % divisor === 0n ? units / divisor : undefined;
}

function decimal(billionths: bigint | undefined): string | undefined {
    if (billionths === undefined) return undefined;
    if (billionths === 0n) return "0";
    for (const [suffix, exponent] of DECIMAL) {
        const unit = 10n ** BigInt(SCALE + exponent);
        if (billionths % unit === 0n) return `${billionths / unit}${suffix}`;
    }
    return undefined;
}

function binary(digits: string, suffix: string): string | undefined {
    const factor = 1024n ** BigInt(BINARY.indexOf(suffix));
    const billionths = (scaled(digits, 0) as bigint) * factor;
    const unit = 10n ** BigInt(SCALE);
    if (billionths % unit !== 0n) return undefined;
    let bytes = billionths / unit;
    if (bytes < 1024n) return decimal(billionths);
    let step = 0;
    while (bytes % 1024n === 0n && step < BINARY.length - 1) {
        bytes /= 1024n;
        step += 1;
    }
    return `${bytes}${BINARY[step]}`;
}
