#!/usr/bin/env bash
# Installs what encoders are compared with: PyTorch, ONNX Runtime and OpenVINO in FOLDER/venv-encoders.
#
#     Benchmarks/peers/install_encoders.sh FOLDER
set -euo pipefail
if [[ $# -ne 1 || "$1" == -* ]]; then
    sed -n '2,4s/^# \{0,1\}//p' "$0"
    exit 64
fi
mkdir -p "$1"
python="$1/venv-encoders/bin/python"
[[ -x "$python" ]] || python3 -m venv "$1/venv-encoders"
"$python" -m pip install --quiet torch==2.13.0 transformers==5.24.0 onnx onnxruntime==1.32.0 onnxscript openvino==2026.4.1 tokenizers
echo "Compare with: $python Benchmarks/peers/compare_encoders.py $1/modernbert-base"
