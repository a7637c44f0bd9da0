"""Cut Font Awesome's icon font down to the icons that the site uses: 150 KB become 3.

`python tools/subset_icons.py` reads the font of the installed theme and writes the subset to
book/_static, from where it takes the place of the theme's own file. Run it again when a template
shows an icon that is new; tests/test_site.py notices one that is missing.
"""

from pathlib import Path

import pydata_sphinx_theme
from fontTools import subset

FONT = Path("vendor/fontawesome/webfonts/fa-solid-900.woff2")
THEME = Path(pydata_sphinx_theme.__file__).parent / "theme/pydata_sphinx_theme/static"
STATIC = Path(__file__).resolve().parents[1] / "book" / "_static"
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


def main() -> None:
    font = subset.load_font(str(THEME / FONT), subset.Options(flavor="woff2"))
    chosen = subset.Subsetter(subset.Options(layout_features=[]))
    chosen.populate(unicodes=ICONS.values())
    chosen.subset(font)
    target = STATIC / FONT
    target.parent.mkdir(parents=True, exist_ok=True)
    subset.save_font(font, str(target), subset.Options(flavor="woff2"))
    print(f"{target}: {target.stat().st_size} bytes, {len(ICONS)} icons")


if __name__ == "__main__":
    main()
