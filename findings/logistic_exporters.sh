#!/bin/sh
# What: one logistic regression, exported by skl2onnx and by m2cgen.
# Versions: skl2onnx 1.20.0, onnx 1.23.2, onnxruntime 1.32.0, m2cgen 0.10.0, scikit-learn 1.9.1, numpy 2.4.6.
# Guess: in ONNX stand k coefficients, as in coef_, and the score is one column; m2cgen gives a probability; the
#     type of the example row decides only about precision.
# Seen: ONNX holds 2k coefficients, the negated ones first, and the score two columns, of opposite sign. m2cgen gives
#     the score and no probability. With an example row of doubles the default export makes a model that the
#     run time refuses.
# For users of spdz: who takes a model from such a file takes the second half of the coefficients, or every
#     prediction is turned round. Compare one prediction with the original before sharing a model.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check skl2onnx==1.20.0 onnx==1.23.2 onnxruntime==1.32.0 m2cgen==0.10.0 scikit-learn==1.9.1 numpy==2.4.6
"$folder/venv/bin/python" -W ignore - >"$folder/seen" <<'EOF'
import m2cgen
import numpy as np
import onnx
import onnxruntime
from skl2onnx import to_onnx
from sklearn.linear_model import LogisticRegression

x = np.array([[0, 1], [1, 0], [2, 2], [3, 1], [1, 3], [4, 4]], dtype=np.float32)
model = LogisticRegression().fit(x, [0, 0, 1, 1, 0, 1])
graph = to_onnx(model, x[:1], options={"zipmap": False, "raw_scores": True})
run = onnxruntime.InferenceSession(graph.SerializeToString(), providers=["CPUExecutionProvider"])
held = {item.name: onnx.helper.get_attribute_value(item) for item in graph.graph.node[0].attribute}
score = run.run(None, {"X": x[:1]})[1]
source = m2cgen.export_to_python(model)
print("scikit-learn:", model.coef_.round(3).tolist(), "score", model.decision_function(x[:1]).round(3).tolist())
print("ONNX:        ", np.round(held["coefficients"], 3).tolist(), "score", score.round(3).tolist())
print("m2cgen has a sigmoid:", "exp" in source or "sigmoid" in source)
try:
    onnxruntime.InferenceSession(to_onnx(model, x[:1].astype(np.float64)).SerializeToString())
    print("doubles: model accepted")
except Exception as error:
    print("doubles:", type(error).__name__)
EOF
cat "$folder/seen"
diff - "$folder/seen" <<'EOF'
scikit-learn: [[1.128000020980835, 0.15199999511241913]] score [-2.0980000495910645]
ONNX:         [-1.128, -0.152, 1.128, 0.152] score [[2.0980000495910645, -2.0980000495910645]]
m2cgen has a sigmoid: False
doubles: InvalidGraph
EOF
