"""The look of the pages: light and dark by the reader's own setting, always light on paper."""

_LIGHT = (
    "--ink:#1b1f24;--soft:#5a6370;--paper:#fff;--line:#d9dee5;--card:#f4f6f9;--bad:#b3261e;"
    "--blue:#2f6fd0;--yellow:#e3b505;--orange:#e8770c;--red:#c62828;--bar:#4a6785;--told:#1b1f24;"
)
_DARK = (
    "--ink:#e6e9ee;--soft:#9aa5b1;--paper:#14181d;--line:#323a44;--card:#1e242c;--bad:#ff8a80;"
    "--blue:#6fa3f5;--yellow:#f2cc3d;--orange:#ff9a3c;--red:#ef5350;--bar:#8fb0d1;--told:#e6e9ee;"
)

STYLE = (
    f":root{{{_LIGHT}}}@media (prefers-color-scheme:dark){{:root{{{_DARK}}}}}"
    f"@media print{{:root{{{_LIGHT}}}}}"
    """
*{box-sizing:border-box}
body{font:15px/1.5 system-ui,"Noto Sans CJK SC","Noto Sans SC","PingFang SC","Microsoft YaHei",sans-serif;
color:var(--ink);background:var(--paper);margin:0 auto;max-width:66rem;padding:1.5rem 1rem 4rem}
h1{font-size:1.5rem;margin:.2rem 0 .6rem}h2{font-size:1.15rem;margin:2.2rem 0 .5rem}
h3{font-size:1rem;margin:1.4rem 0 .3rem}h4{font-size:.9rem;margin:.8rem 0 .2rem;color:var(--soft)}
a{color:var(--blue)}.other{float:right}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.1rem .9rem;margin:.4rem 0}
dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}
.note{color:var(--soft);font-size:.88rem;margin:.2rem 0 .5rem;max-width:50rem}
.cards{display:flex;flex-wrap:wrap;gap:.6rem;margin:1rem 0}
.card{background:var(--card);border:1px solid var(--line);border-radius:.5rem;padding:.5rem .8rem;
min-width:7.5rem;font-size:.85rem;color:var(--soft)}
.card b{display:block;font-size:1.5rem;line-height:1.2;color:var(--ink);font-variant-numeric:tabular-nums}
.card.bad b{color:var(--bad)}
.wide{overflow-x:auto}
table{border-collapse:collapse;font-size:.88rem;margin:.3rem 0 .6rem;min-width:50%}
th,td{padding:.18rem .6rem;text-align:left;border-bottom:1px solid var(--line);vertical-align:top}
th{color:var(--soft);font-weight:600;border-bottom:2px solid var(--line);white-space:nowrap}
.t{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
svg{width:100%;height:auto;display:block;margin:.3rem 0}
svg text{font-size:11px;fill:var(--ink)}svg .axis{fill:var(--soft)}svg .grid{stroke:var(--line)}
.key{display:inline-block;width:.8em;height:.8em;border-radius:2px;vertical-align:-.05em;margin-left:.4em}
"""
    + "".join(
        f".fill-{level}{{fill:var(--{level});background:var(--{level})}}"
        f".level.{level}{{border-left:.35em solid var(--{level});padding-left:.35em}}"
        for level in ("blue", "yellow", "orange", "red")
    )
    + """
.level{white-space:nowrap}
.median{fill:var(--bar);background:var(--bar)}
.worst{fill:none;stroke:var(--bar)}.key.worst{border:1px solid var(--bar)}
.told{stroke:var(--told);stroke-width:1.2}
.answered{fill:var(--paper);stroke:var(--told)}
.missed{fill:var(--told);stroke:var(--paper);stroke-width:1.5}
@media print{body{max-width:none;padding:0;font-size:10pt}.other{display:none}h2{break-after:avoid}
section,svg,tr{break-inside:avoid}section#timeline,section#details,section#unreached,section#links,section#never{
break-inside:auto}.wide{overflow:visible}*{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
"""
)
