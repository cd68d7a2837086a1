import pandas as pd

from flashfit.data.data_docs import index_page, stand_alone
from flashfit.data.validation import Drift, Finding, Validation

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


CLASSES = pd.DataFrame({"label": ["a"], "count": [3], "share": [0.25]})
HELD = Finding(
    table="samples",
    expectation="no id occurs twice",
    column="id",
    success=True,
    offending_count=0,
    offending_ids=(),
    observed=(),
)
FAILED = HELD.model_copy(
    update={"success": False, "offending_count": 1, "offending_ids": ("<b>s1</b>",), "observed": ("<b>s1</b>",)}
)
WARNED = FAILED.model_copy(update={"severity": "warning"})


def index_of(*findings, classes=CLASSES, **others):
    return index_page(Validation(product="digits", samples=12, findings=findings, **others), classes, {"all": "s.html"})


def test_index_shows_findings_classes_and_links_and_escapes_what_it_is_given():
    page = index_of(FAILED)
    assert "digits: validation stopped" in page
    assert "1 sample (&lt;b&gt;s1&lt;/b&gt;)" in page
    assert '<td class="fails">✗</td>' in page
    assert '<a href="s.html">all</a>' in page
    assert "25.0 %" in page


def test_a_warning_is_yellow_and_stops_nothing():
    page = index_of(HELD, WARNED)
    assert "digits: passed with 1 warning<" in page
    assert "1 of 2 expectations hold" in page
    assert '<td class="warns">!</td>' in page
    assert '<td class="holds">✓</td>' in page
    assert ".warns { color: #9a6700 }" in page


def test_index_without_findings_against_it_says_so():
    page = index_of(HELD)
    assert "digits: every expectation holds" in page
    assert not any(heading in page for heading in ("Repairs", "Drift", "left out"))


def test_index_counts_repairs_and_shows_drift():
    page = index_of(
        HELD,
        left_out=2,
        repairs={"copies are left out": 1403},
        drift=(Drift("mean", 0.1234, 0.5),),
    )
    assert "hold for 10 samples; 2 more are left out" in page
    assert '<td>copies are left out</td><td class="number">1,403</td>' in page
    assert '<td>mean</td><td class="number">0.123</td>\n<td class="number">0.500</td>' in page


def test_a_product_without_classes_shows_none():
    assert "Classes" in index_of(HELD)
    assert "Classes" not in index_of(HELD, classes=CLASSES[:0])
