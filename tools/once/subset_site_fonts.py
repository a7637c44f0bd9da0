"""Cut the site's two fonts down to what its pages show: half a megabyte becomes 30 KB.

`npm pack @fontsource/stix-two-math@5.3.0` and then
`python -m tools.once.subset_site_fonts fontsource-stix-two-math-5.3.0.tgz`

Font Awesome comes from the installed theme; its subset takes the place of the theme's own file. STIX
Two Math draws the formulas: without a font made for it, a browser sets them badly. Run this again
when a template shows a new icon or a formula a new sign; tests/test_site.py notices a missing one.
"""

import sys
import tarfile
from pathlib import Path

import pydata_sphinx_theme
from fontTools import subset

STATIC = Path(__file__).resolve().parents[2] / "book" / "_static"
THEME = Path(pydata_sphinx_theme.__file__).parent / "theme/pydata_sphinx_theme/static"
ICON_FONT = Path("vendor/fontawesome/webfonts/fa-solid-900.woff2")
MATH_FONT = Path("vendor/stix-two-math/stix-two-math.woff2")
MATH_SOURCE = "package/files/stix-two-math-latin-400-normal.woff2"
ICONS = {
    "angle-left": 0xF104,
    "angle-right": 0xF105,
    "arrow-up": 0xF062,
    "bars": 0xF0C9,
    "check": 0xF00C,
    "chevron-down": 0xF078,
    "chevron-right": 0xF054,
    "circle-half-stroke": 0xF042,
    "copy": 0xF0C5,
    "download": 0xF019,
    "list": 0xF03A,
    "magnifying-glass": 0xF002,
    "moon": 0xF186,
    "pencil": 0xF303,
    "sun": 0xF185,
    "xmark": 0xF00D,
}
# ASCII; Greek; and the signs and slanted letters of the formulas.
SIGNS = [
    *range(0x20, 0x7F),
    *range(0x391, 0x3CA),
    *range(0x1D434, 0x1D468),
    *range(0x1D6FC, 0x1D716),
]
SIGNS += [ord(sign) for sign in "ℎℝℕ×·±−≤≥≠≈∈∉∂∇∑∏√∞→⟨⟩‖∥…⋯⊤⋅ "]


def cut(source, target: Path, unicodes) -> None:
    options = subset.Options(flavor="woff2", layout_features=[], hinting=False)
    font = subset.load_font(source, options)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=unicodes)
    subsetter.subset(font)
    target.parent.mkdir(parents=True, exist_ok=True)
    subset.save_font(font, str(target), options)
    print(f"{target.relative_to(STATIC)}: {target.stat().st_size} bytes")


def main() -> None:
    cut(str(THEME / ICON_FONT), STATIC / ICON_FONT, ICONS.values())
    with tarfile.open(sys.argv[1]) as package:
        cut(package.extractfile(MATH_SOURCE), STATIC / MATH_FONT, SIGNS)
        licence = package.extractfile("package/LICENSE").read()
        (STATIC / MATH_FONT).with_name("LICENSE").write_bytes(licence)


if __name__ == "__main__":
    main()
