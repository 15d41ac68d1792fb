"""Names that a pickle of a model may import: constructors of data and of fitted models, nothing that runs what it is given.

Module and name are matched together and as a whole, because modules hold much more than what they are for:
`sklearn.datasets._openml` has `GzipFile`, which writes files, and any module that imports `os` hands it out. Found by
pickling every estimator of scikit-learn 1.9, frames and arrays of pandas 3 and numpy 2, sparse matrices and distributions
of scipy, XGBoost 3 and LightGBM 4."""

import re
from functools import cache
from importlib.resources import files

from auditor.intake.scan.symbols import Call, Global, Opaque, Value

SCALARS = (
    "bool_ bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 intc intp uint float16 float32 float64 longdouble complex64 "
    "complex128 str_ bytes_ void record object_ datetime64 timedelta64 longlong ulonglong"
)
FUNCTIONS = (
    "abs absolute add arccos arcsin arctan asarray cbrt ceil cos cosh divide exp exp2 expm1 floor hypot invert isfinite isnan log "
    "log10 log1p log2 logical_not max maximum mean median min minimum mod multiply nan_to_num negative power ravel reciprocal rint "
    "sign sin sinh sqrt square std subtract sum tan tanh trunc var vectorize"
)
SKLEARN = (
    "Tree _BinMapper TreePredictor Bunch KDTree BallTree KDTree64 KDTree32 BallTree64 BallTree32 newObj _CalibratedClassifier "
    "_SigmoidCalibration _ConstantPredictor _CFNode _CFSubcluster _BisectingTree _BinaryGaussianProcessClassifierLaplace _Scorer "
    "_CurveScorer _PredictScorer _ProbaScorer _ThresholdScorer _PassthroughScorer MetadataRequest MethodMetadataRequest "
    "_kmeans_single_lloyd _kmeans_single_elkan f_classif f_regression chi2 mutual_info_classif mutual_info_regression r_regression "
    "AdamOptimizer SGDOptimizer KFold StratifiedKFold GroupKFold ShuffleSplit StratifiedShuffleSplit TimeSeriesSplit ParameterGrid "
    "Hinge SquaredHinge Log ModifiedHuber SquaredLoss Huber EpsilonInsensitive SquaredEpsilonInsensitive make_column_selector "
    "BinomialDeviance MultinomialDeviance LeastSquaresError ExponentialLoss DummyClassifier Interval"
)
BUILTINS = "set frozenset list dict tuple bytearray bytes complex slice range object int float str bool NotImplemented Ellipsis"

