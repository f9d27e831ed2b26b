#!/usr/bin/env bash
# A training step of SmolLM2-135M (8 x 256 tokens, bf16, two threads) here and in PyTorch, in turns:
#
#   training-step.sh MODEL.gguf TURNS PYTHON...
#
# PYTHON... runs the script whose path is put behind it, such as: python3 benchmarks/peers/training_step.py --math
set -euo pipefail
model=${1:?a model} turns=${2:?how many turns}
shift 2
cd "$(dirname "$0")/../.."
for ((turn = 1; turn <= turns; turn++)); do
  artifacts/bin/Espalier.Benchmarks/release/Espalier.Benchmarks step "$model" 3 8 256 bf16 2 | grep -E 'bf16|memory'
  "$@" 3 8 256
done
