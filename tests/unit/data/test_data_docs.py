import pandas as pd

from flashfit.data.data_docs import index_page, stand_alone
from flashfit.data.validation import Finding, Validation

GENERATED = """<html><head>
<link rel="stylesheet" href="https://example.org/bootstrap.css"/>
<style>.brand { background: url('https://example.org/logo.png') 0 0 }</style>
</head><body>
<img
  src="https://example.org/logo.png?d=20261124T002621Z"
/>
<li aria-current="page">Validations / samples / all / 2026-11-24T00:26:21Z</li>
<tr><td><div>Run Name</div></td><td>all</td></tr><tr>
<td><div class="x">Run Time</div></td><td>2026-11-24T00:26:21Z</td></tr>
<div id=body-410c0124-dba1-4cfd-8e7c-7aa1775c676e>kept</div>
<script>
$("#x").bootstrapTable({})
</script>
<footer><a href="https://example.org/newsletter">Subscribe</a></footer>
</body></html>
"""


def test_page_keeps_its_words_and_fetches_nothing():
    page = stand_alone(GENERATED)
    assert "kept" in page
    assert "Run Name" in page
    assert not any(word in page for word in ("https:", "<script", "<img", "<link", "<footer"))


def test_page_holds_no_time_and_no_random_id():
    page = stand_alone(GENERATED)
    assert "Validations / samples / all</li>" in page
    assert "<div id=body>" in page
    assert not any(word in page for word in ("2026", "Run Time"))


def test_index_shows_findings_classes_and_links_and_escapes_what_it_is_given():
    failed = Finding(
        table="samples",
        expectation="no id occurs twice",
        column="id",
        success=False,
        offending_count=1,
        offending_ids=("<b>s1</b>",),
        observed=("<b>s1</b>",),
    )
    classes = pd.DataFrame({"label": ["a"], "count": [3], "share": [0.25]})
    page = index_page(Validation(product="digits", samples=12, findings=(failed,)), classes, {"samples": "s.html"})
    assert "digits: validation stopped" in page
    assert "1 sample (&lt;b&gt;s1&lt;/b&gt;)" in page
    assert '<a href="s.html">samples</a>' in page
    assert "25.0 %" in page
