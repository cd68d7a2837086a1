"""Data Docs that open anywhere: Great Expectations' pages without the scripts and styles they fetch.

As generated they load Bootstrap, jQuery and a logo from other hosts when they are opened; without a network
the index stays empty. Here every page carries its own style, and no script, time or random id: it opens
anywhere, and the same findings give the same bytes.
"""

import re
from collections.abc import Mapping

import pandas as pd
from jinja2 import Environment

from flashfit.data.validation import Severity, Validation, offence

STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; color: #1c2128 }
body { margin: 2rem auto; max-width: 72rem; padding: 0 1rem }
table { border-collapse: collapse; margin: .75rem 0 }
th, td { border-bottom: 1px solid #d8dee4; padding: .3rem .7rem; text-align: left; vertical-align: top }
td.number { text-align: right; font-variant-numeric: tabular-nums }
.holds, .text-success { color: #1a7f37 } .warns { color: #9a6700 } .fails, .text-danger { color: #cf222e }
.alert { background: #f3f5f7; padding: .6rem .9rem; margin-top: 1.5rem }
.fa-check-circle::before { content: "✓" } .fa-times::before { content: "✗" }
.fa-exclamation-triangle::before { content: "!" }
i { font-style: normal; font-weight: bold }
.card:has(.btn-group), .navbar-brand, .cooltip .top, [data-toggle="collapse"], .fa-clipboard { display: none }
.ge-breadcrumbs, .ge-navigation-sidebar-content { list-style: none; padding: 0 }
.ge-breadcrumbs li, .ge-navigation-sidebar-content li { display: inline-block; margin-right: 1rem }
"""

INDEX = """<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>{{ v.product }}: validation</title><style>{{ style }}</style></head>
<body>
<h1>{{ v.product }}: {{ outcome }}</h1>
<p>{{ v.holding }} expectations hold for {{ "{:,}".format(v.samples - v.left_out) }} samples
{%- if v.left_out %}; {{ "{:,}".format(v.left_out) }} more are left out{% endif %}. In full, by Great Expectations:
{% for name, link in links.items() %}<a href="{{ link }}">{{ name }}</a>{{ ", " if not loop.last else "." }}
{% endfor %}</p>
<table>
<tr><th></th><th>expectation</th><th>against it</th></tr>
{% for f in v.findings %}<tr>
{% set style, sign = ("holds", "✓") if f.success else styles[f.severity] -%}
<td class="{{ style }}">{{ sign }}</td>
<td{% if not f.success %} class="{{ style }}"{% endif %}>{{ f.expectation }}</td>
<td>{{ offence(f, 20) if f.offending_count or not f.success else "" }}</td></tr>
{% endfor %}</table>
{% if v.repairs %}<h2>Repairs</h2>
<table>
{% for repair, count in v.repairs.items() %}<tr>
<td class="warns">!</td><td>{{ repair }}</td><td class="number">{{ "{:,}".format(count) }}</td></tr>
{% endfor %}</table>
{% endif %}{% if v.drift %}<h2>Drift since the accepted version</h2>
<table>
<tr><th>statistic</th><th>PSI</th><th>KS</th></tr>
{% for d in v.drift %}<tr>
<td>{{ d.statistic }}</td><td class="number">{{ "%.3f" | format(d.psi) }}</td>
<td class="number">{{ "%.3f" | format(d.ks) }}</td></tr>
{% endfor %}</table>
{% endif %}{% if classes | length %}<h2>Classes</h2>
<table>
<tr>{% for column in classes.columns %}<th>{{ column }}</th>{% endfor %}</tr>
{% for row in classes.itertuples(index=False) %}<tr>
{% for value in row %}
<td class="number">{{ "%.1f %%" | format(100 * value) if value is float else value }}</td>
{% endfor %}</tr>
{% endfor %}</table>
{% endif %}</body>
</html>
"""

_FAILURES: Mapping[Severity, tuple[str, str]] = {"stop": ("fails", "✗"), "warning": ("warns", "!")}
"""Style and sign of an expectation that does not hold."""

_FETCHED = re.compile(r"<script\b.*?</script>|<footer\b.*?</footer>|<link\b[^>]*>|<img\b[^>]*>", re.DOTALL)
_TIMED_ROWS = re.compile(r"<tr>(?:(?!</tr>).)*?>(?:Run Time|ge_load_time)<.*?</tr>", re.DOTALL)
_TIMED_CRUMB = re.compile(r" / \d{4}-\d\d-\d\dT[\d:.]+Z(?=</li>)")
_FETCHED_PICTURE = re.compile(r"url\(['\"]?https?:[^)]*\)")
_RANDOM_ID = re.compile(r"-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")


def stand_alone(page: str) -> str:
    """A page of Great Expectations with nothing fetched from elsewhere, no script, time or random id."""
    for pattern in (_FETCHED, _FETCHED_PICTURE, _TIMED_ROWS, _TIMED_CRUMB, _RANDOM_ID):
        page = pattern.sub("", page)
    return page.replace("</head>", f"<style>{STYLE}</style></head>", 1)


def index_page(validation: Validation, classes: pd.DataFrame, links: Mapping[str, str]) -> str:
    """The first page: every finding, repair and drift, and the classes in each split.

    links: names and addresses of the other pages.
    """
    template = Environment(autoescape=True).from_string(INDEX)
    return template.render(
        v=validation,
        outcome=_outcome(validation),
        classes=classes,
        links=links,
        offence=offence,
        style=STYLE,
        styles=_FAILURES,
    )


def _outcome(validation: Validation) -> str:
    if not validation.success:
        return "validation stopped"
    warnings = len(validation.warnings)
    if warnings:
        return f"passed with {warnings} warning{'s' if warnings > 1 else ''}"
    return "every expectation holds"
