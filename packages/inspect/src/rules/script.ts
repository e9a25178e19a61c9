import { END_OF_RULES } from "../nat";

/**
 * Prints the rules of both families in both back ends of iptables and those of nftables, as far as there are programs
 * for them; run by `sh`, here or on a node.
 * It only reads. Where one program serves both back ends, `iptables-save` is asked once. Of the tables that iptables
 * has in nftables, nft is not asked again: with many Services that takes it long. So does `list tables`, for which nft
 * 1.0.6 reads all rules (0.76 s with 43,000 of them, and `list chains` 0.04 s). Where nft alone fails, that is a
 * warning: the kernel of such a node may know iptables only.
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
      ${prefix}"$family-$backend-save" -c || exit ${NOT_SAVED}
    fi
  done
  if [ -z "$asked" ] && command -v "$family-save" >/dev/null 2>&1; then
    asked=1
    ${prefix}"$family-save" -c || exit ${NOT_SAVED}
  fi
  [ -n "$asked" ] && found=1
done
if command -v nft >/dev/null 2>&1; then
  if chains=$(${prefix}nft list chains); then
    printf '%s\\n' "$chains" | grep '^table ' | while read -r _ family name _; do
      case "$found $name" in "1 filter"|"1 nat"|"1 mangle"|"1 raw"|"1 security") continue ;; esac
      ${prefix}nft -j list table "$family" "$name" || echo "# Warning: nft does not list the table $family $name"
    done
    found=1
  elif [ -n "$found" ]; then
    echo "# Warning: nft fails here, so rules of nftables are not among these"
  else
    exit ${NOT_SAVED}
  fi
fi
[ -n "$found" ] || exit ${NO_PROGRAM}
echo "${END_OF_RULES}"
`;
}

/** Exit codes of the script. */
export const NO_PROGRAM = 3;
export const NOT_SAVED = 4;
