"""The papers behind the models and the tests, for whoever has to cite them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from mentionstudy.analysis.inference.outcome import TestName

PAPERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "Boehmer, Musumeci and Poulsen (1991)": (
            "Boehmer, E., Musumeci, J. and Poulsen, A. B. (1991). Event-study methodology under "
            "conditions of event-induced variance. Journal of Financial Economics 30, 253-272. "
            "doi:10.1016/0304-405X(91)90032-F"
        ),
        "Bollerslev (1986)": (
            "Bollerslev, T. (1986). Generalized autoregressive conditional heteroskedasticity. "
            "Journal of Econometrics 31, 307-327. doi:10.1016/0304-4076(86)90063-1"
        ),
        "Brown and Warner (1980)": (
            "Brown, S. J. and Warner, J. B. (1980). Measuring security price performance. Journal "
            "of Financial Economics 8, 205-258. doi:10.1016/0304-405X(80)90002-1"
        ),
        "Brown and Warner (1985)": (
            "Brown, S. J. and Warner, J. B. (1985). Using daily stock returns: the case of event "
            "studies. Journal of Financial Economics 14, 3-31. doi:10.1016/0304-405X(85)90042-X"
        ),
        "Cameron, Gelbach and Miller (2008)": (
            "Cameron, A. C., Gelbach, J. B. and Miller, D. L. (2008). Bootstrap-based improvements "
            "for inference with clustered errors. Review of Economics and Statistics 90, 414-427. "
            "doi:10.1162/rest.90.3.414"
        ),
        "Cameron, Gelbach and Miller (2011)": (
            "Cameron, A. C., Gelbach, J. B. and Miller, D. L. (2011). Robust inference with "
            "multiway clustering. Journal of Business and Economic Statistics 29, 238-249. "
            "doi:10.1198/jbes.2010.07136"
        ),
        "Campbell, Lo and MacKinlay (1997)": (
            "Campbell, J. Y., Lo, A. W. and MacKinlay, A. C. (1997). The Econometrics of Financial "
            "Markets. Princeton University Press."
        ),
        "Corrado (1989)": (
            "Corrado, C. J. (1989). A nonparametric test for abnormal security-price performance "
            "in event studies. Journal of Financial Economics 23, 385-395. "
            "doi:10.1016/0304-405X(89)90064-0"
        ),
        "Corrado and Zivney (1992)": (
            "Corrado, C. J. and Zivney, T. L. (1992). The specification and power of the sign test "
            "in event study hypothesis tests using daily stock returns. Journal of Financial and "
            "Quantitative Analysis 27, 465-478. doi:10.2307/2331331"
        ),
        "Cowan (1992)": (
            "Cowan, A. R. (1992). Nonparametric event study tests. Review of Quantitative Finance "
            "and Accounting 2, 343-358. doi:10.1007/BF00939016"
        ),
        "Dimson (1979)": (
            "Dimson, E. (1979). Risk measurement when shares are subject to infrequent trading. "
            "Journal of Financial Economics 7, 197-226. doi:10.1016/0304-405X(79)90013-8"
        ),
        "Fama (1998)": (
            "Fama, E. F. (1998). Market efficiency, long-term returns, and behavioral finance. "
            "Journal of Financial Economics 49, 283-306. doi:10.1016/S0304-405X(98)00026-9"
        ),
        "Fama and French (1993)": (
            "Fama, E. F. and French, K. R. (1993). Common risk factors in the returns on stocks "
            "and bonds. Journal of Financial Economics 33, 3-56. doi:10.1016/0304-405X(93)90023-5"
        ),
        "Hall (1992)": (
            "Hall, P. (1992). On the removal of skewness by transformation. Journal of the Royal "
            "Statistical Society B 54, 221-228."
        ),
        "Johnson (1978)": (
            "Johnson, N. J. (1978). Modified t tests and confidence intervals for asymmetrical "
            "populations. Journal of the American Statistical Association 73, 536-544. "
            "doi:10.1080/01621459.1978.10480051"
        ),
        "Kolari and Pynnönen (2010)": (
            "Kolari, J. W. and Pynnönen, S. (2010). Event study testing with cross-sectional "
            "correlation of abnormal returns. Review of Financial Studies 23, 3996-4025. "
            "doi:10.1093/rfs/hhq072"
        ),
        "Kolari and Pynnönen (2011)": (
            "Kolari, J. W. and Pynnönen, S. (2011). Nonparametric rank tests for event studies. "
            "Journal of Empirical Finance 18, 953-971. doi:10.1016/j.jempfin.2011.08.003"
        ),
        "Liu (1988)": (
            "Liu, R. Y. (1988). Bootstrap procedures under some non-i.i.d. models. Annals of "
            "Statistics 16, 1696-1708. doi:10.1214/aos/1176351062"
        ),
        "Lyon, Barber and Tsai (1999)": (
            "Lyon, J. D., Barber, B. M. and Tsai, C.-L. (1999). Improved methods for tests of "
            "long-run abnormal stock returns. Journal of Finance 54, 165-201. "
            "doi:10.1111/0022-1082.00101"
        ),
        "MacKinlay (1997)": (
            "MacKinlay, A. C. (1997). Event studies in economics and finance. Journal of Economic "
            "Literature 35, 13-39."
        ),
        "Maynes and Rumsey (1993)": (
            "Maynes, E. and Rumsey, J. (1993). Conducting event studies with thinly traded stocks. "
            "Journal of Banking and Finance 17, 145-157."
        ),
        "Newey and West (1987)": (
            "Newey, W. K. and West, K. D. (1987). A simple, positive semi-definite, "
            "heteroskedasticity and autocorrelation consistent covariance matrix. Econometrica 55, "
            "703-708. doi:10.2307/1913610"
        ),
        "Patell (1976)": (
            "Patell, J. M. (1976). Corporate forecasts of earnings per share and stock price "
            "behavior: empirical tests. Journal of Accounting Research 14, 246-276. "
            "doi:10.2307/2490543"
        ),
        "Petersen (2009)": (
            "Petersen, M. A. (2009). Estimating standard errors in finance panel data sets: "
            "comparing approaches. Review of Financial Studies 22, 435-480. doi:10.1093/rfs/hhn053"
        ),
        "Scholes and Williams (1977)": (
            "Scholes, M. and Williams, J. (1977). Estimating betas from nonsynchronous data. "
            "Journal of Financial Economics 5, 309-327. doi:10.1016/0304-405X(77)90041-1"
        ),
        "Wilcoxon (1945)": (
            "Wilcoxon, F. (1945). Individual comparisons by ranking methods. Biometrics Bulletin "
            "1, 80-83. doi:10.2307/3001968"
        ),
    }
)
"""Whole references by author and year."""

TESTS: Final[Mapping[TestName, tuple[str, ...]]] = MappingProxyType(
    {
        "cross_sectional_t": ("Brown and Warner (1980)", "Campbell, Lo and MacKinlay (1997)"),
        "crude_dependence_t": ("Brown and Warner (1985)",),
        "patell": ("Patell (1976)",),
        "adjusted_patell": ("Patell (1976)", "Kolari and Pynnönen (2010)"),
        "bmp": ("Boehmer, Musumeci and Poulsen (1991)",),
        "kp_bmp": ("Kolari and Pynnönen (2010)",),
        "skewness_adjusted_johnson": ("Johnson (1978)", "Lyon, Barber and Tsai (1999)"),
        "skewness_adjusted_hall": ("Hall (1992)", "Lyon, Barber and Tsai (1999)"),
        "clustered_t": ("Cameron, Gelbach and Miller (2011)", "Petersen (2009)"),
        "clustered_t_two_way": ("Cameron, Gelbach and Miller (2011)", "Petersen (2009)"),
        "sign": ("Brown and Warner (1980)",),
        "generalized_sign": ("Cowan (1992)",),
        "wilcoxon": ("Wilcoxon (1945)",),
        "corrado_rank": ("Corrado (1989)", "Cowan (1992)"),
        "corrado_zivney": ("Corrado and Zivney (1992)",),
        "corrado_sign": ("Corrado and Zivney (1992)",),
        "grank_t": ("Kolari and Pynnönen (2011)",),
        "grank_z": ("Kolari and Pynnönen (2011)",),
        "bootstrap": ("Liu (1988)", "Cameron, Gelbach and Miller (2008)"),
        "permutation": ("Brown and Warner (1985)",),
        "calendar_time": ("Fama (1998)", "Newey and West (1987)"),
    }
)
"""Author and year of what each test comes from; keys of `PAPERS`."""


def references(model: str, tests: Iterable[str]) -> list[str]:
    """Return whole references of a model and of tests, in alphabetical order.

    Parameters
    ----------
    model
        Author and year, as ``Model.source``.
    tests
        Names of tests; one that is not known has no reference.
    """
    wanted = set(tests)
    short = {model}.union(*(papers for name, papers in TESTS.items() if name in wanted))
    return sorted(PAPERS[paper] for paper in short if paper in PAPERS)
