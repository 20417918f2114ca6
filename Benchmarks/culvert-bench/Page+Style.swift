extension Page {
    /// How the page looks: light and dark, on a phone, a wide screen and paper.
    static let style = #"""
        :root {
            color-scheme: light dark;
            --back: #fff; --card: #f6f7f9; --ink: #1b1f24; --soft: #59636e; --line: #d5dae0;
            --bad: #b3261e;
            --run-0: #0067c0; --run-1: #c84e00; --run-2: #00805a; --run-3: #9b2fae;
            --run-4: #8a6d00; --run-5: #d0266f; --run-6: #2f7f99; --run-7: #5f5f5f;
        }
        @media screen and (prefers-color-scheme: dark) {
            :root {
                --back: #14171b; --card: #1c2026; --ink: #e6e9ed; --soft: #9aa4af; --line: #353c45;
                --bad: #ff8a80;
                --run-0: #5cb0ff; --run-1: #ff9950; --run-2: #3ccf9a; --run-3: #d78be8;
                --run-4: #e0c341; --run-5: #ff86b3; --run-6: #8fd0e8; --run-7: #b8b8b8;
            }
        }
        * { box-sizing: border-box; }
        body {
            margin: 0 auto; max-width: 1680px; padding: 1rem; background: var(--back);
            color: var(--ink); font: 15px/1.45 system-ui, sans-serif; overflow-wrap: break-word;
        }
        h1 { font-size: 1.5rem; margin: 0 0 .5rem; }
        h2 { font-size: 1.15rem; margin: 2rem 0 .75rem; }
        ul { list-style: none; margin: 0; padding: 0; }
        p { margin: .25rem 0; }
        .soft { color: var(--soft); }
        .bad { color: var(--bad); font-weight: 600; }
        .swatch {
            display: inline-block; width: 1.5em; height: 0; margin-right: .5em;
            vertical-align: middle; border-top: 3px solid;
        }
        .swatch.dashed { border-top-style: dashed; }
        .grid {
            display: grid; gap: 1rem; align-items: start;
            grid-template-columns: repeat(auto-fit, minmax(min(100%, var(--least, 30rem)), 1fr));
        }
        .card { background: var(--card); border-radius: 8px; margin: 0; padding: .75rem; }
        .card { min-width: 0; }
        figcaption, caption { font-weight: 600; text-align: left; padding-bottom: .25rem; }
        figure ul { display: flex; flex-wrap: wrap; gap: 0 1rem; font-size: .85rem; }
        svg { display: block; width: 100%; height: auto; touch-action: pan-y; }
        svg text { fill: var(--soft); font-size: 12px; }
        svg .line { stroke: var(--line); }
        svg .mark { stroke: var(--soft); stroke-dasharray: 2 3; }
        svg .series { fill: none; stroke-width: 2; stroke-linejoin: round; }
        svg .cursor { stroke: var(--soft); visibility: hidden; }
        .scroll { overflow-x: auto; }
        table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
        td, th { padding: .2rem .75rem .2rem 0; text-align: left; vertical-align: top; }
        th { font-weight: 400; color: var(--soft); }
        thead th { overflow-wrap: anywhere; color: var(--ink); font-weight: 600; min-width: 5em; }
        thead th, td { text-align: right; }
        tr + tr > *, thead + tbody > tr > * { border-top: 1px solid var(--line); }
        td small { color: var(--soft); margin-left: .5em; white-space: nowrap; }
        tr.marked > * { color: var(--ink); font-weight: 600; }
        tbody th { position: sticky; left: 0; background: var(--card); }
        tbody th { min-width: 6.6em; overflow-wrap: anywhere; }
        @media (max-width: 600px) {
            table { font-size: .875rem; }
            td, th { padding-right: .5rem; }
            td small { display: block; margin: 0; }
        }
        @media print {
            body { font-size: 11px; padding: 0; }
            .grid { --least: 20rem; }
            .card, tr { break-inside: avoid; }
            h2 { break-after: avoid; }
        }
        """#
}
