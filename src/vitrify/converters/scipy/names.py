"""Functions of scipy that may be values in a model, and the names of its distributions; nothing is imported.

The lists are literal. Every function here takes numbers and gives numbers; none opens, draws, calls back or keeps
anything. Left out are functions that take callables or paths, and special functions whose running time depends on the
values they get.
"""

from __future__ import annotations

from typing import Final

_SPECIAL: Final = (
    "bdtr", "beta", "betainc", "betaincc", "betaincinv", "betaln", "binom", "boxcox", "boxcox1p", "cbrt", "chdtr",
    "chdtrc", "chdtri", "cosdg", "cosm1", "cotdg", "dawsn", "ellipe", "ellipk", "ellipkm1", "entr", "erf", "erfc",
    "erfcinv", "erfcx", "erfi", "erfinv", "exp1", "exp10", "exp2", "expi", "expit", "expm1", "exprel", "fdtr",
    "fdtrc", "fdtri", "gamma", "gammainc", "gammaincc", "gammainccinv", "gammaincinv", "gammaln", "gammasgn",
    "gdtr", "gdtrc", "huber", "i0", "i0e", "i1", "i1e", "inv_boxcox", "inv_boxcox1p", "j0", "j1", "k0", "k0e", "k1",
    "k1e", "kl_div", "kolmogi", "kolmogorov", "log1p", "log_expit", "log_ndtr", "loggamma", "logit", "nbdtr",
    "ndtr", "ndtri", "ndtri_exp", "owens_t", "pdtr", "pdtrc", "poch", "powm1", "pseudo_huber", "psi", "radian",
    "rel_entr", "rgamma", "round", "sindg", "spence", "stdtr", "stdtrit", "tandg", "tklmbda", "voigt_profile",
    "wofz", "xlog1py", "xlogy", "y0", "y1", "zetac", "log_softmax", "logsumexp", "multigammaln", "softmax",
)  # fmt: skip
_DISTANCE: Final = (
    "braycurtis", "canberra", "chebyshev", "cityblock", "correlation", "cosine", "dice", "euclidean", "hamming",
    "jaccard", "jensenshannon", "kulczynski1", "kulsinski", "mahalanobis", "minkowski", "rogerstanimoto",
    "russellrao", "seuclidean", "sokalmichener", "sokalsneath", "sqeuclidean", "yule",
)  # fmt: skip
_STATS: Final = (
    "boxcox", "entropy", "gmean", "gstd", "hmean", "iqr", "kendalltau", "kurtosis", "median_abs_deviation",
    "pearsonr", "rankdata", "sem", "skew", "spearmanr", "tmean", "trim_mean", "variation", "yeojohnson", "zscore",
)  # fmt: skip

_LAYOUTS: Final = ("bsr", "coo", "csc", "csr", "dia", "dok", "lil")

SPARSE_CLASSES: Final[dict[str, tuple[str, str]]] = {
    f"scipy.sparse.{layout}_{kind}": ("scipy.sparse", f"{layout}_{kind}")
    for layout in _LAYOUTS
    for kind in ("matrix", "array")
}
"""Classes that may be values: called with a matrix, as `FunctionTransformer(csr_matrix)` does, they give another."""

FUNCTIONS: Final[dict[str, tuple[str, str]]] = {
    f"{module}.{name}": (module, name)
    for module, names in (
        ("scipy.special", _SPECIAL),
        ("scipy.spatial.distance", _DISTANCE),
        ("scipy.stats", _STATS),
    )
    for name in names
}

