#!/bin/sh
# What: the median survival time where the survival curve is exactly one half.
# Versions: lifelines 0.30.3, statsmodels 0.15.0, pandas 2.3.3, scipy 1.17.1, numpy 2.4.6.
# Guess: both follow the same textbook and agree.
# Seen: four deaths at 1, 2, 3, 4: the curves are equal, lifelines says 2 and statsmodels 3. A third convention is
#     their middle, 2.5. One more death removes the difference.
# For users of spdz: say which convention a secure program computes, and test with a curve that meets one half.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check lifelines==0.30.3 statsmodels==0.15.0 pandas==2.3.3 scipy==1.17.1 numpy==2.4.6
"$folder/venv/bin/python" -W ignore - >"$folder/seen" <<'EOF'
import numpy as np
from lifelines import KaplanMeierFitter
from statsmodels.duration.survfunc import SurvfuncRight

for times in ([1, 2, 3, 4], [1, 2, 3, 4, 5]):
    deaths = np.ones(len(times), dtype=int)
    one, other = KaplanMeierFitter().fit(times, deaths), SurvfuncRight(np.array(times), deaths)
    print(times, "same curve:", np.allclose(one.survival_function_.iloc[1:, 0], other.surv_prob))
    print("    lifelines:", float(one.median_survival_time_), "statsmodels:", int(other.quantile(0.5)))
EOF
cat "$folder/seen"
diff - "$folder/seen" <<'EOF'
[1, 2, 3, 4] same curve: True
    lifelines: 2.0 statsmodels: 3
[1, 2, 3, 4, 5] same curve: True
    lifelines: 3.0 statsmodels: 3
EOF
