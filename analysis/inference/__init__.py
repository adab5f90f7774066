"""Tests of abnormal returns: arrays in, frozen results out, every convention stated.

:func:`run_battery` runs all of them over a study; each is a function of its own too.
"""

from mentionstudy.analysis.inference.calendar_rows import date_rows, event_rows
from mentionstudy.analysis.inference.clusters import clustered_t
from mentionstudy.analysis.inference.correlation import (
    ResidualCorrelation,
    mean_residual_correlation,
)
from mentionstudy.analysis.inference.cross_section import (
    RegressionResult,
    cross_sectional_regression,
)
from mentionstudy.analysis.inference.groups import GroupDifference, difference_of_means
from mentionstudy.analysis.inference.mean_tests import (
    cross_sectional_t,
    crude_dependence_t,
    portfolio_sums,
    skewness_adjusted_hall,
    skewness_adjusted_johnson,
    skewness_adjusted_t,
)
from mentionstudy.analysis.inference.multiplicity import benjamini_hochberg
from mentionstudy.analysis.inference.outcome import TestName, TestResult
from mentionstudy.analysis.inference.portfolios import (
    AlphaResult,
    calendar_time,
    portfolio_alpha,
    portfolio_series,
)
from mentionstudy.analysis.inference.rank_kernel import rank_sums
from mentionstudy.analysis.inference.rank_tests import (
    collapse,
    corrado_rank,
    corrado_sign,
    corrado_zivney,
    grank_t,
    grank_z,
)
from mentionstudy.analysis.inference.reasons import REASONS, reason_code
from mentionstudy.analysis.inference.resampling import bootstrap, placebo, sign_flip
from mentionstudy.analysis.inference.runner import (
    BatteryOptions,
    BatteryResult,
    run_battery,
    shared_day_share,
    test_order,
)
from mentionstudy.analysis.inference.sign_tests import (
    generalized_sign,
    positive_shares,
    sign,
    signed_ranks,
    wilcoxon,
)
from mentionstudy.analysis.inference.standardized import (
    adjusted_patell,
    bmp,
    kp_bmp,
    patell,
    window_mean_sar,
)

__all__ = [
    "REASONS",
    "AlphaResult",
    "BatteryOptions",
    "BatteryResult",
    "GroupDifference",
    "RegressionResult",
    "ResidualCorrelation",
    "TestName",
    "TestResult",
    "adjusted_patell",
    "benjamini_hochberg",
    "bmp",
    "bootstrap",
    "calendar_time",
    "clustered_t",
    "collapse",
    "corrado_rank",
    "corrado_sign",
    "corrado_zivney",
    "cross_sectional_regression",
    "cross_sectional_t",
    "crude_dependence_t",
    "date_rows",
    "difference_of_means",
    "event_rows",
    "generalized_sign",
    "grank_t",
    "grank_z",
    "kp_bmp",
    "mean_residual_correlation",
    "patell",
    "placebo",
    "portfolio_alpha",
    "portfolio_series",
    "portfolio_sums",
    "positive_shares",
    "rank_sums",
    "reason_code",
    "run_battery",
    "shared_day_share",
    "sign",
    "sign_flip",
    "signed_ranks",
    "skewness_adjusted_hall",
    "skewness_adjusted_johnson",
    "skewness_adjusted_t",
    "test_order",
    "wilcoxon",
    "window_mean_sar",
]
