/** A command line for `sh` of words that stay as they are. */
export function shellWords(words: readonly string[]): string {
    return words.map((word) => (/^[\w./:@=-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)).join(" ");
}
