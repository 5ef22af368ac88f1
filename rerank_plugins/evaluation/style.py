"""How the report looks: legible on a phone and on paper, dark on white; knows no results."""

from __future__ import annotations

STYLE = """
*{box-sizing:border-box}
body{margin:0;background:#fff;color:#1f2328;font:16px/1.5 system-ui,sans-serif}
main{max-width:1080px;margin:0 auto;padding:16px}
h1{font-size:1.5rem;line-height:1.25;overflow-wrap:anywhere}
h2{font-size:1.2rem;margin:2rem 0 .5rem;overflow-wrap:anywhere}
h3{font-size:1rem;margin:1rem 0 .25rem}
.verdict,.worse{padding:10px 14px;border-left:4px solid #0b6bcb;background:#f2f7fd;overflow-wrap:anywhere}
.worse{border-color:#c2410c;background:#fdf3ee;font-weight:600}
.size,figcaption{color:#424a53;font-size:.9rem}
.wide{overflow-x:auto;min-width:0;margin-bottom:12px}
table{border-collapse:collapse;font-size:.9rem}
th,td{padding:5px 10px;border-bottom:1px solid #d5d9de;text-align:left;vertical-align:top}
.numbers td+td,.numbers th+th{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}
.numbers td:first-child{min-width:9rem;overflow-wrap:anywhere}
.texts{width:100%}
.texts td{overflow-wrap:anywhere}
.texts td:nth-child(2){min-width:4rem}
.texts td:last-child{white-space:nowrap}
figure{margin:8px 0}
svg{display:block;width:100%;max-width:560px;height:auto}
svg text{font:12px system-ui,sans-serif}
.pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,320px),1fr));gap:8px 24px}
.key{display:inline-block;width:.8em;height:.8em}
@media(max-width:480px){th,td{padding:5px 6px}.numbers td:first-child{min-width:7rem}}
.good{background:#0b6bcb}
.plain{background:#8b949e}
"""
