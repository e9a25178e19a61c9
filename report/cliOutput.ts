/** What the CLI complains about among all that it has printed. */
export function complaintIn(output: string): string {
    const errors = [...withoutMarkup(output).matchAll(/^\s*error: (.*)$/gm)].map(([, text]) => text!);
    return errors.length > 0 ? [...new Set(errors)].join("\n") : withoutMarkup(output).trim();
}

/** Without the engine's own marks of colour and those of terminals. */
export const withoutMarkup = (text: string): string =>
    text.replace(/<\{%[^%]*%\}>/g, "").replace(/\u001b\[[\d;]*m/g, "");
