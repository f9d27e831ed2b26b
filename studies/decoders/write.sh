#!/bin/sh
# What a language model writes when it goes on from the beginnings of paragraphs: text to distil with where there is little.
#   sh studies/decoders/write.sh MODEL TEXT PARAGRAPHS > written.txt      (ESPALIER: the command, "espalier" by default)
# The same model, text and machine type give the same words.
set -e
espalier=${ESPALIER:-espalier}
grep -v '^ =' "$2" | grep -E '^( [^ ]+){24}' | awk -v n="$3" '{ line[NR] = $0 } END { for (i = 0; i < n; i++) print line[1 + int(i * NR / n)] }' |
    cut -d ' ' -f 1-13 |
    while IFS= read -r beginning; do
        i=$((i + 1))
        $espalier generate "$beginning" --model "$1" --max-tokens 192 --temperature 0.8 --seed "$i" < /dev/null 2> /dev/null | tr '\n' ' '
        echo
    done
