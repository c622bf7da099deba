"""The documentation site: `make docs` builds docs/ into static files, and fails on a broken link, anchor or docstring.

Sphinx with MyST reads the same Markdown that a code host shows. Nothing of the site comes from elsewhere: formulas
become MathML when it is built, the search and the fonts are files beside the pages.
"""

from __future__ import annotations

import posixpath
import re
from typing import Any

import latex2mathml.converter
from docutils import nodes
from sphinx.application import Sphinx

from selfmend._version import __version__

project = "Selfmend"
author = "The Selfmend authors"
copyright = author  # Sphinx's own name for it
version = release = __version__

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx_design", "sphinx_copybutton"]
source_suffix = {".md": "myst-nb", ".ipynb": "myst-nb"}
exclude_patterns = ["_build"]
nb_execution_mode = "force"  # once, when the site is built; the notebooks are kept without what they show
nb_execution_in_temp = True
nb_execution_timeout = 300
nb_execution_raise_on_error = True
nb_execution_show_tb = True
nb_merge_streams = True
default_role = "code"
pygments_style = "friendly"

myst_enable_extensions = ["dollarmath", "colon_fence", "attrs_block"]
myst_heading_anchors = 4

autodoc_typehints = "none"  # the docstrings say what fits; the types are for checkers, which read the package
autodoc_member_order = "bysource"
napoleon_numpy_docstring = False
napoleon_use_rtype = False
napoleon_use_ivar = True
napoleon_preprocess_types = False

html_theme = "pydata_sphinx_theme"
html_title = "Selfmend"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sphinx = False
html_sidebars = {"index": [], "installing": [], "which-method": [], "faq": [], "limits": []}
html_math_renderer = "mathml"
html_theme_options = {
    "logo": {"text": "Selfmend"},
    "show_prev_next": True,
    "navbar_align": "left",
    "header_links_before_dropdown": 7,
    "show_toc_level": 2,
    "footer_start": ["copyright"],
    "footer_end": [],
    "secondary_sidebar_items": {"**": ["page-toc"], "index": []},
}


def _mathml(translator: Any, node: nodes.math | nodes.math_block, block: bool) -> None:
    """A formula as MathML, which browsers draw themselves: no script, and nothing loaded from elsewhere."""
    tree = latex2mathml.converter.convert(node.astext(), display="block" if block else "inline")
    translator.body.append(f'<div class="formula">{tree}</div>' if block else tree)
    raise nodes.SkipNode


def _titles(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """A link whose words are a page's file name, as a code host's readers like it, is called by the page's title."""
    for link in doctree.findall(nodes.reference):
        name = link.astext()
        if link.get("internal") and re.fullmatch(r"[\w/.-]+\.md", name):
            page = posixpath.normpath(posixpath.join(posixpath.dirname(docname), name))[:-3]
            if page in app.env.titles:
                link[:] = [nodes.inline("", app.env.titles[page].astext())]


def setup(app: Sphinx) -> None:
    """Sphinx calls it."""
    app.connect("doctree-resolved", _titles)
    app.add_html_math_renderer(
        "mathml",
        (lambda translator, node: _mathml(translator, node, False), None),
        (lambda translator, node: _mathml(translator, node, True), None),
    )
