"""What the pages ask for, and the only place that caches.

Keys are digests, never frames: Streamlit hashes a long frame from a sample of its rows, so that a
changed price could bring back an old answer. What is kept is shared by every session and must not
be changed by a page; copying a large result at each rerun would cost more than computing it. What
there is few of is kept by Streamlit, what is large or many by `keeping.Kept`.
"""

from mentionstudy.dashboard.services.files import (
    bundle,
    has_chinese_font,
    painter,
    record,
    workbook,
)
from mentionstudy.dashboard.services.holdings import (
    coverage,
    coverage_matrix,
    fetch_job,
    fetch_plan,
    source_health,
    start_fetch,
)
from mentionstudy.dashboard.services.places import (
    KNOWN_INDICES,
    WORKSPACE_VARIABLE,
    Source,
    article_index,
    benchmark_symbols,
    choices,
    corpus,
    leave_out_of_garbage,
    look_for_garbage,
    source,
)
from mentionstudy.dashboard.services.reviewing import (
    ReviewTables,
    review_dates,
    review_tables,
    zone_evidence,
)
from mentionstudy.dashboard.services.studies import (
    Question,
    bars_around,
    figure,
    models,
    start_study,
    study,
    study_job,
    table,
    weigh,
)
from mentionstudy.dashboard.services.traded import (
    prices,
    prices_at_hand,
)

__all__ = [
    "KNOWN_INDICES",
    "WORKSPACE_VARIABLE",
    "Question",
    "ReviewTables",
    "Source",
    "article_index",
    "bars_around",
    "benchmark_symbols",
    "bundle",
    "choices",
    "corpus",
    "coverage",
    "coverage_matrix",
    "fetch_job",
    "fetch_plan",
    "figure",
    "has_chinese_font",
    "models",
    "painter",
    "prices",
    "prices_at_hand",
    "record",
    "review_dates",
    "review_tables",
    "settle",
    "source",
    "source_health",
    "start_fetch",
    "start_study",
    "study",
    "study_job",
    "table",
    "workbook",
    "zone_evidence",
]


def settle() -> None:
    """Do what a page need not wait for, once it has been drawn."""
    weigh()
    leave_out_of_garbage()
    look_for_garbage()
