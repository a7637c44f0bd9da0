#!/usr/bin/env bash
# Cut three fonts down to what is shown, with fontTools' pyftsubset: tools/once/fonts.sh
#
# Run it again when a label of a figure needs a rare character, a template shows a new icon,
# or a formula a new sign (tests/site/test_pages.py names it). It needs pip and npm; the
# same versions give the same bytes.
set -euo pipefail
cd "$(dirname "$0")/../.."
python=.venv/bin/python work=_build/fonts
cut() { "$python" -m fontTools.subset "$@" --layout-features= --no-hinting; }
mkdir -p $work

# Noto Sans SC for figures: ASCII, and GB 2312's punctuation and level 1, the 3,755 Han
# characters in common use, so that readers' own words draw too.
"$python" -m pip install --quiet --no-deps --target $work/noto pylopdf-fonts-zh-cn==0.1.1
"$python" - > $work/signs.txt <<'CODE'
rows = [1, 3, *range(16, 56)]  # of the table; cells that hold nothing decode to nothing
cells = (bytes((0xA0 + row, 0xA0 + cell)) for row in rows for cell in range(1, 95))
han = (cell.decode("gb2312", errors="ignore") for cell in cells)
print(*map(chr, range(0x20, 0x7F)), *han, sep="", end="")
CODE
noto=$(find $work/noto -name NotoSansSC-Regular.otf)
cut "$noto" --text-file=$work/signs.txt --name-IDs=0,1,2,3,4,5,6,13,14 \
  --drop-tables+=VORG,vhea,vmtx,BASE --no-recalc-timestamp \
  --output-file=src/embedlinear/book/fonts/NotoSansSC-subset.otf

# Font Awesome comes with the theme; the subset takes the place of the theme's own file.
theme=$("$python" -c "import pydata_sphinx_theme as t; print(t.__path__[0])")
awesome=vendor/fontawesome/webfonts/fa-solid-900.woff2
# angle-left angle-right arrow-up bars check chevron-down chevron-right circle-half-stroke
# copy download list magnifying-glass moon pencil sun xmark
cut "$theme/theme/pydata_sphinx_theme/static/$awesome" --flavor=woff2 \
  --unicodes=F104,F105,F062,F0C9,F00C,F078,F054,F042,F0C5,F019,F03A,F002,F186,F303,F185,F00D \
  --output-file=book/_static/$awesome

# STIX Two Math draws the formulas: ASCII, Greek, slanted letters, signs.
(cd $work && npm pack --silent @fontsource/stix-two-math@5.3.0 && tar xf ./*stix*.tgz)
cut $work/package/files/stix-two-math-latin-400-normal.woff2 --flavor=woff2 \
  --unicodes=20-7E,391-3C9,1D434-1D467,1D6FC-1D715 \
  --text='ℎℝℕ×·±−≤≥≠≈∈∉∂∇∑∏√∞→⟨⟩‖∥…⋯⊤⋅ ' \
  --output-file=book/_static/vendor/stix-two-math/stix-two-math.woff2

# Browsers leave room for the widest root sign, which makes a gap after a narrow one: keep one size.
"$python" - book/_static/vendor/stix-two-math/stix-two-math.woff2 <<'CODE'
import sys
from fontTools.ttLib import TTFont
font = TTFont(sys.argv[1], recalcTimestamp=False)
variants = font["MATH"].table.MathVariants
place = variants.VertGlyphCoverage.glyphs.index(font.getBestCmap()[ord("√")])
root = variants.VertGlyphConstruction[place]
root.GlyphAssembly = None
root.MathGlyphVariantRecord = root.MathGlyphVariantRecord[:1]
root.VariantCount = 1
font.save(sys.argv[1])
CODE
