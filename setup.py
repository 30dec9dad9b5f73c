"""Which packages there are and where they lie; everything else about the package is in pyproject.toml.

The two phases stand beside spdz/ and are imported below it. Links inside spdz/ would not do: neither a zip of the
repository nor a checkout on every system has them. A list in pyproject.toml would have to name each new package.
"""

from setuptools import find_packages, setup

BESIDE = {
    "spdz.online": "online",
    "spdz.preprocessing": "preprocessing",
    "spdz.examples": "examples",
    "spdz.vectors.data": "vectors/data",
    "spdz.vectors.schemas": "vectors/schema",
}
below = [f"{name}.{found}" for name, folder in BESIDE.items() for found in find_packages(folder)]
setup(packages=sorted({*find_packages(include=["spdz*"]), *BESIDE, *below}), package_dir=BESIDE)