FAMILIES = (
    (r"builtins", BUILTINS.replace(" ", "|")),
    (r"collections", "OrderedDict|defaultdict|deque|Counter"),
    (r"datetime", "datetime|date|time|timedelta|timezone"),
    (r"decimal|fractions|uuid|pathlib|zoneinfo", r"Decimal|Fraction|UUID|SafeUUID|Pure\w*Path|PosixPath|WindowsPath"),
    (r"functools", "partial"),
    (r"operator", "itemgetter"),
    (r"math", r"[a-z0-9]+"),
    (r"_codecs", "encode"),
    (r"re", "_compile"),
    (r"types", "SimpleNamespace"),
    (r"copyreg", "_reconstructor|__newobj__|__newobj_ex__"),
    (r"numpy", "|".join(["dtype", "ndarray", *SCALARS.split(), *FUNCTIONS.split()])),
    (r"numpy\._?core(\.multiarray|\.numeric)?", "_reconstruct|scalar|_frombuffer"),
    (r"numpy\.ma(\.core)?", "MaskedArray|_mareconstruct|MaskedConstant"),
    (r"numpy\.rec|numpy\._?core\.records", "recarray|record"),
    (r"numpy\.dtypes", r"\w+DType"),
    (
        r"numpy\.random\._\w+|numpy\.random\.bit_generator|numpy\.random\.mtrand",
        r"MT19937|PCG64|PCG64DXSM|Philox|SFC64|SeedSequence|Generator|RandomState",
    ),
    (r"numpy\.random\._pickle", r"__(bit_generator|generator|randomstate)_ctor"),
    (r"(numpy|scipy|pandas|sklearn)\.[\w.]+", r"__pyx_unpickle_\w+"),
    (r"scipy\.sparse(\._?\w+)?", r"(csr|csc|coo|bsr|dia|dok|lil)_(matrix|array)"),
    (r"scipy\._lib\.array_api_compat\.numpy\._aliases", "asarray"),
    (r"scipy\.interpolate\._\w+", "BSpline|interp1d|PPoly|CubicSpline|PchipInterpolator|UnivariateSpline"),
    (r"scipy\.special\._ufuncs", "expit|logit|xlogy|erf|erfinv"),
    (r"scipy\.stats\._\w+", r"\w+_gen|rv_(continuous|discrete)_frozen"),
    (r"pandas", r"DataFrame|Series|\w*Index|Categorical\w*|\w+Dtype|NA|Timestamp|Timedelta|Interval|Period"),
    (r"pandas\.arrays|pandas\.core\.arrays\.\w+(\.array)?", r"[A-Z]\w+Array(\w*)"),
    (
        r"pandas\.core\.(frame|series|indexes\.\w+|internals\.\w+|dtypes\.dtypes)",
        r"_new_\w*Index|new_block|[A-Z]\w*(Index|Manager|Dtype|Block|Frame|Series)",
    ),
    (r"pandas\._libs\.[\w.]+", r"_unpickle_(block|timestamp|timedelta)|_timedelta_unpickle|NaTType|_nat_unpickle|BlockPlacement"),
    (r"pyarrow\.lib", "_restore_array|py_buffer|type_for_alias"),
    (r"sklearn(\.\w+)*", SKLEARN.replace(" ", "|")),
    (
        r"sklearn\._loss\.\w+|sklearn\.ensemble\._hist_gradient_boosting\.\w+",
        r"(Cy)?(Half|Absolute|Pinball|Huber|Exponential)\w*|\w+Link",
    ),
    (r"sklearn\.gaussian_process\.kernels", r"[A-Z]\w+"),
    (r"sklearn\.metrics\._dist_metrics|sklearn\.neighbors\._dist_metrics", r"[A-Z]\w+Distance(32|64)?"),
    (r"sklearn\.metrics\._\w+", r"\w+_(score|loss|error|deviance)"),
    (r"xgboost\.core", "Booster"),
    (r"xgboost\.sklearn", r"XGB\w+"),
    (r"lightgbm\.basic", "Booster"),
    (r"lightgbm\.sklearn", r"LGBM\w+"),
    (r"(sklearn\.externals\.)?joblib\.numpy_pickle", "NumpyArrayWrapper"),
    (r"torch", r"\w+Storage|Size|device|dtype|(u?int|float|b?float|complex)\d+|bool|Tensor"),
    (r"torch\._utils", r"_rebuild_(tensor|tensor_v2|parameter|qtensor)"),
    (r"torch\.nn\.modules\.\w+", r"[A-Z]\w+"),
    (r"torch\.nn\.parameter", "Parameter|Buffer"),
)
COMPILED = tuple((re.compile(module, re.ASCII), re.compile(name, re.ASCII)) for module, name in FAMILIES)
SKLEARN_MODULE = re.compile(r"sklearn(\.\w+)+", re.ASCII)

UFUNC_BY_NAME = ("numpy.core", "numpy._core"), "_ufunc_reconstruct"
LOOKUPS = {Global("builtins", "getattr"), *(Global(module, UFUNC_BY_NAME[1]) for module in UFUNC_BY_NAME[0])}  # judged when called

MODELS = ("sklearn.", "joblib.", "xgboost.", "lightgbm.")


def is_known(name: Global) -> bool:
    """Only constructs data or a model, whatever it is given."""
    if name in LOOKUPS or (SKLEARN_MODULE.fullmatch(name.module) and name.name in estimators()):
        return True
    return any(module.fullmatch(name.module) and names.fullmatch(name.name) for module, names in COMPILED)


def may_be_text(value: Value) -> bool:
    """Could this be a `str` when the pickle is loaded? What cannot be is no name for the interpreter, which stops there.

    What is made as a model is one; some constructors of numpy and the builtins give texts (`numpy.object_`)."""
    if isinstance(value, Call) and value.maker and isinstance(value.function, Global):
        return not (value.function.module.startswith(MODELS) and is_known(value.function))
    return isinstance(value, str | Call | Global | Opaque)


@cache
def estimators() -> frozenset[str]:
    """Every estimator of scikit-learn; no other package has classes of these names, so the module may be any of scikit-learn's."""
    return frozenset(files(__package__).joinpath("estimators.txt").read_text(encoding="utf-8").split())
