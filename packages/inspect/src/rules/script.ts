/**
 * Prints the rules of both families in both back ends, as far as there are programs for them; run by `sh`, here or on
 * a node.
 * It only reads. Where one program serves both, `iptables-save` is asked once.
 */
export function saveScript(prefix: string): string {
    return `
PATH="$PATH:/usr/sbin:/sbin"
found=
for family in iptables ip6tables; do
  asked=
  for backend in nft legacy; do
    if command -v "$family-$backend-save" >/dev/null 2>&1; then
      asked=1
      ${prefix}"$family-$backend-save" -c || exit 4
    fi
  done
  if [ -z "$asked" ] && command -v "$family-save" >/dev/null 2>&1; then
    asked=1
    ${prefix}"$family-save" -c || exit 4
  fi
  [ -n "$asked" ] && found=1
done
[ -n "$found" ] || exit 3
`;
}

/** Exit codes of the script. */
export const NO_PROGRAM = 3;
export const NOT_SAVED = 4;
