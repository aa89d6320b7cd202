"""Prints how often 95 % intervals of a paired gap and of a rate cover the truth, exactly, by enumeration of all tables.

    pip install numpy scipy
    python scripts/acceptance/interval_coverage.py

No simulation: every table's probability is summed, so that a choice of interval rests on its coverage and not on draws. Under a
minute. In brackets: the probabilities, in per cent, that the truth lies below and above the interval.
"""

import numpy as np
from scipy import stats
from scipy.special import gammaln, xlogy

Z = stats.norm.ppf(0.975)


def tables(n):
    b, c = np.meshgrid(np.arange(n + 1), np.arange(n + 1), indexing="ij")
    keep = b + c <= n
    return b[keep].astype(float), c[keep].astype(float)


def multinomial(n, b, c, p, q):
    rest = n - b - c
    return np.exp(gammaln(n + 1) - gammaln(b + 1) - gammaln(c + 1) - gammaln(rest + 1)
                  + xlogy(b, p) + xlogy(c, q) + xlogy(rest, 1 - p - q))


def tango(n, b, c, truth):
    """Sides on which the score test (Tango 1998) rejects the truth: the interval holds exactly what is not rejected."""
    linear, constant = (2 * n - b + c) * truth - b - c, -c * truth * (1 - truth)
    share = (np.sqrt(np.maximum(0, linear**2 - 8 * n * constant)) - linear) / (4 * n)
    variance = n * (2 * np.maximum(share, 0) + truth * (1 - truth))
    distance = b - c - n * truth
    with np.errstate(divide="ignore", invalid="ignore"):
        score = np.where(abs(distance) < 1e-9, 0, distance / np.sqrt(variance))
    return score > Z, score < -Z


def bonett_price(n, b, c, truth):
    """Wald's interval with a pair added to each discordant cell (Bonett & Price 2012)."""
    p, q = (b + 1) / (n + 2), (c + 1) / (n + 2)
    half = Z * np.sqrt((p + q - (p - q) ** 2) / (n + 2))
    return truth < p - q - half, truth > p - q + half


def newcombe(n, a, b, c, truth):
    """The square-and-add interval (Newcombe 1998, method 10) of tables with `a` pairs of two yes."""
    def wilson(successes):
        p = successes / n
        centre, half = p + Z * Z / (2 * n), Z * np.sqrt(p * (1 - p) / n + Z * Z / (4 * n * n))
        return p, (centre - half) / (1 + Z * Z / n), (centre + half) / (1 + Z * Z / n)
    d = n - a - b - c
    margins = (a + b) * (c + d) * (a + c) * (b + d)
    product = a * d - b * c
    product = np.where(product > 0, np.maximum(0, product - n / 2), product)
    phi = np.where(margins > 0, product / np.sqrt(np.maximum(margins, 1)), 0)
    (p, l1, u1), (q, l2, u2) = wilson(a + b), wilson(a + c)
    down = np.sqrt(np.maximum(0, (p - l1) ** 2 - 2 * phi * (p - l1) * (u2 - q) + (u2 - q) ** 2))
    up = np.sqrt(np.maximum(0, (u1 - p) ** 2 - 2 * phi * (u1 - p) * (q - l2) + (q - l2) ** 2))
    return truth < p - q - down, truth > p - q + up


def newcombe_sides(n, both, p, q, truth):
    below = above = 0.0
    b, c = tables(n)
    weight = multinomial(n, b, c, p, q)
    keep = weight > 1e-12
    share = both / (1 - p - q) if p + q < 1 else 0.0
    for i in np.flatnonzero(keep):
        a = np.arange(n - b[i] - c[i] + 1)
        low, high = newcombe(n, a, b[i], c[i], truth)
        inner = stats.binom.pmf(a, n - b[i] - c[i], share) * weight[i]
        below, above = below + inner[low].sum(), above + inner[high].sum()
    return below, above


def main():
    print("| rates, correlation | n | Tango (below/above) | Newcombe | Bonett-Price |\n| --- | --- | --- | --- | --- |")
    for first, second in ((0.142, 0.028), (0.1, 0.05), (0.05, 0.01), (0.03, 0.01), (0.5, 0.2), (0.9, 0.6), (0.3, 0.3),
                          (0.05, 0.05), (0.02, 0.02)):
        for correlation in (0.0, 0.3):
            spread = np.sqrt(first * (1 - first) * second * (1 - second))
            both = min(first, second, first * second + correlation * spread)
            p, q = first - both, second - both
            for n in (40, 100, 200):
                b, c = tables(n)
                weight = multinomial(n, b, c, p, q)
                sides = []
                for method in (tango, bonett_price):
                    low, high = method(n, b, c, p - q)
                    sides.append((weight[low].sum(), weight[high].sum()))
                sides.insert(1, newcombe_sides(n, both, p, q, p - q))
                cells = " | ".join(f"{100 * (1 - x - y):.1f} ({100 * x:.1f}/{100 * y:.1f})" for x, y in sides)
                print(f"| {100 * first:g} / {100 * second:g} %, {correlation} | {n} | {cells} |", flush=True)
    print("\n| rate | n | Wilson |\n| --- | --- | --- |")
    for rate in (0.01, 0.028, 0.05, 0.12, 0.3, 0.5, 0.785):
        for n in (40, 100, 200):
            k = np.arange(n + 1)
            p = k / n
            inside = (p - rate) ** 2 <= Z * Z * rate * (1 - rate) / n
            print(f"| {100 * rate:g} % | {n} | {100 * stats.binom.pmf(k, n, rate)[inside].sum():.1f} |")


if __name__ == "__main__":
    main()