KEYWORDS: Final[dict[str, frozenset[str]]] = {
    **dict.fromkeys(SPARSE_CLASSES, frozenset({"copy", "dtype"})),
    **dict.fromkeys(
        ("scipy.special.log_softmax", "scipy.special.logsumexp", "scipy.special.softmax"), frozenset({"axis"})
    ),
    **{f"scipy.spatial.distance.{name}": frozenset({"w"}) for name in _DISTANCE if name != "mahalanobis"},
    "scipy.spatial.distance.correlation": frozenset({"w", "centered"}),
    "scipy.spatial.distance.jensenshannon": frozenset({"base", "axis", "keepdims"}),
    "scipy.spatial.distance.mahalanobis": frozenset({"VI"}),
    "scipy.spatial.distance.minkowski": frozenset({"p", "w"}),
    "scipy.spatial.distance.seuclidean": frozenset({"V"}),
    **{f"scipy.stats.{name}": frozenset({"axis", "nan_policy"}) for name in ("gmean", "hmean", "sem", "variation")},
    "scipy.stats.entropy": frozenset({"axis", "base", "nan_policy"}),
    "scipy.stats.iqr": frozenset({"axis", "interpolation", "nan_policy", "rng"}),
    "scipy.stats.kurtosis": frozenset({"axis", "bias", "fisher", "nan_policy"}),
    "scipy.stats.median_abs_deviation": frozenset({"axis", "nan_policy"}),
    "scipy.stats.rankdata": frozenset({"axis", "method", "nan_policy"}),
    "scipy.stats.skew": frozenset({"axis", "bias", "nan_policy"}),
    "scipy.stats.trim_mean": frozenset({"axis", "proportiontocut"}),
    "scipy.stats.zscore": frozenset({"axis", "ddof", "nan_policy"}),
}
"""Id of a reviewed function → the keyword arguments that a file may give it; none where the id is missing."""

CONTINUOUS: Final = (
    "alpha", "anglit", "arcsine", "argus", "beta", "betaprime", "bradford", "burr", "burr12", "cauchy", "chi",
    "chi2", "cosine", "crystalball", "dgamma", "dpareto_lognorm", "dweibull", "erlang", "expon", "exponnorm",
    "exponpow", "exponweib", "f", "fatiguelife", "fisk", "foldcauchy", "foldnorm", "gamma", "gausshyper",
    "genexpon", "genextreme", "gengamma", "genhalflogistic", "genhyperbolic", "geninvgauss", "genlogistic",
    "gennorm", "genpareto", "gibrat", "gilbrat", "gompertz", "gumbel_l", "gumbel_r", "halfcauchy", "halfgennorm",
    "halflogistic", "halfnorm", "hypsecant", "invgamma", "invgauss", "invweibull", "irwinhall", "jf_skew_t",
    "johnsonsb", "johnsonsu", "kappa3", "kappa4", "ksone", "kstwo", "kstwobign", "landau", "laplace",
    "laplace_asymmetric", "levy", "levy_l", "levy_stable", "loggamma", "logistic", "loglaplace", "lognorm",
    "loguniform", "lomax", "maxwell", "mielke", "moyal", "nakagami", "ncf", "nct", "ncx2", "norm", "norminvgauss",
    "pareto", "pearson3", "powerlaw", "powerlognorm", "powernorm", "rayleigh", "rdist", "reciprocal",
    "recipinvgauss", "rel_breitwigner", "rice", "semicircular", "skewcauchy", "skewnorm", "studentized_range", "t",
    "trapezoid", "trapz", "triang", "truncexpon", "truncnorm", "truncpareto", "truncweibull_min", "tukeylambda",
    "uniform", "vonmises", "vonmises_line", "wald", "weibull_max", "weibull_min", "wrapcauchy",
)  # fmt: skip
DISCRETE: Final = (
    "bernoulli", "betabinom", "betanbinom", "binom", "boltzmann", "dlaplace", "geom", "hypergeom", "logser",
    "nbinom", "nchypergeom_fisher", "nchypergeom_wallenius", "nhypergeom", "planck", "poisson", "poisson_binom",
    "randint", "skellam", "yulesimon", "zipf", "zipfian",
)  # fmt: skip
_OTHER_CLASSES: Final = (
    "scipy.stats._levy_stable.levy_stable_gen",
    "scipy.stats._continuous_distns.skew_norm_gen",
)
DISTRIBUTION_TYPES: Final = (
    *(f"scipy.stats._continuous_distns.{name}_gen" for name in CONTINUOUS),
    *(f"scipy.stats._discrete_distns.{name}_gen" for name in DISCRETE),
    *_OTHER_CLASSES,
)
