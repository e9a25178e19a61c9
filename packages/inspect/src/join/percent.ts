/** A part, 0 to 1, as a percentage: `33.3 %`, `50 %`, and two digits below 10 %. */
export function percent(share: number): string {
    const value = share * 100;
    return `${Math.abs(value - Math.round(value)) < 0.005 ? Math.round(value) : value.toFixed(value < 10 ? 2 : 1)} %`;
}
