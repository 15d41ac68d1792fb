"""The Celery side. One thread a learner: the pool's threads already fill the cores, and this must be said before numpy loads."""

import os

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")
