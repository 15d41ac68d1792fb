"""What no model needs and an attacker wants: names that run, load, fetch or write."""

import sys
from _compat_pickle import IMPORT_MAPPING, NAME_MAPPING

from auditor.intake.scan.symbols import Global

GONE = {
    "imp",
    "distutils",
    "asyncore",
    "asynchat",
    "smtpd",
    "commands",
    "popen2",
    "pipes",
    "crypt",
    "cgi",
    "telnetlib",
    "nt",
    "test",
}
STANDARD = frozenset(sys.stdlib_module_names) | GONE
PACKAGES = frozenset(
    [
        "pip",
        "setuptools",
        "pkg_resources",
        "_distutils_hack",
        "cloudpickle",
        "dill",
        "requests",
        "urllib3",
        "httpx",
        "aiohttp",
        "paramiko",
        "fabric",
        "fsspec",
        "s3fs",
        "IPython",
        "ipykernel",
        "sh",
        "plumbum",
        "psutil",
        "numexpr",
        "sympy",
    ]
)
MODULES = (
    "numpy.testing", "numpy.f2py", "numpy.distutils", "numpy.lib", "numpy.ctypeslib", "pandas.io", "pandas.core.computation",
    "joblib",
    "sklearn.externals", "sklearn.datasets", "sklearn.utils._testing", "scipy.io", "scipy.datasets", "scipy._lib", "torch.hub",
    "torch.serialization", "torch.storage", "torch.jit", "torch.utils", "torch._inductor", "torch._dynamo", "torch.package",
    "tensorflow.io", "tensorflow.python", "keras.utils", "keras.saving", "xgboost.dask", "xgboost.spark",
)  # fmt: skip
NAMES = frozenset(
    [
        "numpy.load",
        "numpy.loads",
        "numpy.save",
        "numpy.savez",
        "numpy.savetxt",
        "numpy.loadtxt",
        "numpy.genfromtxt",
        "numpy.fromfile",
        "numpy.memmap",
        "numpy.fromregex",
        "numpy.DataSource",
        "pandas.read_pickle",
        "pandas.eval",
        "pandas.read_csv",
        "pandas.read_json",
        "pandas.read_html",
        "pandas.read_sql",
        "pandas.read_parquet",
        "pandas.read_hdf",
        "pandas.to_pickle",
        "torch.load",
        "torch.save",
        "torch.compile",
        "xgboost.DMatrix",
    ]
)


def python_3_name(module: str, name: str) -> Global:
    """Of a pickle of protocol 0 to 2: what Python 3 imports in place of a name of Python 2."""
    mapped = NAME_MAPPING.get((module, name))
    return Global(*mapped) if mapped else Global(IMPORT_MAPPING.get(module, module), name)


def is_dangerous(name: Global) -> bool:
    """Of names that are not known: the whole standard library, and of other packages what runs, loads, fetches or writes."""
    return any(_is_dangerous(way) for way in _ways(name))


def _is_dangerous(name: Global) -> bool:
    top = name.module.partition(".")[0]
    if top in STANDARD or top in PACKAGES or str(name) in NAMES:
        return True
    return any(name.module == module or name.module.startswith(module + ".") for module in MODULES)


def _ways(name: Global) -> list[Global]:
    """`a.b` + `os.system` is also `os` + `system`, by way of an attribute; `numpy` + `lib.load` also `numpy.lib` + `load`."""
    parts = name.name.split(".")
    through = [Global(".".join(parts[i:j]), ".".join(parts[j:])) for i in range(len(parts)) for j in range(i + 1, len(parts))]
    below = [Global(".".join([name.module, *parts[:j]]), ".".join(parts[j:])) for j in range(1, len(parts))]
    return [name, *through[:200], *below[:50]]
