"""The one part that is compiled, if it can be: without a compiler vitrify is only slower. See pyproject.toml."""

import atexit
import contextlib
import os
import shutil
import tempfile
import warnings

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext


class BuildIfPossible(build_ext):
    """Goes on when Cython or the C compiler is missing or fails; `vitrify --version` says which loops are in use."""

    def finalize_options(self) -> None:
        """Leave no generated C in the source tree."""
        super().finalize_options()
        self.cython_c_in_temp = True

    def build_extension(self, ext: Extension) -> None:
        """Compile, or say why not."""
        try:
            super().build_extension(ext)
        except Exception as error:  # noqa: BLE001  # whatever it is, the numpy version stands in
            warnings.warn(f"vitrify is installed without compiled kernels: {error}", stacklevel=1)
            if self.editable_mode or self.inplace:  # What an earlier build left there may check less.
                with contextlib.suppress(FileNotFoundError):
                    os.remove(os.path.join("src", self.get_ext_filename(ext.name)))


# Elsewhere, since what an earlier build left in build/lib would become part of the next wheel.
BUILD = tempfile.mkdtemp(prefix="vitrify-build-")
atexit.register(shutil.rmtree, BUILD, ignore_errors=True)

# Fused multiplication and addition would round once where Python and numpy round twice.
KERNELS = [
    Extension(
        f"vitrify.kernels.{name}",
        [f"src/vitrify/kernels/{name}.pyx"],
        depends=["src/vitrify/kernels/_buffers.pxi", "src/vitrify/kernels/_numbers.pxi"],
        extra_compile_args=[] if os.name == "nt" else ["-g0", "-ffp-contract=off"],
        optional=True,
    )
    for name in ("_nodes", "_shuffle", "_survey", "_trees", "_words")
]

setup(
    ext_modules=KERNELS,
    cmdclass={"build_ext": BuildIfPossible},
    options={"build": {"build_base": BUILD}},
)
