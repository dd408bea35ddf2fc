#!/usr/bin/env bash
# Compiles the kernels into the resources that the jars carry: fat binaries with machine code for
# each architecture and PTX for newer ones, and what they were made of: the sources and this file.
#
#   diffusion/src/main/cuda/build.sh [FOLDER]    # needs nvcc 13.0 or newer and a C++ compiler
#
# writes into the modules' resources, or into the same folders below FOLDER, and prints the compiler's
# report: registers, local memory, spills.
#
# -fmad=false: the source says where products are contracted, so that the host computes the same.
set -euo pipefail
cd "$(dirname "$0")"

architectures="75 80 86 89 90 100 120"
flags="-std=c++17 -O3 -fmad=false --compress-mode=size -Xptxas -v -I$PWD"
version=$(nvcc --version | sed -nE 's/.*release ([0-9]+)\.([0-9]+),.*/\1 \2/p' |
  awk '{print $1 * 1000 + $2 * 10}')

code="-gencode arch=compute_75,code=compute_75"
for a in $architectures; do
  code="$code -gencode arch=compute_$a,code=sm_$a"
done

compile() { # SOURCE OUTPUT_WITHOUT_ENDING SOURCES...
  local source=$1 output=$2
  shift 2
  mkdir -p "$(dirname "$output")"
  # From the source's folder, so that no path of this machine gets into the code.
  (cd "$(dirname "$source")" &&
    nvcc $flags $code -fatbin -o "$output.fatbin" "$(basename "$source")")
  {
    echo "# Written by diffusion/src/main/cuda/build.sh"
    echo "architectures=$architectures"
    echo "cuda.version=$version"
    echo "image.sha256=$(sha256sum <"$output.fatbin" | cut -d' ' -f1)"
    echo "sources.sha256=$(cat "$@" | sha256sum | cut -d' ' -f1)"
  } >"$output.properties"
  ls -l "$output.fatbin"
}

root=$(cd ../../../.. && pwd)
out=${1:-$root}
compile "$PWD/denoising_step.cu" \
  "$out/diffusion/src/main/resources/org/tastemaker/diffusion/cuda/denoising_step" \
  "$PWD/denoising_step.h" "$PWD/denoising_step.cu" "$PWD/build.sh"
unfused=$root/benchmarks/src/main/cuda/unfused_steps.cu
compile "$unfused" \
  "$out/benchmarks/src/main/resources/org/tastemaker/benchmarks/unfused_steps" \
  "$PWD/denoising_step.h" "$unfused" "$PWD/build.sh"
