#!/usr/bin/env bash
# Installs what gyges is compared with, built for this very processor:
#
#     Benchmarks/peers/install.sh FOLDER              llama-cpp-python in FOLDER/venv, llama.cpp's programs in FOLDER/llama.cpp
#     Benchmarks/peers/install.sh FOLDER CHECKOUT     the same, with the programs built from a checkout of llama.cpp
#
# Without a checkout, programs are built from the sources inside the same release of llama-cpp-python, so that both are one version.
# Needs Python 3.10, a C++ compiler, and the Python package index; takes about twenty minutes on two cores. What is there already
# is kept.
set -euo pipefail

version=0.3.36

if [[ $# -lt 1 || $# -gt 2 || "$1" == -* ]]; then
    sed -n '2,10s/^# \{0,1\}//p' "$0"
    exit 64
fi
mkdir -p "$1"
folder=$(cd "$1" && pwd)
checkout=${2:-}

for need in python3 c++; do
    command -v "$need" > /dev/null || { echo "install.sh: $need is missing; apt-get install python3-venv g++" >&2; exit 1; }
done

python="$folder/venv/bin/python"
[[ -x "$python" ]] || python3 -m venv "$folder/venv"
"$python" -m pip install --quiet cmake ninja
if ! "$python" -c "import llama_cpp; assert llama_cpp.__version__ == '$version'" 2> /dev/null; then
    # Wheels are built for old processors: comparing with one would flatter gyges.
    CMAKE_ARGS="-DGGML_NATIVE=ON" "$python" -m pip install --no-binary llama-cpp-python --no-cache-dir "llama-cpp-python==$version"
fi

if [[ -z "$checkout" ]]; then
    checkout="$folder/llama_cpp_python-$version/vendor/llama.cpp"
    if [[ ! -d "$checkout" ]]; then
        "$python" -m pip download --quiet --no-deps --no-binary llama-cpp-python --dest "$folder" "llama-cpp-python==$version"
        tar -xzf "$folder/llama_cpp_python-$version.tar.gz" -C "$folder"
    fi
fi
if [[ ! -f "$checkout/tools/server/CMakeLists.txt" ]]; then
    echo "install.sh: $checkout holds no llama.cpp with its server; give a checkout as the second argument" >&2
    exit 1
fi

cmake="$folder/venv/bin/cmake"
build="$folder/llama.cpp"
"$cmake" -S "$checkout" -B "$build" -DCMAKE_BUILD_TYPE=Release -DGGML_NATIVE=ON -DLLAMA_OPENSSL=OFF -DLLAMA_CURL=OFF \
    -DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_EXAMPLES=OFF -DLLAMA_BUILD_APP=OFF -DLLAMA_USE_PREBUILT_UI=OFF > "$build.log"
"$cmake" --build "$build" --parallel "$(nproc)" --target llama-server llama-completion llama-batched-bench llama-bench

cat << END
Compare with:
    $folder/venv/bin/python Benchmarks/peers/compare_llama_cpp.py MODEL
    python3 Benchmarks/measure.py --peers $folder
END
